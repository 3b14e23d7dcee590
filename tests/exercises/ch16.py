"""Answers to the repairs of the bug museum."""

import math
from functools import partial
from itertools import pairwise

import numpy as np
import torch
import torch.autograd.forward_ad as fwAD
import torch.nn.functional as F

from lib import Coeffs, randn, seeded, solve
from lib.metrics import frechet_distance
from tests.exercises.answers import Answers


def f(t, T, power=2):
    return math.cos((t / T + 0.008) / 1.008 * math.pi / 2) ** power


def curve(T, first=1, last=0, power=2, by=None):
    """alpha-bar at the times first ... T - last, one by one."""
    by = f(0, T, power) if by is None else by
    return torch.tensor([f(t, T, power) / by for t in range(first, T + 1 - last)])


def bars_with_numpy(T):
    c = np.cos((np.arange(T + 1) / T + 0.008) / 1.008 * np.pi / 2)
    return (c[1:] / c[0]) ** 2


def bars_by_betas(T):
    whole = curve(T, first=0)
    betas = (1 - whole[1:].double() / whole[:-1].double()).clamp(max=0.999)
    return torch.cumprod(1 - betas, 0)


def angle_squared(T):
    angles = [((t / T + 0.008) / 1.008 * math.pi / 2) ** 2 for t in range(T + 1)]
    return torch.tensor([math.cos(a) / math.cos(angles[0]) for a in angles[1:]])


def betas(T, low, high):
    return torch.tensor([low + (high - low) * i / (T - 1) for i in range(T)])


def scaled(T):
    return torch.linspace(0.0001, 0.02, T) * 1000 / T


def trailing_by_range(T, steps):
    return torch.tensor([*range(T - 1, -1, -(T // steps)), -1])


def trailing_by_formula(T, steps):
    return T - 1 - torch.arange(steps + 1) * T // steps


def ddim(x0, eps, z, bar_t, bar_s, eta, spend=True, power=2, root=True):
    share = (1 - bar_s) / (1 - bar_t) * (1 - bar_t / bar_s)
    left = 1 - bar_s - (eta**power * share if spend else 0)
    std = eta * share**0.5 if root else eta**2 * share
    return bar_s**0.5 * x0 + torch.as_tensor(left).clamp(min=0) ** 0.5 * eps + std * z


def ddim_with_signal_and_noise(x0, eps, z, bar_t, bar_s, eta):
    sigma_t, sigma_s = (1 - bar_t).sqrt(), (1 - bar_s).sqrt()
    std = eta * sigma_s / sigma_t * (1 - bar_t / bar_s).sqrt()
    return bar_s.sqrt() * x0 + (sigma_s**2 - std**2).sqrt() * eps + std * z


def flow(net, x, eps, t, target=None, point=None):
    x_t = torch.lerp(eps, x, t[:, None]) if point is None else point
    return F.mse_loss(net(x_t, t), x - eps if target is None else target)


def flow_by_steps(net, x, eps, t):
    u = x - eps
    return ((net(eps + t.reshape(-1, 1) * u, t) - u) ** 2).mean()


def coins(y, p, generator):
    y = y.clone()
    y[torch.rand(y.shape, generator=generator) < p] = -1
    return y


def coins_by_loop(y, p, generator):
    heads = torch.bernoulli(torch.full(y.shape, p), generator=generator)
    return torch.stack([-torch.ones_like(one) if head else one for one, head in zip(y, heads)])


def zeroed(y, p, generator):
    y = y.clone()
    y[torch.rand(y.shape, generator=generator) < p] = 0
    return y


def kept_by_p(y, p, generator):
    gone = torch.rand(y.shape, generator=generator) > p
    return y.masked_fill(gone, -1)


def the_first(y, p, generator):
    y = y.clone()
    y[: round(p * len(y))] = -1
    return y


def on_noise(cond, uncond, scale, channels):
    (eps_c, rest), (eps_u, _) = (out.split([channels, channels], 1) for out in (cond, uncond))
    return torch.cat([eps_u + scale * (eps_c - eps_u), rest], 1)


def on_noise_in_place(cond, uncond, scale, channels):
    out = cond.clone()
    out[:, :channels] += (scale - 1) * (cond - uncond)[:, :channels]
    return out


def pushed(cond, uncond, scale, channels):
    out = cond.clone()
    out[:, :3] += (scale - 1) * channels / 3 * (cond - uncond)[:, :3]
    return out


def on_variances(cond, uncond, scale, channels):
    out = cond.clone()
    out[:, channels:] += (scale - 1) * (cond - uncond)[:, channels:]
    return out


def attend(q, k, v, scale=True, axis=-1, cut=False):
    scores = torch.einsum("...id,...jd->...ij", q, k) * (q.shape[-1] ** -0.5 if scale else 1)
    weights = torch.softmax(scores, axis)
    return torch.einsum("...ij,...jd->...id", weights.detach() if cut else weights, v)


def attend_by_exp(q, k, v):
    scores = q @ k.transpose(-1, -2) / math.sqrt(q.shape[-1])
    weights = (scores - scores.amax(-1, keepdim=True)).exp()
    return weights @ v / weights.sum(-1, keepdim=True)


def clipped(x0, eps, x_t, alpha, sigma, of_noise=None):
    """The data cut by hand; what it lost is handed to the noise."""
    cut = torch.where(x0 > 1, torch.ones_like(x0), torch.where(x0 < -1, -torch.ones_like(x0), x0))
    if of_noise:
        return cut, of_noise(eps)
    return cut, eps + (x0 - cut) * (alpha / sigma)


def clipped_by_lib(x0, eps, x_t, alpha, sigma):
    cut = x0.clip(-1, 1)
    return cut, solve("x0", cut, x_t, Coeffs(alpha, sigma)).eps


def clipped_then(rest):
    return lambda x0, eps, x_t, a, s: (torch.clip(x0, min=-1, max=1), rest(x_t, torch.clip(x0, min=-1, max=1), a, s))


def restored_in_place(saved):
    order = ["net", "average", "adam"]
    return [saved[name] for name in order]


def by_powers(weights, decay):
    """The closed form, in float64."""
    w, n = weights.double(), len(weights) - 1
    powers = decay ** torch.arange(n - 1, -1, -1, dtype=torch.float64)
    return decay**n * w[0] + (1 - decay) * powers @ w[1:]


def by_recursion(weights, decay, power=lambda d: d):
    keep = power(decay)
    average = weights[0].double()
    for newest in weights.unbind()[1:]:
        average = average + (newest.double() - average) * (1 - keep)
    return average


def float16_by_lerp(weights, decay):
    average, stream = weights[0].to(torch.float16), weights.to(torch.float16)
    for i in range(1, len(stream)):
        average = torch.lerp(average, stream[i], 1 - decay)
    return average


def marched(velocity, x, K, keep=torch.float64, fed=True, most=10**9):
    """Euler's rule with what the sum is kept in, and whether the net sees it."""
    K, state = min(K, most), x.to(keep)
    for i in range(K):
        u = velocity(state.bfloat16() if fed else x, i / K)
        state = state + u.to(keep) / K
    return state


def marched_by_way(velocity, x, K):
    """The way so far in float32, beside the start."""
    way = torch.zeros(x.shape)
    for i in range(K):
        way += velocity((x + way).bfloat16(), i / K) / K
    return (x + way).bfloat16()


def marched_with_way_in_half(velocity, x, K):
    way = x - x
    for i in range(K):
        way += velocity(x + way, i / K) / K
    return x.double() + way.double()


def mean_square(a):
    return (a**2).mean()


def identity(v, x, s, t, u, dx=1, ds=1, dt=0, sign=1):
    """Both sides of the identity of jumps, by two calls."""
    moves = (dx * u, torch.full(s.shape, float(ds)).to(s), torch.full(t.shape, float(dt)).to(t))
    with fwAD.dual_level():
        duals = [fwAD.make_dual(value, move) for value, move in zip((x, s, t), moves)]
        along = fwAD.unpack_dual(v(*duals)).tangent
    return v(x, s, t), u + sign * (t - s).unsqueeze(1) * along


def jumped(**moves):
    def loss(v, x, s, t, u):
        with torch.no_grad():
            _, target = identity(v, x, s, t, u, **moves)
        return mean_square(v(x, s, t) - target)

    return loss


def jumped_detached(v, x, s, t, u):
    now, target = identity(v, x, s, t, u)
    return mean_square(target.detach() - now)


def jumped_other_side(v, x, s, t, u):
    now, target = identity(v, x, s, t, u)
    return mean_square(target - now.detach())


def jumped_without_gradient(v, x, s, t, u):
    with torch.no_grad():
        now, target = identity(v, x, s, t, u)
        return mean_square(now - target)


def weighed(errors, p, root=False, power=1, fixed=True, one=False):
    by = errors.detach() if fixed else errors
    weights = torch.ones_like(errors) if one else (by**power + 0.001).pow(-p)
    plain = errors.detach() ** (0.5 if root else 1)
    return (weights * errors).sum() / len(errors), plain.sum() / len(plain)


def weighed_one_by_one(errors, p):
    loss = sum(e / (e.item() + 1e-3) ** p for e in errors) / len(errors)
    return loss, sum(errors.tolist()) / len(errors)


def together(ddp, *draw):
    with torch.no_grad():
        _, target = identity(ddp.module, *draw)
    return mean_square(ddp(*draw[:3]) - target)


def together_by_a_call(ddp, *draw):
    """A call whose answer nobody needs prepares the averaging, too."""
    ddp(*draw[:3])
    return jumped_detached(ddp.module, *draw)


def together_with_a_moving_target(ddp, *draw):
    return mean_square(ddp(*draw[:3]) - identity(ddp.module, *draw)[1])


def together_on_the_spot(ddp, *draw):
    return mean_square(ddp(*draw[:3]) - identity(ddp.module, *draw, dx=0)[1].detach())


def share(step, rank, world, size):
    n = size // world
    return torch.randn(size, 2, generator=torch.Generator().manual_seed(step))[rank * n : rank * n + n]


def share_by_reshape(step, rank, world, size):
    return randn((size, 2), generator=seeded(step)).reshape(world, -1, 2)[rank]


def own_share(seed):
    return lambda step, rank, world, size: torch.randn(
        size // world, 2, generator=torch.Generator().manual_seed(seed(step, rank, world))
    )


def share_of_own_order(step, rank, world, size):
    n = size // world
    mine = torch.randperm(size, generator=torch.Generator().manual_seed(rank))[n * rank : n * (rank + 1)]
    return torch.randn(size, 2, generator=torch.Generator().manual_seed(step))[mine]


# --- density_of_a_flow


def gathered(flow, x, times, sign=1, base=None, way=1):
    """The walk to the noise, by differences of the times."""
    begin, change = x, 0.0
    for i in range(len(times) - 1):
        h = times[i + 1] - times[i]
        u, div = flow(x, times[i])
        x, change = x + way * h * u, change + h * div
    place = begin if base == "data" else x
    size = change.abs() if sign == "size" else sign * change
    return -(place**2).sum(1) / 2 - place.shape[1] / 2 * math.log(2 * math.pi) + size


def gathered_by_torch(flow, x, times):
    normal, left = torch.distributions.Normal(0.0, 1.0), 0
    for t, s in pairwise(times):
        u, div = flow(x, t)
        left = left + (t - s) * div
        x = x - (t - s) * u
    return normal.log_prob(x).sum(1) - left


# --- honest_share


def gaps_of(x, points):
    return (x[:, None] - points).square().sum(2).sqrt()


def caught(gaps, c):
    two = gaps.topk(2, dim=1, largest=False).values
    return (two[:, 0] / two[:, 1] < c).sum().item() / len(gaps)


def among_themselves(x):
    gaps = gaps_of(x, x)
    return gaps[~torch.eye(len(x), dtype=torch.bool)].reshape(len(x), -1)


def multiple_one_by_one(samples, train, c):
    """Each real point against a set without it."""
    real = [caught(gaps_of(train[i : i + 1], torch.cat([train[:i], train[i + 1 :]])), c) for i in range(len(train))]
    return caught(gaps_of(samples, train), c) / (sum(real) / len(real))


def no_zeros(samples, train, c):
    found = []
    for gaps in (gaps_of(samples, train), gaps_of(train, train)):
        gaps[gaps == 0] = 1e9
        found.append(caught(gaps, c))
    return found[0] / found[1]


# --- bits_of_a_picture


def stored(log_density, k, place=lambda k: (k + torch.from_numpy(np.random.default_rng(0).random(k.shape))) / 17):
    D = k.shape[-1]
    return (D * math.log2(17) - log_density(place(k)) / math.log(2)) / D


def stored_evenly(log_density, k, parts=64):
    """The mean over points that lie evenly in each level."""
    offsets = (torch.arange(parts) + 0.5) / parts
    return sum(stored(log_density, k, lambda k, w=w: (k + w) / 17) for w in offsets) / parts


def stored_held_down(log_density, k):
    return stored(lambda x: torch.minimum(log_density(x), torch.zeros(len(x))), k, lambda k: (2 * k + 1) / 34)


# --- distance_by_epoch


def one_by_one(epochs, real, of=lambda distance: distance):
    found = []
    for fakes in epochs:
        found.append(of(frechet_distance(fakes, real)))
    return torch.tensor(found, dtype=torch.float64)


def distances_by_moments(epochs, real):
    """From means and covariances, with a root by eigenvalues."""
    found = []
    for fakes in epochs:
        A, B = fakes.T.cov(), real.T.cov()
        overlap = torch.linalg.eigvals(A @ B).real.clamp_min(0).sqrt().sum()
        found.append((fakes.mean(0) - real.mean(0)).square().sum() + A.trace() + B.trace() - 2 * overlap)
    return found


def together_so_far(epochs, real, keep=99, cut=False):
    found = []
    for i in range(1, len(epochs) + 1):
        some = torch.cat(list(epochs)[max(0, i - keep) : i])
        found.append(frechet_distance(some, real[: len(some)] if cut else real))
    return found


def mean_so_far(epochs, real):
    found = one_by_one(epochs, real).tolist()
    return [sum(found[:i]) / i for i in range(1, len(found) + 1)]


ANSWERS = {
    "finite_weights": Answers(
        right=[curve, bars_with_numpy, bars_by_betas],
        wrong={
            "the first entry clamped": lambda T: torch.minimum(curve(T, 0, 1).double(), torch.tensor(0.9999)),
            "the missing division by f(0)": lambda T: curve(T, 0, 1, by=1),
            "divided by the first step": lambda T: curve(T, by=f(1, T)),
        },
    ),
    "bent_curve": Answers(
        right=[curve, bars_with_numpy],
        wrong={
            "squared twice": lambda T: curve(T) ** 2,
            "the root instead of the square": lambda T: curve(T, power=1).clamp(min=0) ** 0.5,
            "the square inside the cosine": angle_squared,
        },
    ),
    "odd_line": Answers(
        right=[
            lambda n: torch.linspace(0, n, n) / n,
            lambda n: torch.arange(n) / (n - 1),
            lambda n: np.linspace(0, n - 1, n) / (n - 1),
        ],
        wrong={
            "a repair that breaks it": lambda n: torch.linspace(0, n - 1, n) / n,
            "half of the repair": lambda n: torch.arange(n) * n / (n - 1) ** 2,
            "counted from one": lambda n: torch.linspace(1, n, n) / n,
        },
    ),
    "linear_schedule": Answers(
        right=[scaled, lambda T: betas(T, 0.1 / T, 20 / T)],
        wrong={
            "only the end scaled": lambda T: betas(T, 1e-4, 20 / T),
            "scaled the wrong way round": lambda T: betas(T, 1e-4, 0.02) * T / 1000,
            "the thousand betas thinned out": lambda T: betas(1000, 1e-4, 0.02)[range(0, 1000, 1000 // T)],
        },
    ),
    "grey_pictures": Answers(
        right=[trailing_by_range, trailing_by_formula],
        wrong={
            "shifted by one": lambda T, n: torch.tensor([*range(T - T // n + 1, 0, -(T // n)), -1]),
            "both ends forced": lambda T, n: torch.tensor([*np.linspace(T - 1, 0, n).round(), -1]),
            "from T itself": lambda T, n: torch.tensor([*range(T, 0, -(T // n)), -1]),
        },
    ),
    "v_to_x0": Answers(
        right=[
            lambda v, x, a, s: x * a - v * s,
            lambda v, x, a, s: (x - s * (s * x + a * v)) / a,
        ],
        wrong={
            "the noise instead of the data": lambda v, x, a, s: a * v + s * x,
            "all signs turned": lambda v, x, a, s: -(a * x - s * v),
            "solved as if v were the noise": lambda v, x, a, s: x / a - v * s / a,
        },
    ),
    "ddim_noise": Answers(
        right=[ddim, ddim_with_signal_and_noise],
        wrong={
            "fresh noise on top": lambda *a: ddim(*a, spend=False),
            "eta without its square": lambda *a: ddim(*a, power=1),
            "a variance for a standard deviation": lambda *a: ddim(*a, root=False),
        },
    ),
    "net_input": Answers(
        right=[flow, flow_by_steps],
        wrong={
            "the noise fed": lambda net, x, eps, t: flow(net, x, eps, t, point=eps),
            "the clock backwards": lambda net, x, eps, t: flow(net, x, eps, t, point=torch.lerp(x, eps, t[:, None])),
            "the target turned round": lambda net, x, eps, t: flow(net, x, eps, t, target=eps - x),
        },
    ),
    "guidance_weight": Answers(
        right=[
            lambda c, u, s: torch.lerp(u, c, s),
            lambda c, u, s: s * c + (1 - s) * u,
        ],
        wrong={
            "weights that do not sum to 1": lambda c, u, s: s * c - (1 - s) * u,
            "the answers swapped": lambda c, u, s: torch.lerp(c, u, s),
            "switched off at 1 and below": lambda c, u, s: torch.lerp(u, c, max(s, 1.0)),
        },
    ),
    "label_coin": Answers(
        right=[coins, coins_by_loop],
        wrong={
            "inverted": kept_by_p,
            "a class for the null label": zeroed,
            "always the same number": the_first,
        },
    ),
    "lagging_channel": Answers(
        right=[on_noise, on_noise_in_place],
        wrong={
            "the variances guided too": lambda c, u, s, n: u + s * (c - u),
            "a larger scale instead": pushed,
            "the other half": on_variances,
        },
    ),
    "attention_derivative": Answers(
        right=[attend, attend_by_exp],
        wrong={
            "the missing root": lambda q, k, v: attend(q, k, v, scale=False),
            "the wrong axis": lambda q, k, v: attend(q, k, v, axis=-2),
            "weights cut off from the derivative": lambda q, k, v: attend(q, k, v, cut=True),
        },
    ),
    "clipped_estimate": Answers(
        right=[clipped, clipped_by_lib],
        wrong={
            "the noise clipped as well": partial(clipped, of_noise=lambda e: e.clip(-1, 1)),
            "the state clipped": lambda x0, e, x_t, a, s: ((x_t.clip(-1, 1) - s * e) / a, e),
            "alpha and sigma exchanged": clipped_then(lambda x_t, x0, a, s: x_t / a - s / a * x0),
            "the division forgotten": clipped_then(lambda x_t, x0, a, s: x_t - a * x0),
            "divided by the variance": clipped_then(lambda x_t, x0, a, s: (x_t / s - a / s * x0) / s),
        },
    ),
    "resumed_run": Answers(
        right=[restored_in_place, lambda saved: (saved["net"], saved["average"], saved["adam"])],
        wrong={
            "Adam starts anew": lambda saved: (saved["net"], saved["average"], None),
            "the average starts from the weights": lambda saved: [saved["net"]] * 2 + [saved["adam"]],
            "the average starts anew": lambda saved: (saved["net"], None, saved["adam"]),
            "the two exchanged": lambda saved: restored_in_place(
                saved | {"net": saved["average"], "average": saved["net"]}
            ),
        },
    ),
    "average_in_half": Answers(
        right=[by_powers, by_recursion],
        wrong={
            "float16 for bfloat16": float16_by_lerp,
            "a shorter memory": lambda weights, decay: by_powers(weights, 0.9),
            "the decay rounded as well": partial(
                by_recursion, power=lambda d: float(torch.tensor(d, dtype=torch.bfloat16))
            ),
            "the mean of all steps": lambda weights, decay: weights.double().sum(0) / len(weights),
        },
    ),
    "state_in_half": Answers(
        right=[marched, marched_by_way],
        wrong={
            "fewer steps": partial(marched, keep=torch.bfloat16, most=50),
            "the displacement in half": marched_with_way_in_half,
            "the net sees the first state": partial(marched, fed=False),
        },
    ),
    "rows_of_a_process": Answers(
        right=[share, share_by_reshape],
        wrong={
            "step and rank added": own_share(lambda step, rank, world: rank + step),
            "a stream for each process": own_share(lambda step, rank, world: rank + world * step),
            "everything for everybody": lambda step, rank, world, size: share(step, 0, 1, size),
            "shuffled apart": share_of_own_order,
        },
    ),
    "jump_training": Answers(
        right=[jumped(), jumped_detached],
        wrong={
            "the other side held fixed": jumped_other_side,
            "everything held fixed": jumped_without_gradient,
            "the velocity alone for a target": lambda v, x, s, t, u: mean_square(u - v(x, s, t)),
        },
    ),
    "jump_tangent": Answers(
        right=[jumped(), jumped_detached],
        wrong={
            "the sign of another clock": jumped(sign=-1),
            "the sign turned instead": jumped(ds=0, dt=1, sign=-1),
            "both times move": jumped(dt=1),
            "the point stands still": jumped(dx=0),
        },
    ),
    "printed_loss": Answers(
        right=[weighed, weighed_one_by_one],
        wrong={
            "no weights at all": partial(weighed, one=True),
            "the weights not held fixed": partial(weighed, fixed=False),
            "the weight of the square": partial(weighed, power=2),
            "the root for the square": partial(weighed, root=True),
        },
    ),
    "gradients_of_a_process": Answers(
        right=[together, together_by_a_call],
        wrong={
            "divided by the number of processes": lambda ddp, *draw: 0.5 * jumped_detached(ddp.module, *draw),
            "a target that moves": together_with_a_moving_target,
            "the path left out": together_on_the_spot,
        },
    ),
    "density_of_a_flow": Answers(
        right=[gathered, gathered_by_torch],
        wrong={
            "the times turned round": lambda flow, x, times: gathered(flow, x, list(reversed(times)), sign=-1),
            "no divergence": lambda flow, x, times: gathered(flow, x, times, sign=0),
            "the size of the divergence": lambda flow, x, times: gathered(flow, x, times, sign="size"),
            "the density at the data": lambda flow, x, times: gathered(flow, x, times, base="data"),
        },
    ),
    "honest_share": Answers(
        right=[
            lambda samples, train, c: caught(gaps_of(samples, train), c) / caught(among_themselves(train), c),
            multiple_one_by_one,
        ],
        wrong={
            "distances of zero left out everywhere": no_zeros,
            "what an even cloud has": lambda samples, train, c: caught(gaps_of(samples, train), c) / c**2,
            "the samples among themselves": lambda samples, train, c: (
                caught(gaps_of(samples, train), c) / caught(among_themselves(samples), c)
            ),
            "the multiple turned round": lambda samples, train, c: 1 / multiple_one_by_one(samples, train, c),
        },
    ),
    "bits_of_a_picture": Answers(
        right=[stored, stored_evenly],
        wrong={
            "the corner of the level": lambda log_density, k: stored(log_density, k, lambda k: k / 17),
            "half a level too low": lambda log_density, k: stored(
                log_density, k, lambda k: (k + torch.rand(k.shape) - 0.5) / 17
            ),
            "noise of the wrong size": lambda log_density, k: stored(
                log_density, k, lambda k: k / 17 + torch.rand(k.shape)
            ),
            "the density held down": stored_held_down,
        },
    ),
    "distance_by_epoch": Answers(
        right=[one_by_one, distances_by_moments],
        wrong={
            "as many real ones": lambda epochs, real: together_so_far(epochs, real, cut=True),
            "the mean of the distances so far": mean_so_far,
            "the last two epochs": lambda epochs, real: together_so_far(epochs, real, keep=2),
            "a root of it": lambda epochs, real: one_by_one(epochs, real, of=lambda distance: distance**0.5),
        },
    ),
}
