"""The self-test's numbers and formulas, computed anew with lib.

NUMBERS[id] is the list [answer, wrong number, ...] in the order of the question. FORMULAS[id](draw) is (values of the names, what
the formula must give there); draw(n, low, high) are uniform numbers.
"""

import math

import torch
import torch.nn.functional as F
from torch import nn
from torch.utils.flop_counter import FlopCounterMode

from lib import (
    DDPM,
    EMA,
    Coeffs,
    CosinePath,
    DiscreteSchedule,
    DiTBlock,
    Estimate,
    GaussianMixture,
    Guided,
    LinearPath,
    Oracle,
    SinusoidalTimeEmbedding,
    calls_a_step,
    cosine_betas,
    ddim,
    dpmpp_2m,
    explicit_attention,
    heun,
    leading_grid,
    linear_betas,
    make_target,
    min_snr_weight,
    patchify,
    randn,
    rk4,
    sample,
    scaled_linear_betas,
    seeded,
    solve,
    trailing_grid,
    two_moons,
    two_moons_mixture,
    zero_terminal_snr,
)
from lib.flow_map import FlowMap, eulerian
from lib.labels import NO_LABEL
from lib.likelihood import standard_normal
from lib.memorisation import collapse
from lib.nets.dit import modulate
from lib.samplers import Step, posterior_variance
from lib.training import logit_normal

MOONS = two_moons_mixture()
LINEAR = DiscreteSchedule(linear_betas(1000))
UNSCALED = DiscreteSchedule(linear_betas(50, rescale=False))


class Says2(nn.Module):
    """A net that is told two times, and answers with a function of point and times."""

    def __init__(self, answer):
        super().__init__()
        self.answer, self.shape = answer, (1,)

    def forward(self, x, times, y=None):
        return self.answer(x, *times[:, :, None].unbind(1))


# --- numbers ------------------------------------------------------------------------------------------------------------


def directions(scale: float, share: float = 0.999) -> int:
    """How many directions hold this share of the embedding's variance over the clock [0, 1]."""
    rows = SinusoidalTimeEmbedding(128, t_scale=scale)(torch.linspace(0, 1, 2001, dtype=torch.float64)).double()
    energy = torch.linalg.svdvals(rows - rows.mean(0)).square().cumsum(0)
    return int((energy / energy[-1] < share).sum()) + 1


def moving(spread: float = 0.01) -> int:
    """How many dimensions of the embedding at scale 1 have at least this standard deviation over the clock [0, 1]."""
    rows = SinusoidalTimeEmbedding(128)(torch.linspace(0, 1, 2001, dtype=torch.float64)).double()
    return int((rows.std(0) >= spread).sum())


def middle_density(half: float = 0.01, n: int = 2_000_000) -> float:
    """The density of logit-normal times around one half."""
    times = logit_normal(n, generator=seeded(0))
    return ((times - 0.5).abs() < half).double().mean().item() / (2 * half)


def numbers() -> dict[str, list[float]]:
    end, end_50 = LINEAR.alpha_bars[-1].item(), UNSCALED.alpha_bars[-1].item()
    gain = math.sqrt((1 - end) / end)
    one_step = sample(Oracle(MOONS, LinearPath()), torch.tensor([[3.0, -1.0]], dtype=torch.float64), 1)
    fastest = SinusoidalTimeEmbedding(128).freqs[0].item()
    perfect = 32 * (32 + 5) / (2 * 1000)
    tokens = patchify(torch.zeros(1, 1, 28, 28), 4).shape[1]
    mse_per_v, nine = 1 + 9, torch.tensor([math.log(9)])
    decay = 0.9999**1000
    wanted = (1.96 + 0.84) ** 2 * 2
    eps = randn((40_000, 2), generator=seeded(0))
    x_data, t = two_moons(len(eps), generator=seeded(1))[0], torch.arange(len(eps)) % LINEAR.T
    answers = Oracle(MOONS, LINEAR).estimate(LINEAR.coeffs(t, like=eps).add_noise(x_data, eps), t).eps
    loss = F.mse_loss(answers, eps).item()
    middle, normal = middle_density(), 1 / math.sqrt(2 * math.pi)
    nine_and_one = torch.tensor([[3.0], [1.0]])  # what is off where noise and data are 0, and so is the velocity
    weighed = FlowMap(Says2(lambda x, s, t: nine_and_one), diagonal=1, power=0.5).loss(
        0 * nine_and_one, eps=0 * nine_and_one
    )
    level, tenfold = collapse(400, 2), collapse(10_000, 64) / collapse(1000, 64)
    return {
        "level-of-collapse": [level, level**2, 1 / level, collapse(400, 4), collapse(400, 2 * math.log(2))],
        "tenfold-points": [
            tenfold, collapse(10_000, 2) / collapse(1000, 2), 10 ** (-1 / 64), 1 / tenfold, tenfold**2
        ],
        "accused-in-three": [(1 / 3) ** 3, (1 / 3) ** 2, 1 / 3, 3 * (1 / 3), 0],
        "bits-of-grey": [math.log2(256), 0, math.log(256), -math.log2(256), math.log2(256 / 2)],
        "weighed-loss": [weighed.item(), (9 + 1) / 2, 1, (9**-0.5 + 1) / 2, 5**0.5],
        "sample-floor": [0.06 * 4**-0.5, 0.06 / 4, 0.06, 0],
        "scale-shift": [2 * math.log(5), math.log(5), 5**2, -2 * math.log(5), 2 * math.log10(5)],
        "abar-linear": [end, math.sqrt(end), 1 - LINEAR.betas[-1].item(), 0, LINEAR.betas[-1].item()],
        "abar-50": [end_50, end, 0, math.sqrt(end_50)],
        "gain-at-T": [0.01 * gain, 0.01 / gain, 0.01 * gain**2, 0.01],
        "sd3-shift": [2 * math.log(3), math.log(3), 3, 3**2, 4 * math.log(3)],
        "min-snr-v": [*(min_snr_weight(nine, target).item() for target in ("v", "x0", "eps")), 9 / mse_per_v, mse_per_v],
        "v-weight": [mse_per_v, 9, 1, math.sqrt(9), 1 + math.sqrt(9)],
        "answers-std": [answers.std().item(), 1, 1 - loss, math.sqrt(loss), math.sqrt(1 + loss)],
        "step-noise": [math.sqrt(0.0004), 0.0004, 0.0004**2, 0.0004 / 2],
        "leading-start": [
            leading_grid(1000, 5)[0].item(), trailing_grid(1000, 5)[0].item(), 1000, trailing_grid(1000, 5)[1].item()
        ],
        "one-euler-step": [one_step[0, 0].item(), 3, 1, -3],
        "pair-distance": [100 * (1 + 1), 100 * 1, 1 + 1, 0, math.sqrt(100 * 2)],
        "fed-x1": [1.0, 0, 1 + MOONS.variance[0].item(), 1.39],
        "rk4-guided": [10 * calls_a_step(rk4) * 2, 10, 10 * calls_a_step(rk4), 10 * 2],
        "heun-order": [2**2, 2**1, 2**4, 2**3],
        "directions": [directions(1), 128, 64, moving(), directions(1000)],
        "turns": [1000 * fastest / (2 * math.pi), 1000, fastest / (2 * math.pi), 1000 * 2 * math.pi],
        "ema-start": [decay, 1 - decay, 1000 / 10_000, 1 - 0.9999, 0],
        "logit-normal-middle": [middle, normal, normal * 0.5 * (1 - 0.5), 1 / middle, 1],
        "seeds-needed": [round(wanted / 4), round(wanted), round(wanted / 2), round(wanted * 4), 1],
        "tokens": [tokens, math.sqrt(tokens), 28**2 / 4, 4**2, 28**2],
        "square-dominates": [6 * 384, 4 * 384, 384, 384 / 6],
        "convention-shift": [4 + 1, 4, 4 - 1],
        "null-zero": [0.5 * 0.1 / (0.5 + 0.5 * 0.1), 0.1, 0.5 * 0.1, 0.5],
        "perfect-frechet": [perfect, 0, 2 * 32 / 1000, 2 * perfect],
        "fewer-tokens": [(256 / 2) ** 2 / (32 / 2) ** 2, 128 / 16, 64**2, 3 * 256**2 / (4 * 32**2), 128**2 / 32**2],
        "two-thousand": [1000 * 1000, 1000, 1000 + 1000, 1],
    }  # fmt: skip


def order_keys() -> dict[str, list[float]]:
    """What the items of some orderings are ordered by, in the order of the answer: these must increase."""
    ends = [
        UNSCALED.alpha_bars,
        DiscreteSchedule(scaled_linear_betas(1000)).alpha_bars,
        LINEAR.alpha_bars,
        DiscreteSchedule(cosine_betas(1000)).alpha_bars,
        DiscreteSchedule(zero_terminal_snr(linear_betas(1000))).alpha_bars,
    ]
    return {
        "ends-order": [-bars[-1].item() for bars in ends],
        "cost-order": [
            12 * calls_a_step(dpmpp_2m),
            8 * calls_a_step(heun),
            10 * 2,
            6 * calls_a_step(rk4),
            15 * calls_a_step(heun) * 2,
        ],
        "weights-order": [0, 0 + 1, 1.5, 1 + 1, 3],
    }


# --- formulas -----------------------------------------------------------------------------------------------------------


def _on_the_circle(draw) -> Coeffs:
    angle = draw(30, 0.2, 1.4)
    return Coeffs(angle.cos(), angle.sin())


def _moons(draw):
    c = Coeffs(0.6, 0.8)
    x_t = torch.stack([draw(30, -2, 2), draw(30, -2, 2)], -1)
    return c, x_t, MOONS.score(x_t, c)[:, 0], MOONS.estimate(x_t, c)


def score_from_noise(draw):
    c, _, score, estimate = _moons(draw)
    return {"eps": estimate.eps[:, 0], "alpha": c.alpha, "sigma": c.sigma}, score


def tweedie(draw):
    c, x_t, score, estimate = _moons(draw)
    return {"x_t": x_t[:, 0], "s": score, "alpha": c.alpha, "sigma": c.sigma}, estimate.x0[:, 0]


def eq_star(draw):
    x, eps, t = draw(30, -2, 2), draw(30, -2, 2), draw(30, 0, 999).long()
    return {"x": x, "eps": eps, "abar": LINEAR.alpha_bars[t]}, LINEAR.coeffs(t).add_noise(x, eps)


def cosine_formula(draw):
    s = draw(1, 0.005, 0.3).item()
    bars = torch.cumprod(1 - cosine_betas(1000, s=s), 0)[:950]
    return {"u": torch.arange(1, 951).double() / 1000, "s": s}, bars


def define_v(draw):
    c, x, eps = _on_the_circle(draw), draw(30, -2, 2), draw(30, -2, 2)
    return {"alpha": c.alpha, "sigma": c.sigma, "x": x, "eps": eps}, make_target("v", x, eps, c)


def eps_to_v(draw):
    c, x_t, eps = _on_the_circle(draw), draw(30, -2, 2), draw(30, -2, 2)
    names = {"alpha": c.alpha, "sigma": c.sigma, "x_t": x_t, "eps": eps}
    return names, make_target("v", *solve("eps", eps, x_t, c), c)


def _posterior(draw):
    model, t = DDPM(nn.Identity()), draw(30, 1, 999).long()
    x_t, eps = draw(30, -2, 2), draw(30, -2, 2)
    mean, variance = model.posterior(x_t, solve("eps", eps, x_t, LINEAR.coeffs(t)).x0, t)
    return t, x_t, eps, mean, variance


def posterior_variance_formula(draw):
    t, _, _, _, variance = _posterior(draw)
    return {"beta": LINEAR.betas[t], "abar": LINEAR.alpha_bars[t], "abar_before": LINEAR.alpha_bars[t - 1]}, variance


def reverse_mean(draw):
    t, x_t, eps, mean, _ = _posterior(draw)
    return {"x_t": x_t, "eps": eps, "beta": LINEAR.betas[t], "abar": LINEAR.alpha_bars[t]}, mean


class Says:
    """A model that answers with a given noise, or with one that depends on the label."""

    def __init__(self, path, eps, unlabelled=None):
        self.path, self.eps, self.unlabelled = path, eps, unlabelled

    def estimate(self, x_t, t, y=None):
        eps = self.eps if y is None else torch.where(y == NO_LABEL, self.unlabelled.repeat(2), self.eps.repeat(2))
        return solve("eps", eps, x_t, self.path.coeffs(t, like=x_t))


def ddim_step(draw):
    x_t, eps, t, s = draw(30, -2, 2), draw(30, -2, 2), 700, 300
    model, c_t, c_s = Says(LINEAR, eps), LINEAR.coeffs(t), LINEAR.coeffs(s)
    step = Step(model, None, t, s, c_t, c_s, x_t, Estimate(*solve("eps", eps, x_t, c_t)), None, None)
    names = {"x_t": x_t, "eps": eps, "alpha_t": c_t.alpha, "sigma_t": c_t.sigma}
    return names | {"alpha_s": c_s.alpha, "sigma_s": c_s.sigma}, ddim(step)


def kept_share(draw):
    """DDPM keeps the share rho, and its noise is that of the posterior."""
    c_t, c_s = LINEAR.coeffs(700), LINEAR.coeffs(300)
    rho = (c_t.alpha / c_t.sigma) / (c_s.alpha / c_s.sigma)
    c = torch.tensor([rho, math.sqrt(posterior_variance(c_t, c_s)) / c_s.sigma], dtype=torch.float64)
    return {"c": c[:1]}, c[1:]


def flow_target(draw):
    x, eps, t = draw(30, -2, 2), draw(30, -2, 2), draw(30, 0.05, 0.95)
    return {"x": x, "eps": eps, "t": t}, make_target("u", x, eps, LinearPath().coeffs(t))


def u_on_cosine(draw):
    c, x, eps = CosinePath().coeffs(draw(30, 0, 1)), draw(30, -2, 2), draw(30, -2, 2)
    return {"v": make_target("v", x, eps, c)}, make_target("u", x, eps, c)


def frequency(draw):
    period = draw(1, 100, 10_000).item()
    freqs = SinusoidalTimeEmbedding(64, max_period=period).freqs.double()
    return {"i": torch.arange(32).double(), "h": 32, "P": period}, freqs


def ema_update(draw):
    net, start, new = nn.Linear(30, 1, bias=False).double(), draw(30, -2, 2), draw(30, -2, 2)
    nn.init.zeros_(net.weight).data += start
    average = EMA(net, decay=0.9)
    net.weight.data = new[None]
    average.update()
    return {"a": start, "w": new, "d": 0.9}, average.net.weight[0]


def adaln_input(draw):
    x, shift, scale = draw(30, -2, 2)[None, None], draw(30, -2, 2)[None], draw(30, -0.9, 0.9)[None]
    h = F.layer_norm(x, (30,), eps=1e-6)
    return {"h": h.flatten(), "shift": shift.flatten(), "scale": scale.flatten()}, modulate(x, shift, scale).flatten()


def adaln_output(draw):
    """A block whose second gate is closed, with nothing in shift and scale."""
    gate = draw(32, -1, 1)
    block = DiTBlock(32, 2, attention=explicit_attention).double()
    block.modulation[1].bias.data[64:96] = gate
    x, c = draw(32 * 3, -2, 2).reshape(1, 3, 32), torch.zeros(1, 32, dtype=torch.float64)
    with torch.no_grad():
        added = block.attend(modulate(x, torch.zeros_like(c), torch.zeros_like(c)))
        return {"x": x, "f": added, "gate": gate}, block(x, c)


def guided_answer(draw):
    w, cond, uncond, x_t = draw(1, 0, 5).item(), draw(30, -2, 2), draw(30, -2, 2), draw(30, -2, 2)
    guided = Guided(Says(LINEAR, cond, uncond), w)
    answer = guided.estimate(x_t, torch.full((30,), 500), torch.zeros(30, dtype=torch.long)).eps
    return {"w": w, "cond": cond, "uncond": uncond}, answer


def block_cost(draw):
    """Torch's own counter, which takes a product and its sum for two; less the modulation, 6 d^2."""
    tokens, width = int(draw(1, 10, 60)), 32
    block = DiTBlock(width, 1, attention=explicit_attention)
    with FlopCounterMode(display=False) as counter, torch.no_grad():
        block(torch.zeros(1, tokens, width), torch.zeros(1, width))
    cost = counter.get_total_flops() / 2 - 6 * width**2
    return {"N": tokens, "d": width}, torch.tensor([cost], dtype=torch.float64)


def latent_shift(draw):
    s, t = draw(30, 0.1, 10), draw(30, 0.1, 0.9)
    c = LinearPath().coeffs(t)
    return {"s": s}, 2 * (s * c.alpha / c.sigma).log() - LinearPath().log_snr(t)


def two_parts_of_a_jump(draw):
    """A net that has one velocity before a time, and another after it."""
    a, b, q = draw(30, -2, 2), draw(30, -2, 2), draw(30, 0.1, 0.4)
    model = FlowMap(Says2(lambda x, s, t: torch.where(t <= q[:, None], a[:, None], b[:, None])))
    start, zero = torch.zeros(30, 1, dtype=torch.float64), torch.zeros(30, dtype=torch.float64)
    end = model.jump(model.jump(start, zero, q), q, zero + 1)
    return {"a": a, "b": b, "q": q}, (end - start)[:, 0]


def meanflow_on_our_clock(draw):
    """The target of MeanFlow's loss, for a net whose derivatives are known: 0.5 x + 3 s has 0.5 u + 3."""
    model = FlowMap(Says2(lambda x, s, t: 0.5 * x + 3 * s))
    x, u = draw(30, -2, 2)[:, None], draw(30, -2, 2)[:, None]
    s, h = draw(30, 0, 0.1), draw(30, 0.1, 0.9)
    target = model.average(x, s, s + h) - eulerian(model, x, s, s + h, None, u)
    return {"u": u[:, 0], "h": h, "d": 0.5 * u[:, 0] + 3}, target[:, 0]


def narrow_flow(draw):
    """The density of normal data of the standard deviation s, at s z."""
    s, D = draw(1, 0.2, 3).item(), int(draw(1, 2, 8))
    z = draw(30 * D, -1, 1).reshape(30, D)
    data = GaussianMixture(torch.ones(1), torch.zeros(1, D), torch.full((1, D), s**2))
    return {"q": standard_normal(z), "s": s, "D": D}, data.log_prob(s * z)


FORMULAS = {
    "narrow-flow": narrow_flow,
    "two-parts-of-a-jump": two_parts_of_a_jump,
    "meanflow-on-our-clock": meanflow_on_our_clock,
    "score-from-noise": score_from_noise,
    "tweedie": tweedie,
    "eq-star": eq_star,
    "cosine-formula": cosine_formula,
    "define-v": define_v,
    "eps-to-v": eps_to_v,
    "posterior-variance": posterior_variance_formula,
    "reverse-mean": reverse_mean,
    "ddim-step": ddim_step,
    "kept-share": kept_share,
    "flow-target": flow_target,
    "u-on-cosine": u_on_cosine,
    "frequency": frequency,
    "ema-update": ema_update,
    "adaln-input": adaln_input,
    "adaln-output": adaln_output,
    "guided-answer": guided_answer,
    "block-cost": block_cost,
    "latent-shift": latent_shift,
}
