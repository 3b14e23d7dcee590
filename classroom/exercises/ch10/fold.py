"""Gain and bias into the modulation: fold(gain, bias, shift, scale) -> (shift', scale') for the bare norm.

gain, bias: (W,), of a LayerNorm. shift, scale: (B, W). The pair returned: (B, W) each.
"""

from classroom.exercises import Exercise, Mistake
from lib.seeding import randn

SEE = "10_the_dit: Why the norms have no gain and bias"

check = Exercise(
    lambda gain, bias, shift, scale: ((1 + scale) * bias + shift, gain * (1 + scale) - 1),
    lambda g: [(*randn((2, W), generator=g), *randn((2, B, W), generator=g)) for B, W in ((3, 4), (1, 6))],
    mistakes=[
        Mistake(
            "the gain on the scale alone",
            lambda gain, bias, shift, scale: ((1 + scale) * bias + shift, gain * scale),
            "The gain multiplies the whole factor 1 + s. At s = 0 it must still be there.",
            SEE,
        ),
        Mistake(
            "the 1 counted twice",
            lambda gain, bias, shift, scale: ((1 + scale) * bias + shift, gain * (1 + scale)),
            "The modulation adds a 1 of its own to the new scale, so take one off: 1 + s' = gain (1 + s).",
            SEE,
        ),
        Mistake(
            "a bias that is not scaled",
            lambda gain, bias, shift, scale: (bias + shift, gain * (1 + scale) - 1),
            "The norm adds its bias first; the modulation then multiplies all of it by 1 + s.",
            SEE,
        ),
        Mistake(
            "in the other order",
            lambda gain, bias, shift, scale: (gain * shift + bias, gain * (1 + scale) - 1),
            "That is a gain and a bias after the modulation. The norm comes first, with its own, and is then modulated.",
            SEE,
        ),
        Mistake(
            "scale before shift",
            lambda gain, bias, shift, scale: (gain * (1 + scale) - 1, (1 + scale) * bias + shift),
            "Both are right, in the wrong places: the shift comes first.",
            SEE,
        ),
    ],
)
