"""Draw book/cover.png, the picture of the README and the front page: the same noise, two samplers, five budgets.

python -m tools.site.cover
"""

from pathlib import Path

import matplotlib.pyplot as plt

from classroom import plots
from lib import (
    DiscreteSchedule,
    LinearPath,
    Oracle,
    ancestral,
    euler,
    linear_betas,
    randn,
    sample,
    seeded,
    two_moons_mixture,
)

TARGET = Path(__file__).parents[2] / "book" / "cover.png"
BUDGETS = (2, 5, 10, 20, 50)


def main() -> None:
    """Sample with the exact answer in the place of a network, and save the figure."""
    plots.use_book_style()
    moons, noise = two_moons_mixture(), randn((1500, 2), generator=seeded(100))
    rows = (
        ("DDPM", Oracle(moons, DiscreteSchedule(linear_betas(1000))), ancestral, "ancestral"),
        ("flow matching", Oracle(moons, LinearPath()), euler, "euler"),
    )
    fig, axes = plt.subplots(2, 6, figsize=(10, 3.4), sharex=True, sharey=True)
    for (name, model, rule, style), row in zip(rows, axes):
        row[0].set_ylabel(name)
        row[0].scatter(*noise.T, s=1.2, color=plots.ROLES["noise"], linewidths=0)
        for ax, calls in zip(row[1:], BUDGETS):
            x = sample(model, noise, calls, rule, generator=seeded(1))
            ax.scatter(*x.T, s=1.2, color=plots.RULES[style].color, linewidths=0)
    for ax, title in zip(axes[0], ("noise", *(f"{calls} calls" for calls in BUDGETS))):
        ax.set_title(title)
    for ax in axes.flat:
        ax.set(aspect="equal", xlim=(-2.6, 2.6), ylim=(-2.6, 2.6), xticks=[], yticks=[])
        ax.spines[:].set_visible(False)
    fig.savefig(TARGET, dpi=160, metadata={"Software": None})


if __name__ == "__main__":
    main()
