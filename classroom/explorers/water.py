"""The KL weight as a water level: what the best linear autoencoder keeps of the 8x8 digits, at any level."""

import torch
from IPython.display import HTML
from torch import Tensor

from classroom.explorers.figure import figure, halves
from lib.data import digits, split

HELD_OUT = 500  # of the digits, as in chapter 13
# Levels rho^2, from hardly any water to more than any variance.
LEVELS = [float(f"{10 ** (i / 20):.2g}") for i in range(-40, 11)]
SHOWN = 4  # held-out digits, each the first of its class


def show() -> HTML:
    """The KL weight as a water level: what the best linear autoencoder keeps of the 8x8 digits, at any level."""
    (train, _), (held_out, labels) = split(*digits(), HELD_OUT)
    mean, kappa, axes = principal(train)
    rest = held_out.flatten(1).double() - mean
    first = [labels.tolist().index(label) for label in dict.fromkeys(labels.tolist())][:SHOWN]
    return figure(
        "water",
        {
            "levels": LEVELS,
            "mean": halves(mean),
            # Variances of nothing but rounding are machine-made: five decimals have none of it.
            "kappa": [round(value, 5) for value in kappa.tolist()],
            "held_out": [round(value, 5) for value in (rest @ axes).square().mean(0).tolist()],
            "count": len(held_out),
            "axes": halves(axes.T[kappa > LEVELS[0]]),  # the others are never above the water
            "labels": labels[first].tolist(),
            "digits": [((x + 1) * 8).round().int().flatten().tolist() for x in held_out[first]],
        },
        alt="Left, 64 bars of falling height, the variances of the 8 by 8 digits along their principal axes, and a water level "
        "across them: ten bars stand out of it in blue, what is below it and the whole of the others is grey. Right, four "
        "held-out digits, and below each two blurred reconstructions, the second of them noisy.",
        caption="The best linear autoencoder of the 8 by 8 digits, by formula. Left: along each principal axis the variance κ; "
        "blue is kept, grey is lost, and the grey area is the error of an image decoded from a draw; decoded from the mean it is "
        "smaller. Right: held-out digits, decoded from the mean of the encoder's Gaussian and from a draw.",
    )


def principal(images: Tensor) -> tuple[Tensor, Tensor, Tensor]:
    """The mean (n,) of images of n numbers, the variances (n,) along their principal axes, the largest first, and the axes, the
    columns of (n, n), each with its largest number above 0."""
    flat = images.flatten(1).double()
    mean = flat.mean(0)
    kappa, axes = (part.flip(-1) for part in torch.linalg.eigh((flat - mean).T.cov(correction=0)))
    return mean, kappa.clamp(min=0), axes * axes.gather(0, axes.abs().argmax(0, keepdim=True)).sign()
