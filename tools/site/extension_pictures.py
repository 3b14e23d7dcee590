"""Draw book/pictures/extensions/NAME-before.png and -after.png: what each extension of the menu changes, from the same noise.

    python -m tools.site.extension_pictures [NAME ...]

Exact answers, shipped nets, and for the averaged weights a net that is trained here, in a few seconds. No words: the caption
beside a picture has them, with the number.
"""

import sys
from collections.abc import Callable
from functools import cache, partial
from pathlib import Path

import torch
import torch.nn.functional as F
from matplotlib.axes import Axes

from classroom.plots import INK, ROLES, RULES, SCHEDULES, use_book_style
from lib import (
    EMA,
    DiscreteSchedule,
    FlowMatching,
    LinearPath,
    MLPDenoiser,
    Oracle,
    VPPath,
    batches,
    cosine_betas,
    ddim,
    euler,
    fit,
    heun,
    linear_betas,
    randn,
    rk4,
    sample,
    seeded,
    two_moons,
)
from lib.nets.dit import explicit_attention
from lib.samplers import Rule
from lib.trained.sampling import Sampling, pictures, source
from lib.trained.shipped import RESULTS
from lib.training import stratified_uniform
from tools.site.chapter_pictures import FLOW, MOONS, dots, lines, plane, sheet, write

TARGET = Path(__file__).parents[2] / "book" / "pictures" / "extensions"
SIZE = (2.9, 1.85)  # inches, of 200 pixels
COLOURS = 48
CPU = torch.device("cpu")
TOKENS = (512, 1024, 2048, 4096)  # powers of two: the bars double, or become four times as high


def moons(ax: Axes, x, color: str) -> None:
    """Samples above what they should be."""
    dots(ax, MOONS.sample(1200, generator=seeded(0))[0], ROLES["floor"], 1.5, 0.45)
    dots(ax, x, color, 2.2, 0.9)
    plane(ax)


def solver(ax: Axes, rule: Rule) -> None:
    """Where twelve calls leave each point, with a line from where it belongs."""
    x = randn((260, 2), generator=seeded(3))
    right, found = sample(FLOW, x, 400, rk4), sample(FLOW, x, 12, rule)
    color = RULES[rule.__name__].color
    for one, other in zip(right, found):
        ax.plot(*zip(one, other), color=color, linewidth=1.1, alpha=0.9)
    dots(ax, right, ROLES["floor"], 3, 0.9)
    dots(ax, found, color, 5, 1)
    plane(ax)


def schedule(ax: Axes, name: str, betas: Callable) -> None:
    """Five calls of DDIM on a schedule."""
    model = Oracle(MOONS, DiscreteSchedule(betas(1000)))
    moons(ax, sample(model, randn((900, 2), generator=seeded(3)), 5, ddim), SCHEDULES[name].color)


def clock(ax: Axes, path: LinearPath | VPPath) -> None:
    """How eight pairs of noise and data are joined, with a dot at each eighth of the clock."""
    eps, (x, _) = randn((8, 2), generator=seeded(11)), MOONS.sample(8, generator=seeded(13))
    way = torch.stack(
        [path.coeffs(t).add_noise(x, eps) for t in torch.linspace(0, 1, 241, dtype=torch.float64).tolist()]
    )
    lines(ax, way, ROLES["noisy"], 1.2, 0.7)
    for i in range(len(x)):
        dots(ax, way[::30, i], ROLES["noisy"], 9, 1)
    dots(ax, eps, ROLES["noise"], 20, 1)
    dots(ax, x, ROLES["data"], 20, 1)
    plane(ax)


def digits(ax: Axes, **asked) -> None:
    """Forty digits of the shipped model, eight a row, unless the labels are taken away."""
    told = asked.pop("told", True)
    found, _ = source(Sampling(str(RESULTS / "digits_flow.safetensors"), calls=20, rule="euler", **asked), CPU)
    sheet(ax, pictures(found if told else found._replace(classes=()), range(40), CPU), 8)


def kept(attention: Callable, N: int) -> float:
    """MiB that one head of width 64 keeps for its backward pass at N tokens, besides its inputs."""
    q, k, v = (x.requires_grad_() for x in randn((3, 1, 1, N, 64), generator=seeded(N)))
    held = {}

    def note(tensor):
        held[tensor.untyped_storage().data_ptr()] = tensor.untyped_storage().nbytes()
        return tensor

    with torch.autograd.graph.saved_tensors_hooks(note, lambda tensor: tensor):
        out = attention(q, k, v)  # named, so that it lives: no memory may be counted twice
    for x in (q, k, v):
        held.pop(x.untyped_storage().data_ptr(), None)
    assert out.requires_grad
    return sum(held.values()) / 2**20


def memory(ax: Axes, attention: Callable, color: str) -> None:
    """Bars of memory over tokens."""
    ax.set_axis_on()
    bars = ax.bar([f"{N:,}" for N in TOKENS], [kept(attention, N) for N in TOKENS], color=color, width=0.7)
    ax.bar_label(bars, fmt=lambda mib: f"{mib:.2g}", fontsize=9, color=INK)
    ax.set(ylim=(0, 74), xlabel="tokens", ylabel="MiB", yticks=(0, 32, 64))


@cache
def trained() -> tuple[FlowMatching, FlowMatching]:
    """A small flow at a constant rate, as in chapter 9's sweep, and the same with the average of its weights."""
    torch.manual_seed(0)
    model = FlowMatching(MLPDenoiser(width=64, embed_dim=16, t_scale=20, classes=2))
    average = EMA(model.net, 0.99)
    stream = batches(*two_moons(20_000, generator=seeded(0)), size=256, generator=seeded(1))
    setting = {"lr": 2e-2, "schedule": lambda i, _: min(1, (i + 1) / 50), "times": stratified_uniform}
    for _ in fit(model, stream, 1000, **setting, generator=seeded(2)):
        average.update()
    return model, model.with_net(average.net)


def averaged(ax: Axes, which: int) -> None:
    """Samples of the newest weights, or of their average."""
    y = torch.arange(900) % 2
    moons(ax, sample(trained()[which], randn((900, 2), generator=seeded(4)), 20, heun, y), ROLES["learned"])


def mnist(ax: Axes, name: str) -> None:
    """Forty digits of a shipped model, ten calls, eight a row."""
    found, _ = source(Sampling(str(RESULTS / f"{name}.safetensors"), calls=10, rule="euler"), CPU)
    sheet(ax, pictures(found, range(40), CPU), 8)


PAIRS = {
    "rk4": (partial(solver, rule=euler), partial(solver, rule=rk4)),
    "cosine": (
        partial(schedule, name="linear", betas=linear_betas),
        partial(schedule, name="cosine", betas=cosine_betas),
    ),
    "vp": (partial(clock, path=LinearPath()), partial(clock, path=VPPath())),
    "classes": (partial(digits, told=False), partial(digits, classes=tuple(range(8)))),
    "guidance": (partial(digits, classes=(2,)), partial(digits, classes=(2,), scale=4.0)),
    "attention": (
        partial(memory, attention=explicit_attention, color=ROLES["floor"]),
        partial(memory, attention=F.scaled_dot_product_attention, color=ROLES["velocity"]),
    ),
    "average": (partial(averaged, which=0), partial(averaged, which=1)),
    "latents": (partial(mnist, name="mnist_flow"), partial(mnist, name="mnist_latent_flow")),
}
OF_IMAGES = ("classes", "guidance", "latents")  # on black, and as they are on a dark page too


def main(chosen: list[str]) -> None:
    """Draw the chosen pairs, or all."""
    use_book_style()
    TARGET.mkdir(parents=True, exist_ok=True)
    for name in chosen or PAIRS:
        for side, draw in zip(("before", "after"), PAIRS[name]):
            ground = "black" if name in OF_IMAGES else "white"
            write(TARGET / f"{name}-{side}.png", draw, SIZE, ground, COLOURS)


if __name__ == "__main__":
    main(sys.argv[1:])
