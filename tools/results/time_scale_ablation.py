"""Train nets that are told the time in eight ways, with several seeds, learning rates and lengths of training.

    python -m tools.results.time_scale_ablation       results/time_scale_ablation.json, for chapter 8

All nets are trained side by side: their weights are stacked, and one multiplication serves them all. Nets of one seed see the
same batches and begin with the same weights on the point, the same biases and the same later layers, however many numbers tell
them the time: those that PyTorch's rule, one over the root of the number of inputs, gives a net that is told one number ("runs").
The rule itself would begin with weights on the point that are 4.7 times smaller beside 64 numbers than beside one. What that
alone does is seen in short trainings where all nets begin as if they were told 64 numbers ("small").

The file says which code made it. A run that stands in it already, made by the same code, is not made again. Three minutes on a
core.
"""

import ast
import datetime
import hashlib
import inspect
import json
import sys
from functools import partial

import torch

from lib import (
    LinearPath,
    Oracle,
    SinusoidalTimeEmbedding,
    heun,
    randn,
    sample,
    seeded,
    share_off,
    sliced_wasserstein,
    two_moons,
    two_moons_mixture,
)
from lib.trained.files import put
from lib.trained.shipped import RESULTS
from lib.training import minimise, stratified_uniform

TARGET = RESULTS / "time_scale_ablation.json"
SEEDS, WIDTH, BATCH, TOLD = (0, 1, 2, 3, 4), 64, 128, 64
N, STEPS = 2000, 10  # points of a measured sample, and steps of Heun's rule to it
# learning rates by the number of steps; the longest trainings are those of LONG alone
RATES = {100: (0.01, 0.03, 0.06), 400: (0.01, 0.03, 0.06), 3200: (0.01, 0.03), 1600: (0.01, 0.03)}
GRIDS = {"runs": RATES, "small": {100: RATES[100]}}
SAMPLED = 1600  # from so many steps on, nets are sampled
ONE, MANY = 2 + 1, 2 + TOLD  # inputs of a first layer
moons = two_moons_mixture()
flow = Oracle(moons, LinearPath())


# ---- what a net is told ----------------------------------------------------------------------------------------------


def fourier(t, spread, dim=TOLD):
    """Random frequencies, normal with standard deviation `spread`, in cycles over the whole clock."""
    angles = 2 * torch.pi * t[:, None] * spread * randn((dim // 2,), like=t, generator=seeded(7))
    return torch.cat([angles.sin(), angles.cos()], -1)


def c_noise(t):
    """A quarter of log(sigma / alpha): infinite at both ends, so t stops a little before."""
    return -torch.logit(t.clamp(1e-3, 1 - 1e-3))[:, None] / 4


VIEWS = {
    "scale 1": SinusoidalTimeEmbedding(TOLD),
    "scale 20": SinusoidalTimeEmbedding(TOLD, 20.0),
    "scale 1,000": SinusoidalTimeEmbedding(TOLD, 1000.0),
    "scale 1,000,000": SinusoidalTimeEmbedding(TOLD, 1e6),
    "Fourier 1": partial(fourier, spread=1.0),
    "log-SNR": c_noise,
    "raw t": lambda t: t[:, None],
    "no t": lambda t: t[:, None][:, :0],
}
LONG = {name: VIEWS[name] for name in ("scale 1", "scale 20", "scale 1,000", "log-SNR", "raw t")}


# ---- the nets --------------------------------------------------------------------------------------------------------


def initial(views, seeds, inputs=ONE):
    """Weights (nets, in, out) and biases (nets, 1, out) of one net for each view and seed, the views outermost.

    All weights on the point, and all first biases, are those of a layer of so many `inputs`.
    """
    nets = []
    for view in views.values():
        told = view(torch.zeros(1)).shape[1]
        for seed in seeds:
            g, later = seeded(seed), seeded(500 + seed)

            def uniform(n, m, bound, generator):
                return bound * (2 * torch.rand(n, m, generator=generator) - 1)

            time = uniform(TOLD, WIDTH, (2 + told) ** -0.5, later)
            layers = [torch.cat([uniform(2, WIDTH, inputs**-0.5, g), time]), uniform(1, WIDTH, inputs**-0.5, g)]
            for out in (WIDTH, WIDTH, 2):
                layers += [uniform(n, out, WIDTH**-0.5, g) for n in (WIDTH, 1)]
            nets.append(layers)
    return [torch.stack(layer) for layer in zip(*nets)]


def predict(weights, inputs):
    """All nets at once: inputs (nets, B, 2 + TOLD) -> velocities (nets, B, 2). Three hidden layers, SiLU."""
    for i in range(0, len(weights), 2):
        inputs = torch.baddbmm(weights[i + 1], torch.nn.functional.silu(inputs) if i else inputs, weights[i])
    return inputs


def inputs_of(views, x_t, t):
    """x_t (S, B, 2), t (S, B) -> (views * S, B, 2 + TOLD): the point, what each view tells of the time, and zeros behind."""
    rows = []
    for view in views.values():
        told = torch.cat([x_t, view(t.flatten()).unflatten(0, t.shape)], -1)
        rows.append(torch.nn.functional.pad(told, (0, 2 + TOLD - told.shape[-1])))
    return torch.cat(rows)


def train(views, seeds, steps, lr, inputs=ONE):
    """Flow matching for all views and seeds together: the weights."""
    weights = [w.requires_grad_() for w in initial(views, seeds, inputs)]

    def batches():
        generators = [seeded(1000 + seed) for seed in seeds]
        while True:
            x = torch.stack([two_moons(BATCH, generator=g)[0] for g in generators])
            eps = torch.stack([randn((BATCH, 2), generator=g) for g in generators])
            yield x, eps, torch.stack([stratified_uniform(BATCH, generator=g) for g in generators])

    def loss(x, eps, t):
        x_t = t[..., None] * x + (1 - t[..., None]) * eps
        off = predict(weights, inputs_of(views, x_t, t)) - (x - eps).repeat(len(views), 1, 1)
        return off.square().mean((1, 2)).sum()  # a sum over nets: the gradient of each is its own

    for _ in minimise(loss, weights, batches(), steps, lr=lr):
        pass
    return [w.detach() for w in weights]


# ---- what they are worth ---------------------------------------------------------------------------------------------


def excess(weights, views, seeds, n=4000):
    """Mean square distance to the exact velocity, per coordinate, over the whole clock: (views, seeds)."""
    g = seeded(5)
    x, eps, t = two_moons(n, generator=g)[0], randn((n, 2), generator=g), stratified_uniform(n, generator=g)
    x_t = t[:, None] * x + (1 - t[:, None]) * eps
    exact = flow.estimate(x_t, t).velocity(flow.path.coeffs(t, like=x_t))
    inputs = inputs_of(views, x_t[None], t[None]).repeat_interleave(len(seeds), 0)
    return (predict(weights, inputs) - exact).square().mean((1, 2)).reshape(len(views), -1)


def at_one_time(weights, views, seeds, x, t):
    """Velocities at the points x (nets, n, 2), all at the time t."""
    inputs = inputs_of(views, torch.zeros(1, 1, 2), torch.full((1, 1), t)).repeat_interleave(len(seeds), 0)
    inputs = inputs.repeat(1, x.shape[1], 1)
    inputs[..., :2] = x
    return predict(weights, inputs)


def draw(weights, views, seeds, n=N, steps=STEPS):
    """Samples (views, seeds, n, 2) by Heun's rule, two calls a step."""
    x = torch.stack([randn((n, 2), generator=seeded(100 + seed)) for seed in seeds]).repeat(len(views), 1, 1)
    u, h = partial(at_one_time, weights, views, seeds), 1 / steps
    for i in range(steps):
        slope = u(x, i * h)
        x = x + h / 2 * (slope + u(x + h * slope, min((i + 1) * h, 1.0)))
    return x.reshape(len(views), len(seeds), n, 2)


def distances(clouds):
    """Sliced Wasserstein distance of clouds (..., seeds, n, 2) to fresh samples, four times as many."""
    fresh = [two_moons(4 * N, generator=seeded(200 + seed))[0] for seed in SEEDS]
    return torch.tensor([[sliced_wasserstein(x, y) for x, y in zip(row, fresh)] for row in clouds])


def off_the_moons(clouds):
    """Share of the points of clouds (..., seeds, n, 2) that lie where the data hardly is."""
    return torch.tensor([[share_off(x, moons) for x in row] for row in clouds])


def ripple(weights, views, seeds):
    """How much the error of the velocity trembles around its trend while the time passes from 0.50 to 0.525 at 200 points."""
    window = 0.5 + 0.025 * torch.arange(160) / 160
    here = 0.5 * (two_moons(200, generator=seeded(3))[0] + randn((200, 2), generator=seeded(4)))
    x = here.expand(len(views) * len(seeds), -1, -1)
    off = []
    for t in window.tolist():
        off.append(at_one_time(weights, views, seeds, x, t) - flow.estimate(here, t).velocity(flow.path.coeffs(t)))
    off, passed = torch.stack(off), (window - window.mean())[:, None, None, None]
    off = off - off.mean(0) - passed * (off * passed).mean(0) / passed.square().mean()
    return off.square().mean((0, 2, 3)).sqrt().reshape(len(views), -1)


def solver_error(weights, views, seeds):
    """Median over 200 particles: how far 32 steps of Heun end from where 200 steps end."""
    coarse, fine = (draw(weights, views, seeds, n=200, steps=k) for k in (32, 200))
    return (coarse - fine).norm(dim=-1).median(-1).values


# ---- the file --------------------------------------------------------------------------------------------------------

MADE_BY = (fourier, c_noise, initial, predict, inputs_of, train, excess, at_one_time, draw, distances, off_the_moons,
           ripple, solver_error)  # fmt: skip


def digest(source: str) -> str:
    """A hash of what a source does: comments, docstrings, layout and imports do not count."""
    tree = ast.parse(source)
    for node in ast.walk(tree):
        if isinstance(node, ast.FunctionDef | ast.ClassDef) and ast.get_docstring(node, clean=False) is not None:
            node.body = node.body[1:]
    tree.body = [node for node in tree.body if not isinstance(node, ast.Import | ast.ImportFrom)]
    # As Python 3.11 writes a tree: 3.12 knows one field more, 3.13 leaves out what is empty unless it is asked.
    everything = {"show_empty": True} if sys.version_info >= (3, 13) else {}
    dump = ast.dump(tree, **everything).replace(", type_params=[]", "")
    return hashlib.sha256(dump.encode()).hexdigest()[:16]


def code() -> str:
    """The hash of the functions that made the file."""
    return digest("\n".join(map(inspect.getsource, MADE_BY)))


def listed(values: torch.Tensor) -> list[float]:
    """A row of results as it stands in the file."""
    return [round(value, 5) for value in values.tolist()]


def views_of(kind: str, steps: int) -> dict:
    """Who takes part in a training."""
    if kind == "small":
        return {name: view for name, view in VIEWS.items() if name != "scale 1,000,000"}
    return LONG if steps > SAMPLED else VIEWS


def measured(views, steps, lr, inputs) -> dict:
    """Train, and measure every view: lists of one number for each seed."""
    weights = train(views, SEEDS, steps, lr, inputs)
    found = {"excess": excess(weights, views, SEEDS)}
    if steps >= SAMPLED:
        clouds = draw(weights, views, SEEDS)
        found |= {"distance": distances(clouds), "off": off_the_moons(clouds)}
        found |= {"ripple": ripple(weights, views, SEEDS), "solver": solver_error(weights, views, SEEDS)}
    for i, view in enumerate(views):
        print(f"  {view:16}", *(f"{name} {rows[i].median():.4f}" for name, rows in found.items()), flush=True)
    return {view: {name: listed(rows[i]) for name, rows in found.items()} for i, view in enumerate(views)}


def main() -> None:
    """Train, measure, write."""
    exact = torch.stack([sample(flow, randn((N, 2), generator=seeded(100 + seed)), 2 * STEPS, heun) for seed in SEEDS])
    report = {
        "command": "python -m tools.results.time_scale_ablation",
        "code": code(),
        "date": datetime.datetime.now(datetime.UTC).date().isoformat(),
        "torch": torch.__version__.split("+")[0],
        "seeds": SEEDS,
        "batch": BATCH,
        "width": WIDTH,
        "points": N,
        "sampler": f"Heun, {2 * STEPS} calls",
        "oracle": {"distance": listed(distances(exact[None])[0]), "off": listed(off_the_moons(exact[None])[0])},
        "runs": {},
        "small": {},
    }
    if TARGET.exists() and (before := json.loads(TARGET.read_text()))["code"] == report["code"]:
        report |= {name: before[name] for name in ("runs", "small")}
    jobs = [(kind, steps, lr) for kind, rates in GRIDS.items() for steps in rates for lr in rates[steps]]
    for kind, steps, lr in jobs:
        done = report[kind].setdefault(str(steps), {})
        if f"{lr:g}" not in done:
            print(f"{kind}: {steps} steps, learning rate {lr:g}", flush=True)
            done[f"{lr:g}"] = measured(views_of(kind, steps), steps, lr, ONE if kind == "runs" else MANY)
            put(TARGET, (json.dumps(report, indent=1) + "\n").encode())


if __name__ == "__main__":
    torch.set_num_threads(1)  # the tensors are small
    main()
