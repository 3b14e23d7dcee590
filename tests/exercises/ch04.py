"""Answers to the exercises of chapter 04."""

import math
from functools import partial

import torch
from torch.distributions import Independent, Normal, kl_divergence

from lib import ancestral
from lib.diffusion import DDPM
from lib.samplers import posterior_variance, transition_variance
from tests.exercises.answers import Answers

# --- towards


def towards_by_posterior(x_t, eps, t, betas):
    model = DDPM(torch.nn.Identity(), betas)
    c = model.path.coeffs(t, like=x_t)
    return model.posterior(x_t, (x_t - c.sigma * eps) / c.alpha, t)[0]


def towards_by_loop(x_t, eps, t, betas):
    rows = []
    for x, e, i in zip(x_t, eps, t.tolist()):
        sigma = math.sqrt(1 - math.prod(1 - b for b in betas[: i + 1].tolist()))
        rows.append((x - betas[i] / sigma * e) * (1 - betas[i]) ** -0.5)
    return torch.stack(rows)


def towards(x_t, eps, t, betas, scale=lambda b, bar: b / torch.sqrt(1 - bar), root=lambda b, bar: torch.sqrt(1 - b)):
    """Eq. 11 with its two factors as knobs."""
    b, bar = betas[t].unsqueeze(1), (1 - betas).log().cumsum(0).exp()[t].unsqueeze(1)
    return x_t / root(b, bar) - scale(b, bar) / root(b, bar) * eps


# --- divergence


def kl_by_distributions(mean, variance, mean_p, variance_p):
    def round_one(m, v):
        return Independent(Normal(m, v.sqrt()[:, None].expand_as(m)), 1)

    return kl_divergence(round_one(mean, variance), round_one(mean_p, variance_p))


def kl_by_coordinates(m, v, m_p, v_p, power=1, one=1, reduce=torch.sum):
    v, v_p = v[:, None], v_p[:, None]
    each = ((m - m_p) ** 2 + v) / v_p - one + (v_p / v).log()
    return reduce(each, dim=1) / 2 * power


# --- emphasis


def weight_by_gain(betas, gammas, root=False):
    sigma = torch.sqrt(1 - torch.exp(torch.log1p(-betas).cumsum(0)))
    gain = betas / (sigma * torch.sqrt(1 - betas))
    return (gain if root else gain**2) / (2 * gammas)


def weight_by_loop(betas, gammas, bar_for_step=False, root=False, gamma_power=1):
    bar, out = 1.0, []
    for b, gamma in zip(betas.tolist(), gammas.tolist()):
        bar *= 1 - b
        spread = math.sqrt(1 - bar) if root else 1 - bar
        out.append(b * b / (2 * gamma**gamma_power * (bar if bar_for_step else 1 - b) * spread))
    return torch.tensor(out)


# --- simple


def simple(net, x_data, t, eps, alpha_bars, signal=0.5, noise=0.5, target=None, clean=False):
    """By hand, with the powers of alpha-bar and 1 - alpha-bar as knobs."""
    bar = alpha_bars.index_select(0, t).reshape(-1, 1)
    x_t = x_data if clean else bar**signal * x_data + (1 - bar) ** noise * eps
    return torch.nn.functional.mse_loss(net(x_t, t), eps if target is None else target)


def simple_by_ddpm(net, x_data, t, eps, alpha_bars):
    before = torch.cat([torch.ones(1), alpha_bars[:-1]])
    model = DDPM(torch.nn.Module(), 1 - alpha_bars / before)
    x_t = model.add_noise(x_data, eps, t)
    return sum(((net(x_t, t) - eps) ** 2).mean(1)) / len(x_t)


def simple_mean_first(net, x_data, t, eps, alpha_bars):
    bar = alpha_bars[t].unsqueeze(1)
    return torch.mean(net(bar.sqrt() * x_data + (1 - bar).sqrt() * eps, t) - eps) ** 2


def simple_with(
    net, x_data, t, eps, alpha_bars, clock=lambda t, T: t, when=lambda t: t, swap=False, draw=None, aim=None
):
    """With one row a time; what the net is told, which alpha-bar, which end has the signal, which noise, which target."""
    total, fresh = 0, torch.randn(x_data.shape) if draw or aim else None
    for row, (x, z, i) in enumerate(zip(x_data, fresh if draw else eps, t)):
        keep = float(alpha_bars[when(i)])
        a, b = (math.sqrt(1 - keep), math.sqrt(keep)) if swap else (math.sqrt(keep), math.sqrt(1 - keep))
        answer = net((a * x + b * z)[None], clock(i, len(alpha_bars))[None])
        total += (answer - (fresh[row] if aim else z)).pow(2).mean()
    return total / len(x_data)


# --- stride


def stride(step, std=lambda forward, known: math.sqrt(forward), always=False):
    """The chapter's step by hand: weights of the data and of x_t, then noise."""
    forward, known = transition_variance(step.c_t, step.c_s), posterior_variance(step.c_t, step.c_s)
    of_data = step.c_s.alpha * forward / step.c_t.sigma**2
    of_x = step.c_t.alpha / step.c_s.alpha * step.c_s.sigma**2 / step.c_t.sigma**2
    mean = of_data * step.estimate.x0 + of_x * step.x
    return mean + std(forward, known) * step.noise() * (1 if always or step.c_s.sigma > 0 else 0)


def stride_by_eps(step):
    """Eq. 11, with 1 - beta = (alpha_t / alpha_s)^2."""
    shrink = step.c_t.alpha / step.c_s.alpha
    beta = 1 - shrink**2
    mean = (step.x - beta / step.c_t.sigma * step.estimate.eps) / shrink
    return mean if step.c_s.sigma == 0 else mean + beta**0.5 * step.noise()


def stride_by_product(step):
    """The deviation draws, and is multiplied by what is drawn."""
    return stride(step, std=lambda forward, known: forward**0.5 * step.noise())


def stride_by_schedule(step):
    """Algorithm 2 of the paper, as if s were t - 1."""
    beta, bar = (table[int(step.t)] for table in (step.model.path.betas, step.model.path.alpha_bars))
    mean = (step.x - beta / torch.sqrt(1 - bar) * step.estimate.eps) * (1 - beta) ** -0.5
    return mean + torch.sqrt(beta) * step.noise() if step.s >= 0 else mean


def stride_unstretched(step):
    beta = transition_variance(step.c_t, step.c_s)
    spread = beta**0.5 * step.noise() if step.s >= 0 else 0.0
    return step.x - beta / step.c_t.sigma * step.estimate.eps + spread


def stride_unpaid(step):
    x = step.c_s.alpha * step.estimate.x0 + step.c_s.sigma * step.estimate.eps
    return x if step.s == -1 else x + transition_variance(step.c_t, step.c_s) ** 0.5 * step.noise()


ANSWERS = {
    "two_step_variance": Answers(
        right=[0.0714, 1 / (0.8 / 0.2 + 1 / 0.1)],
        wrong={
            "beta for beta-tilde": 0.2,
            "the fraction upside down": 0.56,
            "the signal for the noise": 0.25,
            "beta for the accumulated variance": 0.1,
            "variances added": 0.0667,
            "the standard deviation": 0.267,
        },
    ),
    "posterior_mean": Answers(
        right=[towards_by_posterior, towards_by_loop, towards],
        wrong={
            "sigma squared for sigma": partial(towards, scale=lambda b, bar: b / (1 - bar)),
            "alpha-bar for 1 - beta": partial(towards, root=lambda b, bar: bar**0.5),
            "the clean estimate": lambda x, e, t, betas: (
                (DDPM(torch.nn.Identity(), betas).path.coeffs(t, like=x).add_noise(torch.zeros_like(x), -e) + x)
                / torch.cumprod(1 - betas, 0)[t][:, None].sqrt()
            ),
            "the noise of one step only": partial(towards, scale=lambda b, bar: b**0.5),
            "the other sign": partial(towards, scale=lambda b, bar: -b / torch.sqrt(1 - bar)),
            "not stretched": partial(towards, root=lambda b, bar: 1),
        },
    ),
    "kl_of_gaussians": Answers(
        right=[kl_by_distributions, kl_by_coordinates],
        wrong={
            "the other way round": lambda m, v, m_p, v_p: kl_by_distributions(m_p, v_p, m, v),
            "the bracket once": lambda m, v, m_p, v_p: (
                ((m - m_p) ** 2).sum(1) / (2 * v_p) + 0.5 * (v / v_p - 1 + torch.log(v_p / v))
            ),
            "the mean over coordinates": partial(kl_by_coordinates, reduce=torch.mean),
            "the forgotten 1": partial(kl_by_coordinates, one=0),
            "the missing half": partial(kl_by_coordinates, power=2),
            "variances squared": lambda m, v, m_p, v_p: kl_by_distributions(m, v * v, m_p, v_p * v_p),
            "the distance over the first variance": lambda m, v, m_p, v_p: (
                (m - m_p).norm(dim=1) ** 2 / v / 2 + kl_by_distributions(m, v, m, v_p)
            ),
            "the means alone": lambda m, v, m_p, v_p: (m - m_p).norm(dim=1) ** 2 / v_p / 2,
        },
    ),
    "bound_weights": Answers(
        right=[weight_by_gain, weight_by_loop],
        wrong={
            "the gain not squared": partial(weight_by_gain, root=True),
            "sigma for sigma squared": partial(weight_by_loop, root=True),
            "alpha-bar for 1 - beta": partial(weight_by_loop, bar_for_step=True),
            "gamma taken for beta": lambda betas, gammas: weight_by_loop(betas, betas),
            "gamma squared": partial(weight_by_loop, gamma_power=2),
            "the missing half": lambda betas, gammas: weight_by_gain(betas, gammas / 2),
        },
    ),
    "l_simple": Answers(
        right=[simple, simple_by_ddpm],
        wrong={
            "alpha-bar for its root": partial(simple, signal=1),
            "the variance for its root": partial(simple, noise=1),
            "the net sees the clean sample": partial(simple, clean=True),
            "the clean sample as the target": lambda net, x, t, e, bars: simple(net, x, t, e, bars, target=x),
            "the sum over coordinates": lambda net, x, t, e, bars: simple(net, x, t, e, bars) * x.numel() / len(x),
            "the sum over samples and coordinates": lambda net, x, t, e, bars: simple(net, x, t, e, bars) * x.numel(),
            "the mean before the square": simple_mean_first,
            "the time divided by T": partial(simple_with, clock=lambda t, T: t.float() / T),
            "alpha-bar a step early": partial(simple_with, when=lambda t: t - 1),
            "signal and noise exchanged": partial(simple_with, swap=True),
            "fresh noise as the target": partial(simple_with, aim=True),
            "noise of your own": partial(simple_with, draw=True),
        },
    ),
    "ancestral_rule": Answers(
        right=[stride, stride_by_eps],
        wrong={
            "noise in the last step": partial(stride, always=True),
            "the variance for its root": partial(stride, std=lambda forward, known: forward),
            "beta-tilde for beta": partial(ancestral, variance="beta_tilde"),
            "no noise at all": partial(stride, std=lambda forward, known: 0.0),
            "noise on top of a full step": stride_unpaid,
            "noise multiplied by noise": stride_by_product,
            "twice the variance": partial(stride, std=lambda forward, known: (2 * forward) ** 0.5),
            "the beta of one short step": stride_by_schedule,
            "not stretched": stride_unstretched,
            "all noise drawn anew": lambda step: step.c_s.add_noise(step.estimate.x0, step.noise()),
        },
    ),
}
