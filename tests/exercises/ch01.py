"""Answers to the exercises of chapter 01."""

import torch

from lib.prediction import Coeffs
from tests.exercises.answers import Answers

# --- posterior


def denoise_by_loop(x_t, alpha, sigma, w, m, s2):
    found = []
    for x in x_t:
        tau = alpha**2 * s2 + sigma**2
        joint = w * torch.exp(-((x - alpha * m) ** 2) / (2 * tau)) / tau.sqrt()
        means = m + alpha * s2 * (x - alpha * m) / tau
        found.append((joint * means).sum() / joint.sum())
    return torch.stack(found)


def denoise_by_tweedie(x_t, alpha, sigma, w, m, s2):
    x = x_t.clone().requires_grad_()
    parts = torch.distributions.Normal(alpha * m, (alpha**2 * s2 + sigma**2).sqrt())
    log_p = (parts.log_prob(x[:, None]) + w.log()).logsumexp(1).sum()
    return (x_t + sigma**2 * torch.autograd.grad(log_p, x)[0]) / alpha


def denoise(weigh, mean=None):
    """`weigh(d, tau, w, whole)`: unnormalised weights; d to the shrunk centres, whole to the others."""

    def answer(x_t, alpha, sigma, w, m, s2):
        tau, x = alpha**2 * s2 + sigma**2, x_t.unsqueeze(1)
        r = weigh(x - alpha * m, tau, w)
        inside = m + alpha * s2 / tau * (x - alpha * m) if mean is None else mean(m, x)
        return (r * inside).sum(1) / r.sum(1)

    return answer


def bell(d, tau):
    return (-d * d / tau / 2).exp()


def denoise_whole(x_t, alpha, sigma, w, m, s2):
    tau, d = alpha**2 * s2 + sigma**2, x_t[:, None] - m
    r = w * bell(d, tau) / tau.sqrt()
    return (r * (m + alpha * s2 / tau * d)).sum(1) / r.sum(1)


# --- units


def units_by_rescaling(mixture, x_t, alpha, sigma, b, c):
    ones = torch.ones(mixture.dim, dtype=torch.float64)
    return mixture.rescaled(-b / c * ones, ones / c).estimate(x_t, Coeffs(alpha, sigma)).x0


def units(see, at, back=lambda x, b, c: b + c * x):
    def best(mixture, x_t, alpha, sigma, b, c):
        return back(mixture.estimate(see(x_t, alpha, b, c), Coeffs(at(alpha, c), sigma)).x0, b, c)

    return best


ANSWERS = {
    "gaussian_posterior": Answers(
        right=[2.615, 1 + 2.4 / 2.08 * 1.4],
        wrong={
            "no prior": 10 / 3,
            "a centre that did not shrink": 1 + 2.4 / 2.08,
            "the deviation for the variance": 1 + 1.2 / 1.36 * 1.4,
            "sigma without its square": 2.5,
            "alpha without its square": 1 + 2.4 / 3.04 * 1.4,
            "the noise for the data": 0.5385,
        },
    ),
    "mixture_variance": Answers(
        right=[
            lambda w, m, s2: (w[:, None] * (s2 + m * m)).sum(0) - (w[:, None] * m).sum(0) ** 2,
            lambda w, m, s2: torch.einsum("k,kd->d", w, s2 + (m - torch.einsum("k,kd->d", w, m)) ** 2),
        ],
        wrong={
            "the inside alone": lambda w, m, s2: (w[:, None] * s2).sum(0),
            "the centres alone": lambda w, m, s2: w @ m**2 - (w @ m) ** 2,
            "the mean not subtracted": lambda w, m, s2: (w[:, None] * s2).sum(0) + (w[:, None] * m * m).sum(0),
            "even weights": lambda w, m, s2: (s2 + m**2).mean(0) - m.mean(0) ** 2,
            "deviations averaged": lambda w, m, s2: (w[:, None] * s2**0.5).sum(0) ** 2 + w @ m**2 - (w @ m) ** 2,
        },
    ),
    "mixture_denoiser": Answers(
        right=[denoise_by_loop, denoise_by_tweedie],
        wrong={
            "the weights of the data": denoise(lambda d, tau, w: w * torch.ones_like(d)),
            "the weights forgotten": denoise(lambda d, tau, w: bell(d, tau) / tau**0.5),
            "densities without their height": denoise(lambda d, tau, w: w * bell(d, tau)),
            "the centres as the answer": denoise(lambda d, tau, w: w * bell(d, tau) / tau**0.5, lambda m, x: m),
            "centres that did not shrink": denoise_whole,
        },
    ),
    "score_from_denoiser": Answers(
        right=[
            lambda x_t, x0, alpha, sigma: -((x_t - alpha * x0) / sigma) / sigma,
            lambda x_t, x0, alpha, sigma: alpha / sigma**2 * x0 - x_t / sigma**2,
        ],
        wrong={
            "the noise itself": lambda x_t, x0, alpha, sigma: x_t / sigma - alpha / sigma * x0,
            "the other sign": lambda x_t, x0, alpha, sigma: x_t / sigma**2 - alpha * x0 / sigma**2,
            "sigma without its square": lambda x_t, x0, alpha, sigma: -(x_t - alpha * x0) / sigma,
            "data that did not shrink": lambda x_t, x0, alpha, sigma: -(x_t - x0) / sigma / sigma,
        },
    ),
    "standardised_data": Answers(
        right=[units_by_rescaling, units(lambda x, a, b, c: x - a * b, lambda a, c: c * a)],
        wrong={
            "standardisation forgotten": units(lambda x, a, b, c: x, lambda a, c: a, lambda x, b, c: x),
            "the noisy state standardised": units(lambda x, a, b, c: (x - b) / c, lambda a, c: a),
            "a shift that did not shrink": units(lambda x, a, b, c: x - b, lambda a, c: c * a),
            "not put back": units(lambda x, a, b, c: x - a * b, lambda a, c: c * a, lambda x, b, c: x),
            "the scale upside down": units(lambda x, a, b, c: x - a * b, lambda a, c: a / c),
        },
    ),
}
