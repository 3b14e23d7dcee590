"""One side of each pair of book/gotchas.md, tried on two moons with exact answers, or on a few numbers.

Each function is named after its entry. It takes the names that the code of one side defines (`tools.site.gotchas.run`) and
returns what that code leads to: samples, a curve, or a number. The pictures draw it, and tests/test_gotchas.py judges it.
Those of training and of guidance are in gotcha_training.py, those of pictures in gotcha_images.py, those of judging in
gotcha_judging.py.
"""

import copy
from itertools import pairwise
from types import SimpleNamespace

import torch
from torch import Tensor, nn

from lib import (
    Coeffs,
    DiscreteSchedule,
    GaussianMixture,
    LinearPath,
    Oracle,
    cosine_betas,
    ddim,
    linear_betas,
    make_target,
    randn,
    rk4,
    sample,
    seeded,
    two_moons,
    two_moons_mixture,
    walk,
)
from lib.trained.shipped import RESULTS
from lib.trained.toy import load

MOONS = two_moons_mixture()
FLOW = Oracle(MOONS, LinearPath())
CHAIN = DiscreteSchedule(linear_betas(1000))
N = 1000
START = randn((N, 2), generator=seeded(2))
SD_FACTOR = 0.18  # about that of Stable Diffusion's latents


def flow(x: Tensor, t) -> Tensor:
    """The exact velocity on the straight path, in the precision of x."""
    t = float(t)
    return FLOW.estimate(x.float(), t).velocity(FLOW.path.coeffs(t)).to(x.dtype)


def scaled(size: float) -> GaussianMixture:
    """The moons, `size` times as large."""
    return GaussianMixture(MOONS.weights, MOONS.means * size, MOONS.variances * size**2, MOONS.labels)


class Learner:
    """A net that learns perfectly: afterwards it knows the moons in the size of what it was shown."""

    def train(self, points: Tensor) -> None:
        self.model = Oracle(scaled(points.std().item()), CHAIN)

    def draw(self) -> Tensor:
        return sample(self.model, START, 50, ddim)


class Answers(nn.Module):
    """The exact answer to what a model is asked for, and an error in the waves of `off` beside it."""

    def __init__(self, target: str, path, off: float = 0.0):
        super().__init__()
        self.target, self.path, self.off = target, path, off

    def forward(self, x_t: Tensor, t, y=None) -> Tensor:
        c = self.path.coeffs(t, like=x_t)
        return make_target(self.target, *MOONS.estimate(x_t, c), c) + self.off * torch.sin(3 * x_t.flip(1))


# ---- data ----------------------------------------------------------------------------------------------------------------------


def data_that_is_not_standardised(code: dict) -> Tensor:
    """Samples of data a tenth as large, in units of the data."""
    points, learner = two_moons(N, generator=seeded(1))[0] * 0.1, Learner()
    return code["train_and_draw"](points, learner.train, learner.draw) / 0.1


# ---- schedules -----------------------------------------------------------------------------------------------------------------


def unscaled_betas(code: dict) -> Tensor:
    """The signal that is left after each of 50 steps."""
    return torch.cumprod(1 - code["betas"](50), 0)


def a_schedule_that_does_not_end_in_noise(code: dict) -> Tensor:
    """Samples (8, 8, 8) of plain tiles of any brightness, by exact answers on that schedule; drawn as 64 by 64 pixels."""
    side = 64
    levels = torch.linspace(-1.5, 1.5, 31)[:, None].expand(-1, side**2)
    tiles = GaussianMixture(torch.full((31,), 1 / 31), levels, torch.full_like(levels, 1e-3))
    noise = randn((8, side**2), generator=seeded(4))
    noise += torch.linspace(-2, 2, 8)[:, None] / side - noise.mean(1, keepdim=True)  # eight even quantiles of a mean
    ends = sample(Oracle(tiles, code["model"].path), noise, 100, ddim)
    return ends.mean(1)[:, None, None].expand(-1, 8, 8)


def a_cosine_schedule_by_half(code: dict) -> Tensor:
    """alpha-bar at 1,000 steps."""
    return code["alpha_bars"](1000)


# ---- targets -------------------------------------------------------------------------------------------------------------------


def the_sign_of_v(code: dict) -> Tensor:
    """Samples of a model that makes data of exact answers v."""

    class Speaks:
        path = DiscreteSchedule(cosine_betas(1000))

        def estimate(self, x_t: Tensor, t, y=None):
            c = self.path.coeffs(t, like=x_t)
            exact = MOONS.estimate(x_t, c)
            x0 = code["data_from_v"](make_target("v", *exact, c), x_t, c.alpha, c.sigma)
            return exact._replace(x0=x0, eps=(x_t - c.alpha * x0) / c.sigma)

    return sample(Speaks(), START, 50, ddim)


def which_end_is_weak(code: dict) -> Tensor:
    """What answers with an error of 0.01 say of the data at the noisiest step."""
    c = CHAIN.coeffs(999)
    exact = MOONS.estimate(START, c)
    answer = make_target(code["target"], *exact, c) + 0.01 * randn((N, 2), generator=seeded(5))
    return code["data_of"](answer, START, c.alpha, c.sigma)


def the_clean_point_fed_to_the_net(code: dict) -> Tensor:
    """Samples of a net that has learned perfectly what this loss asks for."""
    asked = []
    code["loss"](lambda x, t: asked.append(x) or x, torch.ones(1, 2), torch.zeros(1, 2), torch.full((1, 1), 0.5))
    # Shown the data, the best answer to x - eps is the data: the mean of eps is 0.
    answer = (lambda x, t: x) if (asked[0] == 1).all() else flow
    x = START
    for i in range(50):
        x = x + answer(x, i / 50) / 50
    return x


# ---- time ----------------------------------------------------------------------------------------------------------------------


def t_scale(code: dict) -> Tensor:
    """The features (400, 128) of the times from 0 to 1."""
    return code["time"](torch.linspace(0, 1, 400))


def scaled_once_not_at_all_twice(code: dict) -> Tensor:
    """Samples of the shipped net, which learned at times from 0 to 1,000, by the step of this code."""
    net = copy.deepcopy(load(RESULTS / "toy_flow.safetensors").net)
    inside = "net" in code  # the net of this code scales by itself
    net.time.t_scale = code["net"].t_scale if inside else 1.0
    x = START
    with torch.no_grad():
        for i in range(50):
            x = code["step"](net, x, i / 50, 1 / 50)
    return x


# ---- sampling ------------------------------------------------------------------------------------------------------------------


def noise_in_the_last_step(code: dict) -> Tensor:
    """DDPM's samples in ten of a thousand steps, with the larger variance."""
    grid, x, g = CHAIN.grid(10).tolist(), START, seeded(3)
    for t, s in pairwise(grid):
        c_t, c_s = CHAIN.coeffs(t), CHAIN.coeffs(s)
        beta, x0 = 1 - (c_t.alpha / c_s.alpha) ** 2, MOONS.estimate(x, c_t).x0
        of_data = c_s.alpha * beta / c_t.sigma**2
        of_x = (c_t.alpha / c_s.alpha) * c_s.sigma**2 / c_t.sigma**2
        x = code["step"](of_data * x0 + of_x * x, beta, s, randn((N, 2), generator=g))
    return x


def cosine_and_noise_prediction(code: dict) -> Tensor:
    """Samples by DDIM in 50 steps, where every answer is a little off."""
    model = code["model"]
    model.net = Answers(model.target, model.path, off=0.01)
    return model.sample((N, 2), 50, ddim, start=START)


def steps_counted_for_calls(code: dict) -> int:
    """How often the net is called when RK4 gets a budget of 20 calls."""
    calls = []
    counted = SimpleNamespace(path=FLOW.path, estimate=lambda *asked: calls.append(1) or FLOW.estimate(*asked))
    for _ in walk(counted, START[:4], FLOW.path.grid(code["steps_for"](20, rk4)), rk4):
        pass
    return len(calls)


def samples_that_are_no_numbers(code: dict) -> Tensor:
    """The end of DDPM's reverse steps, without their noise, on this table."""
    bars, x = code["alpha_bars"](50).double(), START.double()
    before = torch.cat([torch.ones(1), bars[:-1]])
    for bar, last in zip(bars.flip(0), before.flip(0)):
        x0 = MOONS.estimate(x, Coeffs(bar.sqrt().item(), (1 - bar).sqrt().item())).x0
        x = last.sqrt() * (1 - bar / last) / (1 - bar) * x0 + (bar / last).sqrt() * (1 - last) / (1 - bar) * x
    return x


def a_state_in_half_precision(code: dict) -> Tensor:
    """Samples after a thousand steps from a state in bfloat16."""
    return code["walk_half"](flow, START[:400].bfloat16(), 1000).float()


def a_walk_shorter_than_it_was_asked_for(code: dict) -> tuple[int, Tensor]:
    """How often the net was called for 50 steps, and the samples."""
    calls = []

    def solver(x: Tensor, times: Tensor) -> Tensor:
        for t, s in pairwise(times.tolist()):
            calls.append(t)
            x = x + (s - t) * flow(x, t)
        return x

    x = code["draw"](solver, START, 50)
    return len(calls), x


def an_inversion_that_does_not_return(code: dict) -> tuple[Tensor, Tensor]:
    """Points of the moons, and where the shipped net takes them on the way to noise and back."""
    net = load(RESULTS / "toy_flow.safetensors").net

    def velocity(x: Tensor, t) -> Tensor:
        return net(x, float(t))

    points, K = two_moons(60, generator=seeded(1))[0], 100
    with torch.no_grad():
        x = code["to_noise"](velocity, points, K)
        for i in range(K):
            x = x + velocity(x, i / K) / K
    return points, x
