"""The sinusoidal time embedding over the clock [0, 1], and how many directions it has, by its scale."""

from IPython.display import HTML

from classroom.explorers.figure import figure


def show(dim: int = 64) -> HTML:
    """The sinusoidal time embedding over the clock [0, 1], and how many directions it has, by its scale.

    dim: where its menu starts, 32, 64 or 128. Raises ValueError for another.
    """
    if dim not in (32, 64, 128):
        raise ValueError(f"The menu of this explorer offers the dimensions 32, 64 and 128, got {dim}.")
    return figure(
        "t_scale",
        {"dim": dim},
        alt="Left, the embedding of t in [0, 1] as a picture in which only the first few columns change from "
        "row to row. Right, its singular values fall like a steep staircase: two directions hold 99.9 per "
        "cent.",
        caption="Left, a row for every time and a column for every dimension, blue positive and orange "
        "negative. Right, the singular values of that picture, each column without its mean; in grey "
        "those of t_scale 1,000, DDPM's own range.",
    )
