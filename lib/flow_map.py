"""Flow maps: one network call jumps from any time to any later one.

    X(x; s, t) = x + (t - s) v(x; s, t)      where the point x at the time s is at the time t >= s, along the flow of u
    v(x; t, t) = u(x, t)                     v is the average velocity between s and t; its diagonal is the velocity

Jumps compose, and that can be said in three ways. Each is a loss, for a net that fulfils it and whose diagonal is right is the
flow map (Boffi et al. 2025):

    shortcut     X(x; s, t) = X(X(x; s, m); m, t), m in the middle         Frans et al. 2024: the two halves teach the whole
    lagrangian   d/dt X(x; s, t) = u(X(x; s, t), t)                        Boffi et al. 2025: how the end moves on
    eulerian     v(x; s, t) = u(x, s) + (t - s) d/ds v(x_s; s, t)          Geng et al. 2025, MeanFlow: how the start moves

The clock is flow matching's: 0 noise, 1 data, s <= t. MeanFlow's paper counts the other way: its t is our 1 - s, its r our 1 - t,
so its identity u = v - (t - r) du/dt is the third line, where the sign turns with the clock. A consistency model is the case
t = 1: only jumps to the data.

A FlowMap is a Model: its Estimate at a time is what its diagonal implies, so every sampler walks with it. The rule `jump` moves
with v between two points of a grid instead, for one call a step.
"""

import warnings
from collections.abc import Callable
from functools import partial

import torch
from torch import Tensor, nn

from lib.checks import check_alike, check_function, check_number, check_path, check_samples
from lib.flow_matching import LinearPath
from lib.learned import Learned
from lib.nets.embedding import TwoTimes
from lib.prediction import Estimate, Path, Time, per_sample
from lib.samplers import Facts, Model, Step, rk4, sample
from lib.seeding import given, rand, randn

Consistency = Callable[..., Tensor]  # (model, x, s, t, y, u) -> what is to become 0, like x


def jump(step: Step) -> Tensor:
    """A step rule for flow maps: one call, whatever the length of the step."""
    return step.model.jump(step.x, step.t, step.s, step.y)


jump.facts = Facts("jump", estimates=False)


class FlowMap(Learned):
    """A net that is told two times, net(x, (s, t), y) -> the average velocity, like x. `two_times` makes such a net of another.

    consistency: shortcut, lagrangian or eulerian: what the loss asks of jumps.
    diagonal: the share of a batch that trains v(x; t, t) by flow matching, in [0, 1]; the rest trains jumps.
    power: MeanFlow's adaptive weight: each sample's mean square error is divided by (itself + 0.001)^power, which is held fixed
    (Geng et al. take the sum). 0 weighs all alike; with 1 the printed loss is about 1, whatever has been learned.
    Raises TypeError for a path or net that is none, ValueError for a share outside its range and for a path without a velocity.
    """

    rule = staticmethod(jump)

    def __init__(
        self,
        net: nn.Module,
        path: Path = LinearPath(),
        *,
        consistency: Consistency | None = None,
        diagonal: float = 0.75,
        power: float = 0.0,
    ):
        check_path(path)
        check_number("diagonal", diagonal, 0, 1)
        check_number("power", power, 0)
        if path.coeffs(path.t_data).d_alpha is None:
            raise ValueError("Jumps follow a velocity, and a discrete schedule has none. Take a path of flow matching.")
        super().__init__(net, path, "u")
        self.diagonal, self.power = diagonal, power
        self.consistency = lagrangian if consistency is None else consistency
        check_function("consistency", self.consistency)

    def average(self, x: Tensor, s: Time, t: Time, y: Tensor | None = None) -> Tensor:
        """v(x; s, t), like x. s and t: numbers or (B,), 0 <= s <= t <= 1."""
        return super().ask(x, torch.stack([_rows(s, x), _rows(t, x)], dim=-1), y)

    def ask(self, x_t: Tensor, t: Time, y: Tensor | None = None) -> Tensor:
        """The diagonal, v(x; t, t): what an Estimate is made of."""
        return self.average(x_t, t, t, y)

    def jump(self, x: Tensor, s: Time, t: Time, y: Tensor | None = None) -> Tensor:
        """X(x; s, t), like x: one network call."""
        return x + per_sample(_rows(t, x) - _rows(s, x), x) * self.average(x, s, t, y)

    def loss(
        self,
        x_data: Tensor,
        y: Tensor | None = None,
        *,
        t: Time | None = None,
        eps: Tensor | None = None,
        generator: torch.Generator | None = None,
    ) -> Tensor:
        """Scalar: the mean square error of flow matching on the first rows, of `consistency` on the others.

        t (B,): where the diagonal is trained; jumps go between it and a second time that is drawn. Uniform if not given.
        """
        check_samples("x_data", x_data, rows=1)
        generator, B = given(generator), len(x_data)
        t = rand(B, like=x_data, generator=generator) if t is None else _rows(t, x_data)
        eps = randn(x_data.shape, like=x_data, generator=generator) if eps is None else eps
        other = rand(B, like=x_data, generator=generator)
        here = torch.arange(B, device=x_data.device) < round(self.diagonal * B)
        s, t = torch.where(here, t, torch.minimum(t, other)), torch.where(here, t, torch.maximum(t, other))
        c = self.path.coeffs(s, like=x_data)
        x, u = c.add_noise(x_data, eps), Estimate(x_data, eps).velocity(c)
        parts, n = [], int(here.sum())
        if n:
            parts.append((self.ask(x[:n], s[:n], y if y is None else y[:n]) - u[:n]).square())
        if n < B:
            residual = self.consistency(self, x[n:], s[n:], t[n:], y if y is None else y[n:], u[n:])
            check_alike("What a consistency returns", residual, "x", x[n:])
            parts.append(residual.square())
        errors = torch.cat(parts).flatten(1).mean(1)
        return (errors / (errors.detach() + 1e-3) ** self.power).mean()


# ---- three ways to say that jumps compose: (model, x, s, t, y, u) -> what the loss makes small ---------------------------------
#
# u is the velocity of the pair behind x, x_data and its noise: on average it is u(x, s). What stands behind no_grad is a teacher:
# the net is moved towards it, and not it towards the net.


def shortcut(model: FlowMap, x: Tensor, s: Tensor, t: Tensor, y: Tensor | None, u: Tensor) -> Tensor:
    """The whole jump against two halves (Frans et al. 2024): v(x; s, t) = (v(x; s, m) + v(x_m; m, t)) / 2. No derivative."""
    with torch.no_grad():
        m = (s + t) / 2
        first = model.average(x, s, m, y)
        second = model.average(x + per_sample(m - s, x) * first, m, t, y)
    return model.average(x, s, t, y) - (first + second) / 2


def lagrangian(model: FlowMap, x: Tensor, s: Tensor, t: Tensor, y: Tensor | None, u: Tensor) -> Tensor:
    """Where a jump lands it goes on with the velocity there (Boffi et al. 2025): d/dt X(x; s, t) = v(X; t, t).

    The derivative is along the time alone; the gradient goes through it.
    """
    landing, speed = derivative(lambda end: model.jump(x, s, end, y), (t,), (torch.ones_like(t),))
    with torch.no_grad():
        there = model.average(landing, t, t, y)
    return speed - there


def eulerian(
    model: FlowMap, x: Tensor, s: Tensor, t: Tensor, y: Tensor | None, u: Tensor, *, tangent: str = "pair"
) -> Tensor:
    """MeanFlow (Geng et al. 2025): v(x; s, t) = u(x, s) + (t - s) d/ds v(x_s; s, t), the right-hand side a teacher.

    d/ds goes along the path, x_s moving with the velocity: tangent="pair" takes that of the pair, as published; "net" takes
    v(x; s, s), the net's own (improved MeanFlow, Geng et al. 2025b).
    """
    if tangent not in ("pair", "net"):
        raise ValueError(f'tangent must be "pair" or "net", got {tangent!r}.')
    with torch.no_grad():
        along = u if tangent == "pair" else model.average(x, s, s, y)
        moves = (along, torch.ones_like(s))
        _, change = derivative(lambda x, s: model.average(x, s, t, y), (x, s), moves)
        teacher = u + per_sample(t - s, x) * change
    return model.average(x, s, t, y) - teacher


improved = partial(eulerian, tangent="net")


def derivative(
    function: Callable[..., Tensor], at: tuple[Tensor, ...], along: tuple[Tensor, ...]
) -> tuple[Tensor, Tensor]:
    """function(*at), and its derivative when the arguments move along `along`; both with the shape of the value.

    Forward mode: as dear as one more call, and no matrix is made. Every operation of the function needs a forward derivative;
    `F.scaled_dot_product_attention` has none: build a DiT with attention=explicit_attention.
    """
    with warnings.catch_warnings():
        # Torch translates its own formulas at the first forward derivative, by a means that it calls deprecated.
        warnings.filterwarnings("ignore", message=".*torch.jit.script", category=DeprecationWarning)
        return torch.func.jvp(function, at, along)


# ---- the exact map to compare with, and nets that are told two times --------------------------------------------------------


def flow(
    model: Model, x: Tensor, s: float = 0.0, t: float = 1.0, y: Tensor | None = None, *, steps: int = 50
) -> Tensor:
    """X(x; s, t) of any model by RK4, like x: the exact map, where the model is the oracle. 4 * steps calls; s = t gives x."""
    if s == t:
        return x
    return sample(model, x, 4 * steps, rk4, y, grid=torch.linspace(s, t, steps + 1, dtype=torch.float64))


def two_times(net: nn.Module, gap_scale: float = 4.0) -> nn.Module:
    """A net of the book, told two times from now on: net(x, (s, t) as rows (B, 2), y). It answers as before until it learns.

    gap_scale: factor on t - s before it is embedded. Raises TypeError for a net without a time embedding.
    """
    if not isinstance(getattr(net, "time", None), nn.Module):
        raise TypeError("This net has no embedding of a time, net.time, beside which a second one could stand.")
    net.time = TwoTimes(net.time, gap_scale)
    return net


def _rows(t: Time, x: Tensor) -> Tensor:
    """A time for each sample of x."""
    return torch.as_tensor(t, dtype=x.dtype, device=x.device).expand(len(x))
