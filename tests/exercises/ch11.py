"""Answers to the exercises of chapter 11."""

import torch

from lib import NO_LABEL, solve
from tests.exercises.answers import Answers

# --- convention


def by_table(whose, weight):
    table = {"this book": weight, "Ho and Salimans": weight + 1.0, "diffusers": weight if weight > 1 else 1.0}
    return table[whose]


def by_solving(whose, weight):
    """w from what the formula gives for unconditional 0 and conditional 1."""
    if whose == "Ho and Salimans":
        return (1 + weight) * 1 - weight * 0
    if whose == "diffusers" and weight <= 1:
        return 1
    return 0 + weight * (1 - 0)


# --- coins


def coins_by_mask(y, p, generator):
    y = y.clone()
    y[torch.rand(y.shape, generator=generator) < p] = NO_LABEL
    return y


def coins_by_bernoulli(y, p, generator):
    keep = torch.bernoulli(torch.full(y.shape, 1 - p), generator=generator).long()
    return y * keep + NO_LABEL * (1 - keep)


def coins_by_if(y, p, generator):
    if torch.rand(1, generator=generator).item() < p:
        y[:] = NO_LABEL
    return y


# --- interval


def interval_by_loop(alpha, sigma, low, high, w):
    return [w if low * a <= s <= high * a else 1 for a, s in zip(alpha, sigma)]


def interval_by_product(alpha, sigma, low, high, w):
    inside = ((sigma >= low * alpha) * (sigma <= high * alpha)).float()
    return 1 + (w - 1) * inside


def interval(level, low, high, inside, outside):
    return torch.tensor([inside if low <= value <= high else outside for value in level.tolist()])


# --- velocity


def velocity_by_stacking(model, x_t, t, y, w):
    both = model.estimate(torch.cat([x_t, x_t]), torch.cat([t, t]), torch.cat([y, y * 0 + NO_LABEL]))
    conditional, unconditional = (both.x0 - both.eps).chunk(2)
    return unconditional + w * (conditional - unconditional)


def velocity_by_noise(model, x_t, t, y, w):
    labels = torch.cat([torch.full_like(y, NO_LABEL), y])
    nothing, label = model.estimate(x_t.repeat(2, 1), t.repeat(2), labels).eps.split(len(y))
    guided = solve("eps", (1 - w) * nothing + w * label, x_t, model.path.coeffs(t, like=x_t))
    return guided.x0 - guided.eps


def velocity(order=1, add=0.0, sign=1, v=False):
    """Stacked, with its details as knobs."""

    def guided_velocity(model, x_t, t, y, w):
        labels = torch.cat([torch.full_like(y, NO_LABEL), y])
        both = model.estimate(torch.cat([x_t, x_t]), t.repeat(2), labels)
        s = t.repeat(2)[:, None]
        wanted = s * both.eps - (1 - s) * both.x0 if v else sign * (both.x0 - both.eps)
        worse, better = wanted.chunk(2)[::order]
        return worse + (w + add) * (better - worse)

    return guided_velocity


def velocity_in_two_calls(model, x_t, t, y, w):
    u = [e.x0 - e.eps for e in (model.estimate(x_t, t), model.estimate(x_t, t, y))]
    return (1 - w) * u[0] + w * u[1]


ANSWERS = {
    "guidance_conventions": Answers(
        right=[by_table, by_solving],
        wrong={
            "w for 1 + w": lambda whose, w: max(w, 1) if whose == "diffusers" else w,
            "one subtracted, not added": lambda whose, w: w - 1 if "Ho" in whose else by_table(whose, w),
            "diffusers taken at its word": lambda whose, w: w + ("Ho" in whose),
            "diffusers' zero for unconditional": lambda whose, w: (
                0 if (whose, w) == ("diffusers", 0) else by_table(whose, w)
            ),
            "everything shifted": lambda whose, w: 1 + (max(w, 1) if whose == "diffusers" else w),
        },
    ),
    "guidance_line": Answers(
        right=[
            lambda u, c, w: u + w * (c - u),
            lambda u, c, w: (1 - w) * u + w * c,
        ],
        wrong={
            "w for 1 + w": lambda u, c, w: c + w * (c - u),
            "the two answers exchanged": lambda u, c, w: (1 - w) * c + w * u,
            "the difference alone": lambda u, c, w: w * c - w * u,
            "weights that do not sum to one": lambda u, c, w: w * c + u,
        },
    ),
    "label_dropout": Answers(
        right=[coins_by_mask, coins_by_bernoulli],
        wrong={
            "one coin for the batch": coins_by_if,
            "the coin turned round": lambda y, p, g: coins_by_mask(y, 1 - p, g),
            "class 0 for no class": lambda y, p, g: y * (torch.rand(len(y), generator=g) >= p),
            "always the same rows": lambda y, p, g: torch.cat(
                [torch.full((int(p * len(y)),), NO_LABEL), y[int(p * len(y)) :]]
            ),
            "all labels withheld": lambda y, p, g: 0 * y + NO_LABEL,
        },
    ),
    "guidance_interval": Answers(
        right=[interval_by_loop, interval_by_product],
        wrong={
            "no label outside": lambda a, s, low, high, w: interval(s / a, low, high, w, 0),
            "sigma for the noise level": lambda a, s, low, high, w: interval(s, low, high, w, 1),
            "the level upside down": lambda a, s, low, high, w: interval(a / s, low, high, w, 1),
            "guided outside, not inside": lambda a, s, low, high, w: interval(s / a, low, high, 1, w),
            "no upper end": lambda a, s, low, high, w: interval(s / a, low, 1e9, w, 1),
        },
    ),
    "tilted_gaussian": Answers(
        right=[
            lambda a, b, w: a * b / (w * b + (1 - w) * a),
            lambda a, b, w: (1 / b + w * (1 / a - 1 / b)) ** -1,
        ],
        wrong={
            "variances mixed, not precisions": lambda a, b, w: b + w * (a - b),
            "w for 1 + w": lambda a, b, w: 1 / (1 / a + w * (1 / a - 1 / b)),
            "the class sharpened alone": lambda a, b, w: (w / a) ** -1,
            "what DDIM samples": lambda a, b, w: b * (a / b) ** w,
            "the deviation": lambda a, b, w: (a * b / (w * b + (1 - w) * a)) ** 0.5,
        },
    ),
    "velocity_in_one_call": Answers(
        right=[velocity_by_stacking, velocity_by_noise],
        wrong={
            "two calls": velocity_in_two_calls,
            "the halves exchanged": velocity(order=-1),
            "w for 1 + w": velocity(add=1.0),
            "the velocity towards the noise": velocity(sign=-1),
            "v for the velocity": velocity(v=True),
        },
    ),
}
