"""The map (x, eps) -> (x_t, target), its determinant and its error gains, for every target and for a wrong one."""

from IPython.display import HTML

from classroom.explorers.figure import figure


def show() -> HTML:
    """The map (x, eps) -> (x_t, target), its determinant and its error gains, for every target and for a wrong one."""
    return figure(
        "targets",
        {"time": 0.06},
        alt="A square of pairs of data and noise is mapped to a sliver that is almost a line. Beside it the "
        "determinant rises from zero at the noise to one at the data, and near the noise the error of the clean "
        "sample shoots up.",
        caption="The square is all pairs (x, ε) with both between −1 and 1. Where its image falls flat, the "
        "net's prediction no longer tells data from noise.",
    )
