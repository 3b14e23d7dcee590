"""Pairs of noise and data, independent, optimal within a batch, of a flow or by hand, and where one Euler step lands."""

from IPython.display import HTML
from torch import Tensor

from classroom.explorers.figure import figure, halves, marks
from lib.data import two_moons_mixture
from lib.flow_matching import LinearPath
from lib.oracle import Oracle
from lib.samplers import rk4, sample
from lib.seeding import randn, seeded

PAIRS = 2048  # a multiple of the largest batch
LANDED = 1000  # of the noises: those whose landing points are drawn and judged


def show() -> HTML:
    """Pairs of noise and data, optimal within a batch, of a flow or by hand, and where one Euler step lands."""
    # rounded, so that another processor's last bits make the same bytes, and finely, so that points hardly ever coincide
    noise = ((512 * randn((PAIRS, 2), generator=seeded(33))).round() / 512).half().float()
    return figure(
        "pairing",
        {"noise": halves(noise), "ends": halves(ends(noise)), "marks": marks(LANDED)},
        alt="Left, sixty short lines that hardly cross, from orange noise points to blue points on two moons. Right, where one "
        "Euler step takes a thousand noises: pink points along both moons, with some between them.",
        caption="Left, pairs of noise and data, sixty of them with their lines. Right, where one Euler step from each noise "
        "lands: on the mean of the data that it is paired with, read without a network from the partners of the forty "
        "nearest noises (three by hand; of the flow's own ends, exactly). Means of so few widen the spot at batch size 1, "
        "and so wide a neighbourhood adds a few points between the moons. The bar is the mean square distance of a pair.",
    )


def ends(noise: Tensor) -> Tensor:
    """Where the exact flow of the two moons on the straight path takes each noise (n, 2), by 40 evaluations of RK4."""
    return sample(Oracle(two_moons_mixture(), LinearPath()), noise.double(), 40, rk4)
