"""A noisy point that the reader drags: which components it may have come from, the mean of the clean point, the score."""

from IPython.display import HTML

from classroom.explorers.figure import figure, moons


def show() -> HTML:
    """A noisy point that the reader drags: which components it may have come from, the mean of the clean point, the score."""
    return figure(
        "posterior",
        {"mixture": moons()},
        alt="Left, a pink noisy point between two moons; the parts of both moons that it may have come from are lit, and "
        "their mean, a sky-blue point, lies off the data. Right, the responsibilities along each moon, as bars.",
        caption="What can be known of a noisy point. Lit points, and on a wide screen bars: the responsibilities of the "
        "200 components. Small dots: clean points that it may have been. Orange arrow: the score times σ², which leads "
        "to α times the posterior mean; dashed: that scale undone. Where the two nearly meet, the arrow stops at the mean "
        "and no dash is seen.",
    )
