"""Two moons under x_t = alpha x_data + sigma eps, by schedule, time and T."""

from IPython.display import HTML

from classroom.explorers.figure import figure, moons


def show() -> HTML:
    """Two moons under x_t = alpha x_data + sigma eps, by schedule, time and T."""
    return figure(
        "noising",
        {"mixture": moons()},
        alt="Left, two moons half drowned in noise. Right, the falling signal and the rising noise over time "
        "with a moving cursor, and below them the log signal-to-noise ratio; the flat tail, a third of the "
        "way, is shaded.",
        caption="The same 500 points and the same noise at every time. The shaded steps hold less than one per "
        "cent of signal.",
    )
