"""From copy to sample: what the exact denoiser of a training set draws, by its number of points and its bandwidth."""

from IPython.display import HTML

from classroom.explorers.figure import figure, marks

SAMPLES = 300


def show() -> HTML:
    """What the exact denoiser of n training points draws: copies at bandwidth 0, then samples, then a blur. No net is trained."""
    return figure(
        "copying",
        {"marks": marks(SAMPLES)},
        alt="Left, two moons of blue training points and a pink noisy point beside them. The points that it may have come "
        "from are larger; a green arrow leads to their mean, which lies off the moons, and a pink path to a single training "
        "point, marked by a cross. Right, 300 samples on the same training points: crosses all of them, since all are copies. "
        "Below, how many points still count by noise level, the share of accused samples, the distance to the moons and the "
        "log-likelihood.",
        caption="Copy or sample? This denoiser takes the data for a normal distribution of width h at each of n training "
        "points; with h = 0 it is the minimiser of the training loss. Left, at one noise level: the training points, larger "
        "the more they weigh, their mean (sky blue), and the path to the data; the curve is the typical perplexity of the "
        "weights. Right, what the denoiser draws. A cross accuses a sample of being a copy: its nearest training point is "
        "less than a third as far as the second nearest. The grey marks on the bar are honest samples. All of it is exact: "
        "no net is trained.",
    )
