"""Answers to the exercises of chapter 03."""

import torch

from lib import Coeffs, make_target, solve
from tests.exercises.answers import Answers


def coeffs(alpha, sigma):
    return Coeffs(alpha, sigma, None, None)


# --- cramer


def by_inverse(output, x_t, row, c):
    matrix = torch.stack(
        [torch.stack([torch.as_tensor(w).expand(len(x_t), 1)[:, 0] for w in r], -1) for r in (c[:2], row)], 1
    )
    both = torch.linalg.solve(matrix, torch.stack([x_t, output], dim=1))
    return both[:, 0], both[:, 1]


def by_elimination(output, x_t, row, c):
    a, b = row
    eps = (c.alpha * output - a * x_t) / (c.alpha * b - c.sigma * a)
    return (x_t - c.sigma * eps) / c.alpha, eps


def cramer(det=lambda a, b, alpha, sigma: alpha * b - sigma * a, exchange=False, backwards=False):
    def estimate(output, x_t, row, c):
        a, b = row[::-1] if backwards else row
        d = det(a, b, c.alpha, c.sigma)
        found = (x_t * b / d - c.sigma * output / d, c.alpha * output / d - x_t * a / d)
        return (found[1], found[0]) if exchange else found

    return estimate


def v_by_data(eps, x_t, alpha, sigma):
    x = (x_t - sigma * eps) / alpha
    return alpha * eps - sigma * x


def v_by_lib(eps, x_t, alpha, sigma):
    estimate = solve("eps", eps, x_t, coeffs(alpha, sigma))
    return make_target("v", estimate.x0, estimate.eps, coeffs(alpha, sigma))


def back_by_rotation(v, x_t, alpha, sigma):
    turn = torch.stack([torch.cat([alpha, -sigma], 1), torch.cat([sigma, alpha], 1)], 1)
    found = turn @ torch.stack([x_t, v], 1)
    return found[:, 0], found[:, 1]


def back_by_steps(v, x_t, alpha, sigma):
    x0 = alpha * x_t - sigma * v
    return x0, (x_t - alpha * x0) / sigma


ANSWERS = {
    "eps_error_to_x0": Answers(
        right=[0.2, 0.1 * 4**0.5],
        wrong={
            "the gain upside down": 0.05,
            "alpha-bar for alpha": 0.4,
            "the gain towards v": 0.2236,
            "not divided by alpha": 0.08944,
        },
    ),
    "v_target": Answers(
        right=[
            lambda x, eps, a, s: -s * x + a * eps,
            lambda x, eps, a, s: make_target("v", x, eps, coeffs(a, s)),
        ],
        wrong={
            "the other sign of v": lambda x, eps, a, s: -(a * eps - s * x),
            "the sign of a wrong formula": lambda x, eps, a, s: -(s * x + a * eps),
            "alpha and sigma exchanged": lambda x, eps, a, s: -a * x + s * eps,
            "the noisy state itself": lambda x, eps, a, s: s * eps + a * x,
            "the velocity of the straight path": lambda x, eps, a, s: -eps + x,
        },
    ),
    "eps_to_v": Answers(
        right=[v_by_data, v_by_lib],
        wrong={
            "x_t for x": lambda eps, x_t, a, s: -s * x_t + a * eps,
            "not divided by alpha": lambda eps, x_t, a, s: -s * x_t + eps,
            "the other sign of v": lambda eps, x_t, a, s: -v_by_data(eps, x_t, a, s),
            "alpha-bar for alpha": lambda eps, x_t, a, s: eps / a**2 - s * x_t / a**2,
            "the way back": lambda eps, x_t, a, s: s * x_t + a * eps,
            "the estimate of the data": lambda eps, x_t, a, s: x_t / a - s * eps / a,
        },
    ),
    "estimate_from_v": Answers(
        right=[back_by_rotation, back_by_steps],
        wrong={
            "turned in the same direction again": lambda v, x_t, a, s: back_by_rotation(v, x_t, a, -s),
            "the two exchanged": lambda v, x_t, a, s: back_by_steps(v, x_t, a, s)[::-1],
            "the formulas of an eps-net": lambda v, x_t, a, s: tuple(solve("eps", v, x_t, coeffs(a, s))),
            "x_t without its factor": lambda v, x_t, a, s: (-s * v + x_t, a * v + x_t),
            "the formulas of the straight path": lambda v, x_t, a, s: (s * v + x_t, -a * v + x_t),
        },
    ),
    "loss_weights": Answers(
        right=[
            lambda a, s: (a.square() / s.square(), 1 / s.square()),
            lambda a, s: (1 / s**2 - 1, (a**2 + s**2) / s**2),
        ],
        wrong={
            "gains not squared": lambda a, s: (a / s, s**-1),
            "the weight upside down": lambda a, s: (s**2 / a**2, s**2),
            "in units of eps": lambda a, s: (a / a, a**-2),
            "v weighted as eps": lambda a, s: (a**2 / s**2,) * 2,
            "the truncated SNR": lambda a, s: (a**2 / s**2, (a**2 / s**2).clamp_min(1)),
        },
    ),
    "min_snr": Answers(
        right=[
            lambda snr, gamma: (
                (gamma / snr).clamp(max=1),
                torch.minimum(snr, torch.full_like(snr, gamma)) / (1 + snr),
            ),
            lambda snr, gamma: tuple(
                torch.tensor([min(s, gamma) / (s + add) for s in snr.tolist()], dtype=torch.float64) for add in (0, 1)
            ),
        ],
        wrong={
            "not divided": lambda snr, gamma: (snr.clamp_max(gamma), snr.clamp_max(gamma)),
            "v divided as eps": lambda snr, gamma: ((gamma / snr).clamp(max=1),) * 2,
            "the maximum": lambda snr, gamma: ((gamma / snr).clamp(min=1), snr.clamp_min(gamma) / (1 + snr)),
            "gamma on the amplitude": lambda snr, gamma: tuple(
                (snr.sqrt().clamp(max=gamma) ** 2 / (snr + k)) for k in (0, 1)
            ),
            "the clamp last": lambda snr, gamma: ((snr / snr).clamp(max=gamma), snr / (1 + snr)),
        },
    ),
    "any_target": Answers(
        right=[by_inverse, by_elimination],
        wrong={
            "a plus in the determinant": cramer(lambda a, b, alpha, sigma: sigma * a + alpha * b),
            "the determinant turned round": cramer(lambda a, b, alpha, sigma: -(alpha * b - sigma * a)),
            "not divided by the determinant": cramer(lambda a, b, alpha, sigma: alpha**0),
            "the two unknowns exchanged": cramer(exchange=True),
            "the row read backwards": cramer(backwards=True),
        },
    ),
}
