"""The average of the weights, and the loss against its floor: trainings that were measured beforehand, with five seeds each."""

import json
from pathlib import Path

from IPython.display import HTML

from classroom.explorers.figure import figure

FILE = "weight_averages.json"


def show(path: str | Path) -> HTML:
    """The held-out loss of the weights and of their average, against the floor; what each half-life leaves of the excess.

    path  results/weight_averages.json, written by tools/results/weight_averages.py
    """
    report = json.loads(Path(path).read_text())
    return figure(
        "ema",
        {name: report[name] for name in ("floor", "half_lives", "lengths", "runs")},
        alt="Left, the held-out loss along a training at a constant learning rate: five jagged orange curves of the weights, "
        "and below them the smooth purple curve of their average, which comes nearer to a grey line, the floor. Right, the "
        "excess at the end against the half-life of the average: it falls below that of the weights, and rises far above it on "
        "the right.",
        caption="A small flow on two moons, five seeds. Left: the held-out loss per coordinate of the weights (orange, each "
        "seed) and of their exponential moving average (purple, the median), over the oracle's loss, which no net can beat. "
        "Right: the excess over that floor at the end of the training, by the half-life of the average; dashed, the weights "
        "themselves; dotted, averages under the other schedule. In these runs (Adam at a rate of "
        f"{report['learning_rate']:g}, no labels) the best average at a constant rate ends below the cosine, at each of the "
        "four lengths; in the sweep of chapter 9 (a rate of 0.02, with labels) the cosine does.",
    )


def in_book(results: Path) -> HTML:
    """With the shipped measurements."""
    return show(results / FILE)
