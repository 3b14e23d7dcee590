"""The velocities of the pairs that pass through a point that the reader drags, and their mean, the field there."""

import math
from functools import cache

import torch
from IPython.display import HTML

from classroom.explorers.figure import figure, moons, rounded
from lib.data import two_moons_mixture
from lib.flow_matching import LinearPath

TIMES = [i / 50 for i in range(51)]


def show() -> HTML:
    """The velocities of the pairs that pass through a point that the reader drags, and their mean, the field there."""
    field = [mean_square_field(t) for t in TIMES]
    return figure(
        "velocities",
        {
            "mixture": moons(),
            "marks": {"t": TIMES, "field": rounded(field), "left": rounded([total() - part for part in field])},
        },
        alt="Left, lines from orange noise points to blue data points on both moons, which all cross in one pink point between "
        "the moons. Right, their velocities as blue dots around the origin: an arc of each moon, and in the empty middle a "
        "green dot, their mean.",
        caption="What one point hears. Left, pairs of noise and data whose straight lines pass through the pink point at time "
        "t; the faint cloud is where the points of all pairs are. Right, the velocities of these pairs, and their mean u in "
        "green: the one answer that a net can give. The dashed circle has the radius of their standard deviation. The bars "
        "divide the mean square of the velocities, per coordinate.",
    )


@cache
def mean_square_field(t: float) -> float:
    """E |u(x_t, t)|^2 / 2 of the two moons on the straight path.

    A sum over a square grid. Its points lie closer than the narrowest part of p_t is wide, so the sum is the integral to
    four digits and more.
    """
    mixture, c = two_moons_mixture(), LinearPath().coeffs(t)
    sd = (c.alpha**2 * mixture.variances + c.sigma**2).sqrt()
    far = (c.alpha * mixture.means).abs().max().item() + 6 * sd.max().item()
    side = torch.linspace(-far, far, math.ceil(2 * far / (0.9 * sd.min().item())) + 1, dtype=torch.float64)
    x = torch.cartesian_prod(side, side)
    p = mixture.log_prob(x, c).softmax(0)
    return (p * mixture.estimate(x, c).velocity(c).square().mean(1)).sum().item()


def total() -> float:
    """E |x - eps|^2 / 2, the mean square of the velocities of all pairs, the same at every time."""
    mixture = two_moons_mixture()
    return (mixture.weights @ (mixture.means.square() + mixture.variances)).mean().item() + 1
