"""Answers to the exercises of chapter 14."""

import torch
import torch.autograd.forward_ad as fwAD

from tests.exercises.answers import Answers


def column(t):
    return t.reshape(-1, 1)


def stopped(target):
    """A target behind no_grad."""

    def found(*inputs):
        with torch.no_grad():
            return target(*inputs)

    return found


def along(f, values, moves):
    """The value of f, and its derivative where `moves` says how each argument moves; None stands still."""
    with fwAD.dual_level():
        duals = [a if move is None else fwAD.make_dual(a, move) for a, move in zip(values, moves)]
        primal, tangent = fwAD.unpack_dual(f(*duals))
    return primal, torch.zeros_like(primal) if tangent is None else tangent


# --- average_velocity


def velocity_by_rows(x, end, s, t):
    return torch.stack([(b - a) / (later - now) for a, b, now, later in zip(x, end, s, t)])


def velocity_over(time):
    return lambda x, end, s, t: (end - x) * (1 / time(s, t)).unsqueeze(-1)


# --- reflow_pair


def on_the_line(z, end, t, sign=1):
    return (1 - column(t)) * z + column(t) * end, sign * (end - z)


def pair_by_velocity(flow, z, t):
    way = flow(z, 0, 1) - z
    return z + t[:, None] * way, way


# --- shortcut_target


def half_by_half(v, x, s, t, way=0.5, share=0.5, second=True):
    middle = 0.5 * s + 0.5 * t
    one = v(x, s, middle)
    if not second:
        return one
    two = v(x + column(way * (t - s)) * one, middle, t)
    return share * one + share * two


def half_by_ends(v, x, s, t):
    """The whole way, divided by the whole time."""
    m = s + (t - s) / 2
    there = x + column(m - s) * v(x, s, m)
    there = there + column(t - m) * v(there, m, t)
    return ((there - x) / column(t - s)).detach()


# --- lagrangian_residual


def speed(v, x, s, t):
    return along(lambda end: x + column(end - s) * v(x, s, end), [t], [torch.ones_like(t)])


def residual(v, u, x, s, t):
    there, fast = speed(v, x, s, t)
    return fast - u(there, t)


def residual_by_product(v, u, x, s, t, now=1, change=1, at=None, sign=1):
    average, slope = along(lambda end: v(x, s, end), [t], [torch.ones_like(t)])
    there = x + column(t - s) * average
    goes_on = u(there, t) if at is None else at(u, x, there, s, t)
    return sign * (now * average + change * column(t - s) * slope - goes_on)


def with_residual(**options):
    return lambda *inputs: residual_by_product(*inputs, **options)


# --- meanflow_target


def meanflow(v, x, s, t, u, dx=1.0, ds=1.0, dt=0.0, sign=1, gap=True):
    moves = [dx * u, torch.full_like(s, ds), torch.full_like(t, dt)]
    slope = along(v, [x, s, t], moves)[1]
    return u + sign * slope * (column(t - s) if gap else 1)


def meanflow_with(**options):
    return stopped(lambda *inputs: meanflow(*inputs, **options))


def meanflow_by_parts(v, x, s, t, u):
    """The partial derivatives one by one."""
    by_s = along(lambda s: v(x, s, t), [s], [torch.ones_like(s)])[1]
    by_x = along(lambda x: v(x, s, t), [x], [u])[1]
    return (u + column(t - s) * (by_s + by_x)).detach()


ANSWERS = {
    "average_velocity": Answers(
        right=[velocity_by_rows, velocity_over(lambda s, t: t - s)],
        wrong={
            "the way instead of the velocity": lambda x, end, s, t: -(x - end),
            "the times exchanged": velocity_over(lambda s, t: s - t),
            "divided by the time of the end": velocity_over(lambda s, t: t),
            "divided by the time that is left": velocity_over(lambda s, t: 1 - s),
        },
    ),
    "average_on_a_line": Answers(
        right=[4, 3.0 + 2.0 - 1.0],
        wrong={
            "the velocity at the start": 2,
            "the end of the jump": 5,
            "the variance for the deviation": 6,
            "the mean over all noises": 3,
        },
    ),
    "reflow_pair": Answers(
        right=[pair_by_velocity, lambda flow, z, t: on_the_line(z, flow(z, 0.0, 1.0), t)],
        wrong={
            "another noise's end": lambda flow, z, t: on_the_line(z, flow(torch.randn(z.shape), 0.0, 1.0), t),
            "ends of the neighbours": lambda flow, z, t: on_the_line(z, flow(torch.roll(z, 1, 0), 0.0, 1.0), t),
            "the direction turned round": lambda flow, z, t: on_the_line(z, flow(z, 0.0, 1.0), t, sign=-1),
            "points of the old path": lambda flow, z, t: (flow(z, 0.0, t), flow(z, 0.0, 1.0) - z),
            "the flow run backwards": lambda flow, z, t: on_the_line(z, flow(z, 1.0, 0.0), t),
            "the clock turned round": lambda flow, z, t: (
                on_the_line(z, flow(z, 0.0, 1.0), 1 - t)[0],
                flow(z, 0.0, 1.0) - z,
            ),
        },
    ),
    "shortcut_target": Answers(
        right=[stopped(half_by_half), half_by_ends],
        wrong={
            "the sum of the halves": stopped(lambda *inputs: half_by_half(*inputs, share=1)),
            "both halves from the start": stopped(lambda *inputs: half_by_half(*inputs, way=0)),
            "a whole step to the middle": stopped(lambda *inputs: half_by_half(*inputs, way=1)),
            "the first half twice": stopped(lambda *inputs: half_by_half(*inputs, second=False)),
            "a teacher with a gradient": half_by_half,
        },
    ),
    "lagrangian_residual": Answers(
        right=[residual, residual_by_product],
        wrong={
            "the velocity at the start": with_residual(at=lambda u, x, there, s, t: u(x, s)),
            "the landing at the old time": with_residual(at=lambda u, x, there, s, t: u(there, s)),
            "the average velocity for the speed": with_residual(change=0),
            "the change for the speed": with_residual(now=0),
            "the start's derivative": with_residual(sign=-1),
        },
    ),
    "meanflow_target": Answers(
        right=[stopped(meanflow), meanflow_by_parts],
        wrong={
            "the paper's sign": meanflow_with(sign=-1),
            "the times exchanged": meanflow_with(ds=0.0, dt=1.0),
            "both times move": meanflow_with(dt=1.0),
            "the point stands still": meanflow_with(dx=0.0),
            "the gap forgotten": meanflow_with(gap=False),
            "a teacher with a gradient": meanflow,
        },
    ),
    "paper_clock": Answers(
        right=[lambda u, x, s, t: -1 * u(x, -t + 1, -s + 1), lambda u, x, s, t: 0 - u(x, *(1 - torch.stack([t, s])))],
        wrong={
            "the sign kept": lambda u, x, s, t: u(x, -t + 1, -s + 1),
            "the two times exchanged": lambda u, x, s, t: -1 * u(x, -s + 1, -t + 1),
            "the clock not turned": lambda u, x, s, t: -1 * u(x, s, t),
            "nothing translated": lambda u, x, s, t: 1 * u(x, s, t),
        },
    ),
    "adaptive_weight": Answers(
        right=[1.5, (2 + 1) / 2],
        wrong={
            "the mean of the errors": 2.5,
            "the power 1": 1,
            "the mean of the weights": 0.75,
            "the mean divided at last": 2.5**0.5,
        },
    ),
}
