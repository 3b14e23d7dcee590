"""Answers to the exercises of chapter 13."""

import torch

from lib import euler, walk
from tests.exercises.answers import Answers

# --- kl


def kl_by_distributions(mu, log_variance):
    q = torch.distributions.Normal(mu, torch.exp(0.5 * log_variance))
    return torch.distributions.kl_divergence(q, torch.distributions.Normal(0.0, 1.0))


def kl_by_terms(mu, log_variance):
    tau = log_variance.div(2).exp()
    return -tau.log() - 0.5 + (mu * mu + tau * tau) / 2


def kl_reversed(mu, log_variance):
    q = torch.distributions.Normal(mu, torch.exp(0.5 * log_variance))
    return torch.distributions.kl_divergence(torch.distributions.Normal(0.0, 1.0), q)


# --- lake


def lake_by_loop(kappa, beta, m):
    level = beta * len(kappa) / m / 2
    return sum(k if i >= m or k < level else level for i, k in enumerate(kappa.tolist()))


def lake_by_minimum(kappa, beta, m):
    rho2 = torch.tensor(kappa.numel() * beta / (2 * m))
    kept, lost = kappa.split([m, len(kappa) - m])
    return torch.minimum(kept, rho2).sum() + lost.sum()


def lake(kappa, level, m, kept=None, beyond=True):
    """The loop with its details as knobs."""
    total = 0.0
    for i, k in enumerate(kappa.tolist()):
        if i < m:
            total += k if k <= level else (level if kept is None else kept)
        elif beyond:
            total += k
    return total


# --- clock


def clock_by_odds(t, s):
    odds = t / (1 - t) * s
    return odds / (1 + odds)


def clock_by_log_snr(t, s):
    return torch.sigmoid(torch.logit(t) + torch.log(torch.tensor(s)))


# --- factor


def factor(inward, outward):
    def unit(encode, decode, images):
        s = encode(images).square().mean().sqrt()
        return (lambda x: encode(x) * s**inward), (lambda z: decode(z * s**outward))

    return unit


def factor_by_closure(encode, decode, images):
    s = encode(images).std()

    def into(x):
        return encode(x).div(s)

    def out(z):
        return decode(z.mul(s))

    return into, out


def factor_published(encode, decode, images):
    return (lambda x: 0.18215 * encode(x)), (lambda z: decode(z / 0.18215))


# --- remix


def remix_by_hand(model, z, eps, t, calls):
    x, dt = t * z + (1 - t) * eps, (1 - t) / calls
    for i in range(calls):
        now = torch.full((len(x),), t + i * dt)
        estimate = model.estimate(x, now)
        x = x + dt * (estimate.x0 - estimate.eps)
    return x


def remix_by_walk(model, z, eps, t, calls):
    c = model.path.coeffs(torch.tensor([t]), like=z)
    *_, last = walk(model, c.alpha * z + c.sigma * eps, torch.linspace(t, 1, calls + 1), euler)
    return last.x


def remix(begin, first=None, steps=None):
    """By hand, with the state it begins from, its first time, and its number of steps given."""

    def answer(model, z, eps, t, calls):
        x, k = begin(z, eps, t), calls + (steps or 0)
        now = t if first is None else first
        dt = (1 - now) / k
        for i in range(k):
            estimate = model.estimate(x, torch.full((len(x),), now + i * dt))
            x = x + dt * (estimate.x0 - estimate.eps)
        return x

    return answer


def noised(z, eps, t):
    return t * z + (1 - t) * eps


ANSWERS = {
    "attention_cost": Answers(
        right=[2304, 12 * 384**2 / (2 * 384)],
        wrong={
            "one product of attention forgotten": 4608,
            "the MLP forgotten": 768,
            "an MLP as wide as its input": 1152,
            "the width of one head": 384,
        },
    ),
    "kl_price": Answers(
        right=[kl_by_distributions, kl_by_terms],
        wrong={
            "the missing half": lambda m, v: 2 * kl_by_terms(m, v),
            "the logarithm of the deviation": lambda m, v: kl_by_terms(m, 2 * v),
            "the divergence from the other side": kl_reversed,
            "the forgotten 1": lambda m, v: 0.5 * (m.square() + torch.exp(v) - v),
            "the mean without its square": lambda m, v: kl_by_terms(m.abs().sqrt(), v),
        },
    ),
    "water_filling": Answers(
        right=[lake_by_loop, lake_by_minimum],
        wrong={
            "kept without error": lambda k, b, m: lake(k, b * len(k) / (2 * m), m, kept=0.0),
            "the axes beyond the latent forgotten": lambda k, b, m: lake(k, b * len(k) / (2 * m), m, beyond=False),
            "as many numbers as pixels": lambda k, b, m: lake(k, b * len(k) / (2 * m), len(k)),
            "the level upside down": lambda k, b, m: lake(k, 2 * b * m / len(k), m),
            "beta itself as the level": lambda k, b, m: lake(k, b, m),
            "the missing factor 2": lambda k, b, m: lake(k, b * len(k) / m, m),
        },
    ),
    "scaled_clock": Answers(
        right=[clock_by_odds, clock_by_log_snr],
        wrong={
            "the shift in the other direction": lambda t, s: t / (s - (s - 1) * t),
            "log s in the place of 2 log s": lambda t, s: torch.sigmoid(
                torch.logit(t) + torch.log(torch.tensor(s)) / 2
            ),
            "the SNR taken for the ratio": lambda t, s: clock_by_odds(t, s * s),
            "the time multiplied": lambda t, s: t * s,
            "sigma left as it was": lambda t, s: 1 - 1 / (1 + s * t),
        },
    ),
    "scale_factor": Answers(
        right=[factor(-1, 1), factor_by_closure],
        wrong={
            "the factor on the way in only": factor(-1, 0),
            "the factor on the way out only": factor(0, 1),
            "the factor upside down": factor(1, -1),
            "the variance for the deviation": factor(-2, 2),
            "a published factor": factor_published,
        },
    ),
    "renoised_blend": Answers(
        right=[remix_by_hand, remix_by_walk],
        wrong={
            "the walk begun at pure noise": remix(noised, first=0.0),
            "the clock turned round": remix(lambda z, eps, t: (1 - t) * z + t * eps),
            "noise added, data not shrunk": remix(lambda z, eps, t: z + (1 - t) * eps),
            "no noise at all": remix(lambda z, eps, t: t * z),
            "one grid point short": remix(noised, steps=-1),
        },
    ),
}
