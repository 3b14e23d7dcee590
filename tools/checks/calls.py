"""The public functions of `lib` as `tools.checks.fuzz` calls them: what each argument wants, and the shape of the result."""

import copy
from collections.abc import Callable
from typing import NamedTuple

import torch
from torch import Tensor

import lib
from lib.nets.dit import positions
from lib.prediction import denoising_loss
from lib.training import logit_normal, minimise, stratified_uniform

CALLS = []


class Call(NamedTuple):
    """A function, the kind of thing that each of its arguments wants, and the shape of its result, if that follows from them."""

    name: str
    function: Callable
    kinds: dict[str, str]
    shape: Callable | None


def call(name: str, function: Callable, shape: Callable | None = None, **kinds: str) -> None:
    """Note a call; a kind that begins with ! is never replaced by a harm, as it is the object whose method is called."""
    CALLS.append(Call(name, function, kinds, shape))


def like(argument: str) -> Callable:
    """The shape of the result is that of an argument."""
    return lambda a: a[argument].shape


call("seeded", lib.seeded, n="seed")
call(
    "randn",
    lambda s, like, g: lib.randn(s, like=like, generator=g),
    lambda a: a["s"],
    s="shape",
    like="like",
    g="generator",
)
call("two_moons", lambda n, g, dtype: lib.two_moons(n, generator=g, dtype=dtype)[0], lambda a: (a["n"], 2), n="n", g="generator",
     dtype="dtype")  # fmt: skip
call("split", lambda x, y, n: lib.split(x, y, n)[0][0], lambda a: (len(a["x"]) - a["n"], *a["x"].shape[1:]), x="x", y="labels",
     n="count")  # fmt: skip
call("batches", lambda x, y, size, g: next(lib.batches(x, y, size=size, generator=g))[0],
     lambda a: (a["size"], *a["x"].shape[1:]), x="x", y="y", size="count", g="generator")  # fmt: skip
call("augment", lambda x, flip, shift, g: lib.augment(x, flip=flip, shift=shift, generator=g), like("x"), x="images",
     flip="flag", shift="shift", g="generator")  # fmt: skip
call("Standardizer", lambda mean, std, x: lib.Standardizer(mean, std)(x), like("x"), mean="number", std="number", x="x")
call("Standardizer.fit", lambda x, z: lib.Standardizer.fit(x).inverse(z), like("z"), x="x", z="x")

call("linear_betas", lambda T, a, b: lib.linear_betas(T, a, b), lambda a: (a["T"],), T="T", a="beta", b="beta")
call("cosine_betas", lib.cosine_betas, lambda a: (a["T"],), T="T", s="beta")
call("sigmoid_betas", lambda T, tau: lib.sigmoid_betas(T, tau=tau), lambda a: (a["T"],), T="T", tau="number")
call("scaled_linear_betas", lib.scaled_linear_betas, lambda a: (a["T"],), T="T", start="beta", end="beta")
call("zero_terminal_snr", lib.zero_terminal_snr, betas="betas")
call("DiscreteSchedule", lambda betas, t: lib.DiscreteSchedule(betas).coeffs(t)[:2], betas="betas", t="step")
call("nearest", lambda path, u: path.nearest(u), like("u"), path="!schedule", u="u")
call("coeffs", lambda path, t, x: path.coeffs(t, like=x)[:2], path="!path", t="t", x="x")
call("log_snr of a schedule", lambda path, t: path.coeffs(t)[:2], path="!schedule", t="step")
call("grid", lambda path, steps: path.grid(steps), lambda a: (a["steps"] + 1,), path="!path", steps="steps")
call("times", lambda path, u: path.times(u), like("u"), path="!path", u="u")
call("VPPath", lambda a, b: lib.VPPath(a, b).coeffs(0.5), a="number", b="number")
for spacing in (lib.trailing_grid, lib.leading_grid, lib.quadratic_grid):
    call(spacing.__name__, spacing, lambda a: (a["steps"] + 1,), T="T", steps="steps")

call("karras_sigmas", lambda K, rho: lib.karras_sigmas(K, rho=rho), lambda a: (a["K"] + 1,), K="steps", rho="number")
call("shift_times", lib.shift_times, like("t"), t="u", shift="number")

call("add_noise", lambda c, x, eps: c.add_noise(x, eps), like("x"), c="!coeffs", x="single", eps="eps")
call("make_target", lib.make_target, like("x_data"), target="target", x_data="single", eps="eps", coeffs="coeffs")
call("min_snr_weight", lambda u, gamma: lib.min_snr_weight(u, "v", gamma), like("u"), u="u", gamma="number")
call("target_row", lib.target_row, target="target", coeffs="coeffs")
call("solve", lib.solve, like("x_t"), target="target", output="eps", x_t="single", coeffs="coeffs")
call("velocity", lambda x0, eps, c: lib.Estimate(x0, eps).velocity(c), like("x0"), x0="single", eps="eps", c="coeffs")
call("denoising_loss", lambda net, path, target, x, y, t: denoising_loss(net, path, target, x, y, t=t), lambda a: (), net="net",
     path="path", target="target", x="single", y="y", t="t")  # fmt: skip

call(
    "drop_labels",
    lambda y, p, g: lib.drop_labels(y, p, generator=g),
    like("y"),
    y="labels",
    p="probability",
    g="generator",
)
call("GaussianMixture", lambda w, m, v, y: lib.GaussianMixture(w, m, v, y).mean, w="weights", m="means", v="variances",
     y="classes of")  # fmt: skip
call(
    "mixture.sample",
    lambda m, n, g: m.sample(n, generator=g)[0],
    lambda a: (a["n"], 2),
    m="!mixture",
    n="n",
    g="generator",
)
call(
    "mixture.log_prob",
    lambda m, x, c, y: m.log_prob(x, c, y),
    lambda a: (len(a["x"]),),
    m="!mixture",
    x="x",
    c="coeffs",
    y="y",
)
call("mixture.score", lambda m, x, c, y: m.score(x, c, y), like("x"), m="!mixture", x="x", c="coeffs", y="y")
call("mixture.estimate", lambda m, x, c, y: m.estimate(x, c, y), like("x"), m="!mixture", x="x", c="coeffs", y="y")
call("mixture.rescaled", lambda m, a, b: m.rescaled(a, b).mean, lambda a: (2,), m="!mixture", a="number", b="number")
call(
    "Oracle",
    lambda m, path, x, t: lib.Oracle(m, path).estimate(x, t),
    like("x"),
    m="mixture",
    path="path",
    x="x",
    t="t",
)
call("EmpiricalOracle", lambda data, path, y, x, t, asked: lib.EmpiricalOracle(data, path, y).estimate(x, t, asked), like("x"),
     data="x", path="path", y="y", x="x", t="t", asked="y")  # fmt: skip
call("Guided", lambda m, w, i, weak, x, t, y: lib.Guided(m, w, i, weak=weak).estimate(x, t, y), like("x"), m="flow", w="scale",
     i="interval", weak="weak", x="x", t="t", y="labels")  # fmt: skip

call("Clipped", lambda m, low, high, q, x, t, y: lib.Clipped(m, low, high, quantile=q).estimate(x, t, y), like("x"), m="flow",
     low="low", high="number", q="quantile", x="x", t="t", y="y")  # fmt: skip

call("FlowMatching", lambda net, path, target, p: lib.FlowMatching(net, path, target, label_drop=p).sample((4, 2), 4),
     lambda a: (4, 2), net="mlp", path="path", target="target", p="probability")  # fmt: skip
call("DDPM", lambda net, betas, target, p: lib.DDPM(net, betas, target, label_drop=p).sample((4, 2), 2), lambda a: (4, 2),
     net="mlp", betas="betas", target="target", p="probability")  # fmt: skip
call("loss", lambda m, x, y, t, eps, g: m.loss(x, y, t=t, eps=eps, generator=g), lambda a: (), m="!flows", x="single", y="y",
     t="t", eps="eps", g="generator")  # fmt: skip
call("estimate", lambda m, x, t, y: m.estimate(x, t, y), like("x"), m="!flow", x="x", t="t", y="y")
call("estimate of DDPM", lambda m, x, t, y: m.estimate(x, t, y), like("x"), m="!ddpm", x="x", t="step", y="y")
call(
    "DDPM.posterior",
    lambda m, x, z, t: m.posterior(x, z, t)[0],
    like("x"),
    m="!ddpm net",
    x="single",
    z="eps",
    t="step",
)
call("DDPM.add_noise", lambda m, x, z, t: m.add_noise(x, z, t), like("x"), m="!ddpm net", x="single", z="eps", t="step")
call("model.sample", lambda m, s, k, rule, y, start, g: m.sample(s, k, rule, y, start=start, generator=g), lambda a: a["s"],
     m="!learned", s="shape", k="calls", rule="rule", y="y", start="start", g="generator")  # fmt: skip
call("sample", lambda m, x, k, rule, y, grid, g: lib.sample(m, x, k, rule, y, grid=grid, generator=g), like("x"), m="model",
     x="x", k="calls", rule="rule", y="y", grid="grid", g="generator")  # fmt: skip
call("walk", lambda m, x, grid, rule, y, g: list(lib.walk(m, x, grid, rule, y, generator=g))[-1].x, like("x"), m="model", x="x",
     grid="grid", rule="rule", y="y", g="generator")  # fmt: skip
call("calls_a_step", lib.calls_a_step, rule="rule")

call("MLPDenoiser", lambda d, w, n, s, k: lib.MLPDenoiser(d, w, n, t_scale=s, classes=k)(torch.zeros(3, d), 0.5),
     lambda a: (3, a["d"]), d="dim", w="dim", n="count", s="number", k="classes")  # fmt: skip
call("MLPDenoiser.forward", lambda net, x, t, y: net(x, t, y), like("x"), net="!net", x="single", t="t", y="y")
call("DiT", lambda size, ch, p, w, d, h, k, g: lib.DiT(size, ch, patch=p, width=w, depth=d, heads=h, classes=k, generator=g)(
     torch.zeros(2, ch, size, size), 0.5), lambda a: (2, a["ch"], a["size"], a["size"]), size="size", ch="channels", p="patch",
     w="size", d="count", h="count", k="classes", g="generator")  # fmt: skip
call("UNet", lambda size, ch, w, n, k, g: lib.UNet(size, ch, width=w, levels=n, classes=k, generator=g)(
     torch.zeros(2, ch, size, size), 0.5), lambda a: (2, a["ch"], a["size"], a["size"]), size="size", ch="channels",
     w="unet width", n="unet levels", k="classes", g="generator")  # fmt: skip
call("UNet.forward", lambda net, x, t, y: net(x, t, y), like("x"), net="!unet", x="images", t="t", y="y")
call("DiT.forward", lambda net, x, t, y: net(x, t, y), like("x"), net="!dit", x="images", t="t", y="y")
call("DiTBlock", lambda block, x, c: block(x, c), like("x"), block="!block", x="width8", c="condition")
call("patchify", lib.patchify, x="images", patch="patch")
call("unpatchify", lib.unpatchify, tokens="tokens", patch="patch", channels="channels")
call(
    "patchify and back",
    lambda x, p: lib.unpatchify(lib.patchify(x, p), p, x.shape[1]),
    like("x"),
    x="images",
    p="patch",
)
call("positions", positions, lambda a: (a["side"] ** 2, a["width"]), side="count", width="size")
call(
    "explicit_attention",
    lib.explicit_attention,
    lambda a: (*a["q"].shape[:-1], a["v"].shape[-1]),
    q="qkv",
    k="qkv",
    v="qkv",
)
call("LabelEmbedding", lambda net, y: net(y, 4), lambda a: (4, 8), net="!label net", y="y")
call("SinusoidalTimeEmbedding", lambda dim, s, t: lib.SinusoidalTimeEmbedding(dim, s)(t), dim="dim", s="number", t="t")
call("Ensemble", lambda nets, x, t: lib.Ensemble(nets)(x, t), like("x"), nets="list of nets", x="single", t="t")
call("beside", lambda a, b: [x for x, _ in lib.beside(a, b)], a="data", b="data")
call("each", lambda draw, k: lib.each(draw, k)(4), draw="drawer", k="count")
call(
    "Autoencoder",
    lambda c, z, w: lib.Autoencoder(c, z, w).decode(torch.zeros(1, z, 1, 1)),
    c="count",
    z="count",
    w="size",
)
call("Autoencoder.encode", lambda net, x, g: net.encode(x, g), lambda a: (len(a["x"]), 4, 1, 1), net="!auto", x="images",
     g="generator")  # fmt: skip
call("Autoencoder.decode", lambda net, z: net.decode(z), net="!auto", z="latents")
call(
    "Autoencoder.loss", lambda net, x, g: net.loss(x, generator=g), lambda a: (), net="!auto", x="images", g="generator"
)
call("Classifier", lambda net, x, y: (net.loss(x, y), net.accuracy(x, y)), net="!judge", x="images", y="labels")
call("EMA", lambda net, decay: lib.EMA(net, decay).update(), net="mlp", decay="decay")

for metric in (lib.sliced_wasserstein, lib.energy_distance):
    call(metric.__name__, metric, x="x", y="x")
call("frechet_distance", lib.frechet_distance, a="x", b="x")
call("projections", lib.sliced_wasserstein, x="x", y="x", projections="n")
call("precision_recall", lib.precision_recall, real="x", fake="x", k="count")
call(
    "yardsticks",
    lambda f, d, n, r: lib.yardsticks(f, d, n, repeats=r).gaussian.mean,
    f="metric",
    d="draw",
    n="n",
    r="count",
)
call("share_off", lib.share_off, x="x", mixture="mixture", rare="rare")
call("mean_log_density", lib.mean_log_density, x="x", mixture="mixture")
call("noise_floor", lambda f, d, n, r: lib.noise_floor(f, d, n, repeats=r).mean, f="metric", d="draw", n="n", r="count")
call("spread", lambda values: lib.spread(values).mean, values="values")
call("stratified_uniform", lambda n, g: stratified_uniform(n, generator=g), lambda a: (a["n"],), n="n", g="generator")
call("logit_normal", lambda n, g: logit_normal(n, generator=g), lambda a: (a["n"],), n="n", g="generator")
call("fit", lambda m, data, n, lr, ema, times, flag, g: [step.loss for step in lib.fit(copy.deepcopy(m), data, n, lr=lr, ema=ema,
     times=times, stratified=flag, generator=g)], m="learned", data="data", n="count", lr="lr", ema="ema", times="times",
     flag="no", g="generator")  # fmt: skip
call(
    "minimise",
    lambda m, data, n, lr: losses_of(copy.deepcopy(m), data, n, lr),
    m="!flows",
    data="data",
    n="count",
    lr="lr",
)


def losses_of(model, data, steps, lr) -> list[Tensor]:
    """The losses of a training by hand."""
    return [step.loss for step in minimise(model.loss, model.parameters(), data, steps, lr=lr)]
