"""`make bench`: what this library costs, beside the libraries it can be compared with, on one torch in one process.

Prints a table and writes results/bench.json. Everything runs on one thread: the tensors are small. Times are CPU seconds of this
process, which on one thread is what the clock of an idle machine shows; only the grid and the imports use the clock itself.
What is compared runs in turn, repetition by repetition, and the median of the ratios is reported. Each peer runs the recipe of
its own tutorial or README with its own defaults.
"""

import os
import statistics
import time
from functools import partial
from itertools import islice

os.environ["TQDM_DISABLE"] = "1"  # smalldiffusion's training loop draws a progress bar

import diffusers
import torch
from smalldiffusion import ScheduleLogLinear, TimeInputMLP, samples, training_loop
from torch.utils.data import DataLoader, IterableDataset
from torchcfm.conditional_flow_matching import ConditionalFlowMatcher
from torchcfm.models.models import MLP  # importing torchcfm.utils as well would need torchdyn

import lib
from lib import randn, sample, seeded, sliced_wasserstein
from lib.trained.k_budget import k_table, oracle_methods
from tools.bench.measure import Row, in_new_process, in_turn, median, ratio, seconds, table

POINTS, SEEDS, LIMIT = 2000, 3, 30.0  # points a cloud; runs a recipe; seconds of training after which a run is given up
PACKAGES = ("torch", "diffusers", "torchcfm", "smalldiffusion")


# ---- importing, and the memory of the exact model, in new processes ------------------------------------------

IMPORT = "import time; start = time.perf_counter(); import {}; print(time.perf_counter() - start)"
MEMORY = """
import re, torch, lib
def peak():  # in MB; not from getrusage, whose maximum a child inherits from the process that started it
    return int(re.search(r"VmHWM:\\s+(\\d+)", open("/proc/self/status").read())[1]) / 1024
torch.set_num_threads(1)
oracle, x, before = lib.Oracle(lib.two_moons_mixture(), lib.LinearPath()), torch.randn(100_000, 2), peak()
oracle.estimate(x, {})
print(peak() - before)
"""


def importing() -> Row:
    """What our modules add to importing torch."""
    mine, bare = zip(*[[float(in_new_process(IMPORT.format(name))) for name in ("lib", "torch")] for _ in range(7)])
    return Row("import lib / import torch", ratio(mine, bare), "x", "<= 1.1", {"torch alone, s": median(bare)})


def memory() -> Row:
    """How far the peak rises while 100,000 points are estimated at once."""
    times = {"one time": "0.5", "a time for each": "torch.rand(100_000)"}
    detail = {name: float(in_new_process(MEMORY.format(t))) for name, t in times.items()}
    return Row("peak memory of the exact model, 100,000 points", max(detail.values()), "MB", "<= 500", detail)


# ---- the sampling loop over the bare network, and a step of it beside diffusers -------------------------------


class Timed(lib.MLPDenoiser):
    """A network that adds up the seconds of its own calls."""

    inside = 0.0

    def __call__(self, *args):
        start = time.perf_counter()
        result = super().__call__(*args)
        self.inside += time.perf_counter() - start
        return result


def sampling_loop() -> Row:
    """The time of `sample` over the time of the network calls that it makes, both taken in the same run."""
    detail, x = {}, randn((POINTS, 2), generator=seeded(0))
    for rule in (lib.euler, lib.ddim, lib.heun):
        net, ratios = Timed(width=128, t_scale=1 if rule is lib.ddim else 1000), []
        model = lib.DDPM(net) if rule is lib.ddim else lib.FlowMatching(net)
        for _ in range(41):
            net.inside = 0.0
            ratios.append(seconds(partial(sample, model, x, 50, rule), time.perf_counter) / net.inside)
        detail[rule.__name__] = median(ratios)
    return Row("sample / the network calls it makes, worst of 3 rules", max(detail.values()), "x", "<= 1.04", detail)


def diffusers_sample(scheduler, net, x, steps, generator):
    """The sampling loop of diffusers' documentation."""
    scheduler.set_timesteps(steps)
    for t in scheduler.timesteps:
        x = scheduler.step(net(x, t), t, x, generator=generator).prev_sample
    return x


def sampling_step() -> Row:
    """diffusers' schedulers and our rules around a network that costs nothing, so that only the time outside it is left."""
    model, x, detail = lib.DDPM(lambda x_t, t, y=None: x_t), randn((POINTS, 2), generator=seeded(0)), {}
    ddpm = diffusers.DDPMScheduler(clip_sample=False)
    ddim = diffusers.DDIMScheduler(clip_sample=False, timestep_spacing="trailing")
    for scheduler, rule, steps, repeats in ((ddpm, lib.ancestral, 1000, 5), (ddim, lib.ddim, 50, 41)):
        ours = partial(sample, model, x, steps, rule)
        theirs = partial(diffusers_sample, scheduler, model.net, x, steps)
        # The same noise must give the same samples, or the comparison would mean nothing.
        torch.testing.assert_close(ours(generator=seeded(1)), theirs(generator=seeded(1)), rtol=0, atol=1e-4)
        mine, peer = in_turn(repeats, partial(ours, generator=seeded(1)), partial(theirs, generator=seeded(1)))
        detail |= {rule.__name__: ratio(peer, mine), f"{rule.__name__}, us": median(mine) / steps * 1e6}
    least = min(detail[rule] for rule in ("ancestral", "ddim"))
    return Row("diffusers / ours, a step outside the network", least, "x", ">= 3", detail)


def guidance() -> Row:
    """A guided walk of the exact model beside an unguided one: two answers a step for one."""
    oracle, x = lib.Oracle(lib.two_moons_mixture(), lib.LinearPath()), randn((POINTS, 2), generator=seeded(0))
    y = torch.ones(POINTS, dtype=torch.int64)
    walks = [partial(sample, model, x, 20, lib.euler, y) for model in (oracle, lib.Guided(oracle, 3.0))]
    plain, guided = in_turn(41, *walks)
    return Row(
        "guided exact model / unguided", ratio(guided, plain), "x", "<= 2.1", {"a step, us": median(plain) / 20 * 1e6}
    )


# ---- a training step, beside torchcfm -------------------------------------------------------------------------


def training_step(block: int = 20) -> Row:
    """Loss, backward pass and plain Adam on both sides, batches of 256; and `fit` as it comes, with its fused Adam."""
    x_data = lib.two_moons(256, generator=seeded(0))[0]
    nets = [lib.MLPDenoiser(width=128, t_scale=1000) for _ in range(3)]
    adam, peer_adam = (torch.optim.Adam(net.parameters(), lr=1e-3) for net in nets[:2])
    model, matcher, generator = lib.FlowMatching(nets[0]), ConditionalFlowMatcher(sigma=0.0), seeded(1)
    shipped = lib.fit(lib.FlowMatching(nets[2]), iter(lambda: (x_data, None), None), 10**6, generator=seeded(1))

    def ours():
        for _ in range(block):
            adam.zero_grad()
            model.loss(x_data, generator=generator).backward()
            adam.step()

    def theirs():
        for _ in range(block):
            peer_adam.zero_grad()
            t, x_t, u = matcher.sample_location_and_conditional_flow(torch.randn_like(x_data), x_data)
            ((nets[1](x_t, t) - u) ** 2).mean().backward()
            peer_adam.step()

    mine, peer, fit = in_turn(31, ours, theirs, lambda: list(islice(shipped, block)))
    detail = {"with their plain Adam": ratio(mine, peer), "torchcfm, ms": median(peer) / block * 1e3}
    return Row("a step of `fit` / torchcfm's, same net and batch", ratio(fit, peer), "x", "<= 0.85", detail)


# ---- training until the samples are good ----------------------------------------------------------------------


class Bar:
    """Are the samples good? The bar is 1.5 floors of sliced Wasserstein, a mean over 10 clouds and fresh data."""

    def __init__(self, clouds: int = 10):
        draw = lib.two_moons_mixture().sample
        floor = lib.noise_floor(sliced_wasserstein, lambda n, g: draw(n, generator=g)[0], POINTS, repeats=40, seed=1000)
        self.value, self.noise = 1.5 * floor.mean, randn((clouds * POINTS, 2), generator=seeded(77))
        self.data = [draw(POINTS, generator=seeded(500 + i))[0] for i in range(clouds)]

    def pleased(self, x) -> bool:
        return statistics.mean(map(sliced_wasserstein, x.split(POINTS), self.data)) <= self.value


def ours(make, rule, lr, bar, data, seed) -> dict:
    """Runs of 250, 500, 1000, ... steps, each from scratch, since the learning rate of `fit` falls to 0 at the end of the run."""
    spent, steps = 0.0, 125
    while spent < LIMIT:
        steps *= 2
        torch.manual_seed(seed)
        model, stream = make(), lib.batches(data, size=256, generator=seeded(seed))
        ema = lib.EMA(model.net, decay=1 - 10 / steps)
        run = lib.fit(model, stream, steps, lr=lr, ema=ema, stratified=True, generator=seeded(seed + 100))
        last = seconds(lambda run=run: [None for _ in run])
        spent += last
        if bar.pleased(sample(model.with_net(ema.net), bar.noise, 100, rule)):
            return {"seconds": spent, "steps": steps, "last_run": last}
    return {}


def theirs(recipe, bar, data, seed) -> dict:
    """One run, whose learning rate is constant, judged after 250, 500, 1000, ... steps; `recipe` yields a sampler a step."""
    torch.manual_seed(seed)
    training, spent, steps = recipe(data, seed), 0.0, 0
    while spent < LIMIT:
        samplers = []
        spent += seconds(lambda samplers=samplers: samplers.extend(islice(training, 250)))
        steps += 250
        if (steps // 250).bit_count() == 1 and bar.pleased(samplers[-1](bar.noise)):
            return {"seconds": spent, "steps": steps}
    return {}


def torchcfm(sigma, data, seed):
    """torchcfm's 2-D tutorial: its MLP (w = 64), batches of 256, Adam's defaults. Sampled with 100 Euler steps."""
    net, matcher = MLP(dim=2, time_varying=True), ConditionalFlowMatcher(sigma=sigma)
    adam = torch.optim.Adam(net.parameters())

    @torch.no_grad()
    def draw(x):
        for i in range(100):
            x = x + net(torch.cat([x, torch.full((len(x), 1), i / 100)], -1)) / 100
        return x

    for x_data, _ in lib.batches(data, size=256, generator=seeded(seed)):
        adam.zero_grad()
        t, x_t, u = matcher.sample_location_and_conditional_flow(torch.randn_like(x_data), x_data)
        ((net(torch.cat([x_t, t[:, None]], -1)) - u) ** 2).mean().backward()
        adam.step()
        yield draw


def smalldiffusion(data, seed):
    """smalldiffusion's README: its net, schedule and training loop, batches of 2,048, 20 steps with gam = 2."""

    class Stream(IterableDataset):  # ready batches: a loader of its own would collect each from 2,048 single points
        def __iter__(self):
            return (x for x, _ in lib.batches(data, size=2048, generator=seeded(seed)))

    net, schedule = TimeInputMLP(hidden_dims=(16, 128, 128, 128, 128, 16)), ScheduleLogLinear(200, 0.005, 10)
    sigmas = schedule.sample_sigmas(20)
    for _ in training_loop(DataLoader(Stream(), batch_size=None), net, schedule, epochs=1):
        yield lambda noise: list(samples(net, sigmas, gam=2, xt=sigmas[0] * noise))[-1]


def training() -> Row:
    """Seconds of training until the samples are good, for every recipe and seed; evaluation is not counted."""
    bar, data = Bar(), lib.two_moons(100_000, generator=seeded(0))[0]
    flow = partial(ours, lambda: lib.FlowMatching(lib.MLPDenoiser(t_scale=1000)), lib.euler, 2e-2)
    ddpm = partial(ours, lambda: lib.DDPM(lib.MLPDenoiser(), lib.cosine_betas(1000), "v"), lib.ddim, 1e-2)
    peers = {
        "torchcfm, sigma 0.1": partial(theirs, partial(torchcfm, 0.1)),
        "torchcfm, sigma 0": partial(theirs, partial(torchcfm, 0.0)),
        "smalldiffusion": partial(theirs, smalldiffusion),
    }
    detail, middle = {"bar": bar.value}, {}
    for name, recipe in {"our flow matching": flow, "our DDPM (cosine, v)": ddpm, **peers}.items():
        detail[name] = runs = [recipe(bar, data, seed) for seed in range(SEEDS)]
        middle[name] = median(run.get("seconds", LIMIT) for run in runs)
        print(f"    {name:22}", *[f"{r['seconds']:6.1f} s" if r else f" > {LIMIT:.0f} s" for r in runs], flush=True)
    value = min(middle[name] for name in peers) / middle["our flow matching"]
    at_least = "" if any(run for name in peers for run in detail[name]) else " (at least)"
    return Row("best peer / our flow, training until SW <= 1.5 floors" + at_least, value, "x", ">= 3", detail)


# ---- the grid of chapter 7 ------------------------------------------------------------------------------------


def grid() -> Row:
    """The time of the whole grid."""
    out = {}
    took = seconds(lambda: out.update(k_table(oracle_methods())), time.perf_counter)
    detail = {"table": {name: {k: cell.mean for k, cell in row.items()} for name, row in out.items()}}
    return Row("the K grid, exact model: 8 samplers, 11 K, 3 seeds", took, "s", "<= 45", detail)


def main() -> None:
    """Measure, print, write."""
    torch.set_num_threads(1)
    measures = importing, memory, sampling_loop, sampling_step, guidance, training_step, grid, training
    table(measures, PACKAGES, "results/bench.json")


if __name__ == "__main__":
    main()
