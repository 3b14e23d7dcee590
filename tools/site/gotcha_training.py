"""One side of each pair of book/gotchas.md that is about training or guidance, tried: see gotcha_trials.py."""

import copy
import math
from functools import cache
from types import SimpleNamespace

import torch
from scipy.optimize import linear_sum_assignment
from torch import Tensor, nn

from classroom.exercises.ch16.gradients_of_a_process import gradients
from classroom.exercises.jumps import SmallNet, draws
from lib import (
    Estimate,
    FlowMatching,
    GaussianMixture,
    MLPDenoiser,
    Oracle,
    batches,
    ddim,
    fit,
    randn,
    sample,
    seeded,
    two_moons,
)
from tools.site.gotcha_trials import CHAIN, FLOW, MOONS, START, N

# ---- training ------------------------------------------------------------------------------------------------------------------


def one_image_first(code: dict) -> tuple:
    """What the test says of a code that learns, and of one that follows x as its velocity."""
    said = []
    for learns in (True, False):
        shown = []

        def draw(n: int, shown=shown, learns=learns) -> Tensor:
            x = randn((n, 2), generator=seeded(3))
            return x + (shown[0].mean(0) - x) if learns else x * math.e

        said.append(code["first_test"](shown.append, draw, two_moons(64, generator=seeded(1))[0]))
    return tuple(said)


def a_loss_that_stands_still(code: dict) -> Tensor:
    """What is reported of the weights of a run, every ten steps from step 200 on."""
    model, (x, _) = FlowMatching(MLPDenoiser(width=48, t_scale=1000)), two_moons(256, generator=seeded(1))
    fresh, told = seeded(8), []
    asked = SimpleNamespace(loss=lambda x, generator=fresh: model.loss(x, generator=generator))
    for weights in short_run()[200::10]:
        with torch.no_grad():
            for mine, value in zip(model.parameters(), weights):
                mine.copy_(value)
            told.append(code["report"](asked, x))
    return torch.tensor(told)


def predicted_noise_is_smaller(code: dict) -> bool:
    """Whether the exact answer passes."""
    x_data, eps = two_moons(20_000, generator=seeded(1))[0], randn((20_000, 2), generator=seeded(2))
    t = torch.randint(1000, (20_000,), generator=seeded(3))
    c = CHAIN.coeffs(t, like=x_data)
    return bool(code["healthy"](MOONS.estimate(c.add_noise(x_data, eps), c).eps, eps))


def a_loss_without_its_floor(code: dict) -> str:
    """Which of two nets is called the better one: perfect for the velocity, or perfect for x + eps."""
    x, eps = two_moons(20_000, generator=seeded(1))[0], randn((20_000, 2), generator=seeded(2))
    t = torch.rand(20_000, generator=seeded(3))
    c = FLOW.path.coeffs(t, like=x)
    x0, noise = MOONS.estimate(c.add_noise(x, eps), c)
    right = (x0 - noise - (x - eps)).square().mean().item()
    wrong = (x0 + noise - (x + eps)).square().mean().item()
    return code["best"]({"right": right + 0.01, "wrong sign": wrong}, right)


def a_loss_that_is_always_one(code: dict) -> Tensor:
    """What is printed of errors, and of errors a hundred times as large."""
    errors = torch.linspace(0.2, 3, 50)
    return torch.stack([code["report"](size * errors, 1.0) for size in (1, 100)])


def a_net_called_past_its_wrapper(code: dict) -> Tensor:
    """How far the gradients of two processes are apart."""

    def loss(ddp, x: Tensor, s: Tensor, t: Tensor, u: Tensor) -> Tensor:
        return (code["predict"](ddp, x, s, t) - u).square().mean()

    one, two = gradients(loss, draws(seeded(3)), [SmallNet(), SmallNet()])
    return max((a - b).abs().max() for a, b in zip(one, two))


@cache
def short_run(steps: int = 1000) -> list[list[Tensor]]:
    """The weights of a small net at the start and after each step of a training on the moons."""
    with torch.random.fork_rng():  # the initial weights come from PyTorch's own generator
        torch.manual_seed(0)
        model = FlowMatching(MLPDenoiser(width=48, t_scale=1000))
    weights = [[p.detach().clone() for p in model.parameters()]]
    x, _ = two_moons(10_000, generator=seeded(1))
    data = batches(x, size=256, generator=seeded(5))
    for _ in fit(model, data, steps, lr=5e-3, schedule=lambda i, steps: 1.0, generator=seeded(6)):
        weights.append([p.detach().clone() for p in model.parameters()])
    return weights


def an_average_with_too_long_a_memory(code: dict) -> Tensor:
    """Samples by the average of a run of 1,000 steps."""
    run, net = short_run(), MLPDenoiser(width=48, t_scale=1000)

    def take(step: int) -> None:
        for mine, value in zip(net.parameters(), run[step]):
            mine.data.copy_(value)

    take(0)
    ema = code["averaged"](net, len(run) - 1)
    for step in range(1, len(run)):
        take(step)
        ema.update()
    return FlowMatching(ema.net).sample((N, 2), 50, start=START)


def an_average_that_stands_still(code: dict) -> Tensor:
    """The average after 0, 500, ... 20,000 updates from 0 towards 1."""
    ends = []
    for n in range(0, 20_001, 2_000):
        weights = torch.ones(n + 1, 1, dtype=torch.bfloat16)
        weights[0] = 0
        ends.append(code["averaged"](weights, 0.9999).item())
    return torch.tensor(ends)


def a_run_that_goes_on_from_its_average(code: dict) -> Tensor:
    """The losses of a run that is stopped after 200 of 400 steps and goes on."""
    net, data = nn.Linear(8, 4), randn((64, 8), generator=seeded(1))
    target = data @ randn((8, 4), generator=seeded(2))
    with torch.no_grad():
        for p in net.parameters():
            p.copy_(randn(p.shape, generator=seeded(3)))
    adam, losses, average = torch.optim.Adam(net.parameters(), lr=0.01), [], copy.deepcopy(net)
    for step in range(400):
        if step == 200:
            parts = {"net": net, "average": average, "adam": adam}
            saved = {name: copy.deepcopy(part.state_dict()) for name, part in parts.items()}
            net = nn.Linear(8, 4)
            adam = torch.optim.Adam(net.parameters(), lr=0.01)
            code["resume"](saved, net, adam)
        loss = (net(data) - target).square().mean()
        adam.zero_grad()
        loss.backward()
        adam.step()
        losses.append(loss.item())
        with torch.no_grad():
            for mine, newest in zip(average.parameters(), net.parameters()):
                mine.lerp_(newest, 0.01)
    return torch.tensor(losses)


def eight_processes_and_the_batch_of_one(code: dict) -> Tensor:
    """The rows that eight processes draw for a batch of 64."""
    return torch.cat([code["rows"](10_000, 5, rank, 8, 64) for rank in range(8)])


def the_norms_own_gain_and_bias(code: dict) -> tuple[int, Tensor]:
    """How many weights the norm has; and, with random ones, the output under a modulation that makes up for them."""
    norm, x = code["norm"], randn((5, 48), generator=seeded(1))
    gain, bias = randn((2, 48), generator=seeded(2))
    scale, shift = randn((2, 48), generator=seeded(3))
    if norm.weight is None:
        scale, shift = gain * (1 + scale) - 1, bias * (1 + scale) + shift
    else:
        norm.weight.data, norm.bias.data = gain, bias
    return sum(p.numel() for p in norm.parameters()), ((1 + scale) * norm(x) + shift).detach()


# ---- guidance ------------------------------------------------------------------------------------------------------------------


def one_coin_for_the_batch(code: dict) -> Tensor:
    """Whether a label was dropped, in each of 12 batches of 16."""
    g = seeded(0)
    return torch.stack([code["dropped"](torch.arange(16), 0.2, g) == -1 for _ in range(12)])


def pairs_that_ignore_the_label(code: dict) -> tuple[Tensor, Tensor, Tensor]:
    """Data, the labels that it is trained with, and its own."""

    def match(eps: Tensor, x: Tensor) -> Tensor:
        return torch.as_tensor(linear_sum_assignment(torch.cdist(eps, x).square().numpy())[1])

    x, y = two_moons(400, generator=seeded(1))
    _, paired, labels = code["paired"](START[:400], x, y, match)
    own = y[torch.cdist(paired, x).argmin(1)]
    return paired, labels, own


def a_weight_from_another_convention(code: dict) -> tuple[Tensor, Tensor]:
    """Data of two classes that overlap, and samples of the second one at weight 1.5, by exact answers."""
    both = GaussianMixture([0.5, 0.5], [[-0.8, 0.0], [0.8, 0.0]], torch.full((2, 2), 0.36), torch.tensor([0, 1]))
    exact, y = Oracle(both, FLOW.path), torch.ones(N, dtype=torch.int64)

    class Mixed:
        path = FLOW.path

        def estimate(self, x_t: Tensor, t, y=None) -> Estimate:
            cond, uncond = exact.estimate(x_t, t, y), exact.estimate(x_t, t, None)
            return Estimate(*(code["guided"](a, b, 1.5) for a, b in zip(cond, uncond)))

    return both.sample(600, generator=seeded(1))[0], sample(Mixed(), START, 50, ddim, y)


def agreement_taken_for_quality(code: dict) -> float:
    """What is said of samples that are all the mean of their class."""
    real, y = two_moons(400, generator=seeded(1))
    means = torch.stack([real[y == k].mean(0) for k in (0, 1)])
    fake = means[y] + 1e-3 * randn((400, 2), generator=seeded(2))
    return float(code["quality"](real, fake, lambda x: torch.cdist(x, means).argmin(1), y))
