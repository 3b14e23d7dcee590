"""One step of a solver from a particle that the reader drags: its stages, its end, its miss, and its order."""

from IPython.display import HTML

from classroom.explorers.figure import figure, moons, rounded
from lib.data import two_moons_mixture


def show() -> HTML:
    """One step of a solver from a particle that the reader drags: its stages, its end, its miss, and its order."""
    width = two_moons_mixture().variances.sqrt().min().item()
    return figure(
        "step",
        {"mixture": moons(), "width": rounded([width])[0]},
        alt="Left, two moons and above the right one a pink particle with a short step. Right, the step magnified: a bent blue "
        "curve from the particle, two arrows k1 and k2, and the step's end beside the end of the curve, joined by a line. Below, "
        "how far one step misses the curve by its length: lines of three slopes for Euler, Heun and RK4.",
        caption="One step of a solver, on the exact field. Sky blue, the curve that the particle would follow; pink, where the "
        "step begins. Each arrow k is a velocity that the rule evaluates, half a step long, at the point where it is "
        "evaluated; DDIM instead follows the arc of its estimate from ε̂ to x̂₀. The line between the two ends is "
        "the miss. In the chart the grey line is the width of a moon, and the two marks are h and its half.",
    )
