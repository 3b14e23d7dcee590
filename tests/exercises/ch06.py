"""Answers to the exercises of chapter 06."""

import math

import torch
import torch.nn.functional as F

from tests.exercises.answers import Answers

# --- cfm


def cfm_by_parts(net, x_data, eps, t):
    t_column = t.reshape(-1, 1)
    velocity = x_data - eps
    return F.mse_loss(net(eps + t_column * velocity, t), velocity)


def cfm_one_by_one(net, x_data, eps, t):
    total = 0.0
    for i in range(len(t)):
        x_t = t[i] * x_data[i] + (1 - t[i]) * eps[i]
        error = net(x_t[None], t[i : i + 1])[0] - (x_data[i] - eps[i])
        total += error.pow(2).sum() / error.numel()
    return total / len(t)


def cfm(see, aim, measure=F.mse_loss):
    def loss(net, x_data, eps, t):
        time = t.unsqueeze(-1)
        return measure(net(see(x_data, eps, time), t), aim(x_data, eps))

    return loss


def cfm_with_its_own(net, x_data, eps, t):
    return cfm_by_parts(net, x_data, torch.randn(len(x_data), x_data.shape[1]), t)


def on_the_line(x_data, eps, time):
    return time * x_data + eps - time * eps


def forwards(x_data, eps):
    return x_data - eps


# --- marginal


def marginal_by_loop(x, t, data):
    fields = []
    for place in x:
        densities = torch.stack([torch.exp(-(place - t * d).pow(2).sum() / 2 / (1 - t) ** 2) for d in data])
        velocities = torch.stack([(d - place) / (1 - t) for d in data])
        fields.append((densities[:, None] * velocities).sum(0) / densities.sum())
    return torch.stack(fields)


def marginal_by_distributions(x, t, data):
    away = torch.distributions.Normal(t * data, 1 - t).log_prob(x[:, None]).sum(-1)
    return (torch.softmax(away, 1) @ data - x) / (1 - t)


def marginal(exponent, normalise=True):
    """`exponent(square distance to shrunk data, to the data, t)`."""

    def field(x, t, data):
        shrunk, whole = ((x[:, None] - place).pow(2).sum(-1) for place in (t * data, data))
        w = torch.exp(exponent(shrunk, whole, t))
        w = w / w.sum(1, keepdim=True) if normalise else w / len(data)
        return torch.einsum("bn,bnd->bd", w, data - x[:, None]) / (1 - t)

    return field


def marginal_nearest(x, t, data):
    index = (x[:, None] - t * data).norm(dim=-1).min(1).indices
    return (data[index] - x) / (1 - t)


def bayes(exponent_at_one, exponent_at_minus_one):
    p = math.exp(exponent_at_one) / (math.exp(exponent_at_one) + math.exp(exponent_at_minus_one))
    return p * (1 - 0.5) / 0.5 + (1 - p) * (-1 - 0.5) / 0.5


ANSWERS = {
    "velocity_at_a_point": Answers(
        right=[0.523, bayes(0.0, -2.0), 2 * (math.tanh(1) - 0.5)],
        wrong={
            "the nearer point alone": 1,
            "even weights": -1,
            "sigma for sigma squared": bayes(0.0, -1.0),
            "data that did not shrink": bayes(-0.5, -4.5),
            "the rest of the time forgotten": bayes(0.0, -2.0) / 2,
            "the velocity of the other clock": -0.523,
        },
    ),
    "least_loss": Answers(
        right=[8, 10 - (9 * 0.25 - 0.75) ** 2 / (9 * 0.25**2 + 0.75**2)],
        wrong={
            "a perfect net without a loss": 0,
            "the variance of the target": 10,
            "the error of the data": 4.5,
            "the rest of the time without its square": 6,
            "the two errors as if independent": 4.5 + 0.5,
            "the deviation for the variance": 4,
            "the root taken": math.sqrt(8),
        },
    ),
    "flow_matching_loss": Answers(
        right=[cfm_by_parts, cfm_one_by_one],
        wrong={
            "the velocity with a plus": cfm(on_the_line, lambda x, e: x + e),
            "the velocity of the other clock": cfm(on_the_line, lambda x, e: e - x),
            "the net fed with data": cfm(lambda x, e, t: x, forwards),
            "the mixture turned round": cfm(lambda x, e, t: (1 - t) * x + t * e, forwards),
            "the net told the other clock": lambda net, x, e, t: cfm_by_parts(lambda x_t, s: net(x_t, 1 - s), x, e, t),
            "a sum over the coordinates": cfm(on_the_line, forwards, lambda a, b: (a - b).pow(2).sum() / len(a)),
            "the absolute error": cfm(on_the_line, forwards, F.l1_loss),
            "the mean before the square": cfm(on_the_line, forwards, lambda a, b: (a - b).mean() ** 2),
            "the data as the target": cfm(on_the_line, lambda x, e: x),
            "the noise as the target": cfm(on_the_line, lambda x, e: e),
            "fresh noise as the target": cfm(on_the_line, lambda x, e: x - torch.randn(x.shape)),
            "noise of your own": cfm_with_its_own,
            "the net fed with noise": cfm(lambda x, e, t: e, forwards),
            "the roots of another path": cfm(lambda x, e, t: t**0.5 * x + (1 - t) ** 0.5 * e, forwards),
            "the time multiplied outside": lambda net, x, e, t: cfm_by_parts(lambda x_t, s: net(x_t, s * 1e3), x, e, t),
        },
    ),
    "marginal_field": Answers(
        right=[marginal_by_loop, marginal_by_distributions],
        wrong={
            "the nearest point alone": marginal_nearest,
            "even weights": lambda x, t, data: (data.mean(0) - x) / (1 - t),
            "densities that do not sum to 1": marginal(lambda a, b, t: -a / 2 / (1 - t) ** 2, normalise=False),
            "sigma for sigma squared": marginal(lambda a, b, t: -a / 2 / (1 - t)),
            "the forgotten half": marginal(lambda a, b, t: -a / (1 - t) ** 2),
            "data that did not shrink": marginal(lambda a, b, t: -b / 2 / (1 - t) ** 2),
            "the rest of the time forgotten": lambda x, t, data: marginal_by_loop(x, t, data) * (1 - t),
        },
    ),
    "noisy_end_path": Answers(
        right=[
            lambda t, least: (t, least * t + (1 - t), 1.0, least - 1.0),
            lambda t, least: (t, least + (1 - least) * (1 - t), t**0, -(1 - least) * t**0),
        ],
        wrong={
            "the minimum added on top": lambda t, least: (t, least + 1 - t, t**0, -(t**0)),
            "the slope of the other straight path": lambda t, least: (t, least * t + 1 - t, 1.0, -1.0),
            "the slope without its sign": lambda t, least: (t, least * t + 1 - t, 1.0, 1 - least),
            "data that shrink as well": lambda t, least: (t - least * t, least * t + 1 - t, 1 - least, least - 1),
            "nothing left at the end": lambda t, least: (t, 1.0 - t, 1.0, -1.0),
            "the clock turned round": lambda t, least: (1 - t, t + least * (1 - t), -1.0, 1.0 - least),
        },
    ),
}
