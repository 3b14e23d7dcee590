r"""a gain that is not needed

A checkpoint comes with a gain and a bias in its norms, and you want to load it into a block without. Given the norm's
`gain` and `bias`, of shape $(W,)$, and the modulation's `shift` and `scale`, of shape $(B, W)$, return the new shift
and the new scale, in this order, with which the bare norm gives the same tokens.

Hint: Write out what the old pair makes of $\hat h$, and sort it by powers of $\hat h$. The new modulation has a 1 of
its own.
"""

from classroom.exercises import Exercise, Mistake
from lib.seeding import randn


# --- stub
def folded(gain, bias, shift, scale):
    """-> (new shift, new scale), each (B, W), of a norm without gain, bias."""
    return ...


# --- solution
# (1 + s)(gain h + bias) + b: what stands before h must be 1 + s', and the rest is b'.
def solution(gain, bias, shift, scale):
    return (1 + scale) * bias + shift, (1 + scale) * gain - 1


# --- checker
check = Exercise(
    solution,
    lambda g: [(*randn((2, W), generator=g), *randn((2, B, W), generator=g)) for B, W in ((3, 4), (1, 6))],
    see="10_the_dit: Second reading: Why the norms have no gain and bias",
    mistakes={
        "the gain on the scale alone": Mistake(
            lambda gain, bias, shift, scale: ((1 + scale) * bias + shift, gain * scale),
            "The gain multiplies the whole factor 1 + s. At s = 0 it must still be there.",
        ),
        "the 1 counted twice": Mistake(
            lambda gain, bias, shift, scale: ((1 + scale) * bias + shift, gain * (1 + scale)),
            "The modulation adds a 1 of its own to the new scale, so take one off: 1 + s' = gain (1 + s).",
        ),
        "a bias that is not scaled": Mistake(
            lambda gain, bias, shift, scale: (bias + shift, gain * (1 + scale) - 1),
            "The norm adds its bias first; the modulation then multiplies all of it by 1 + s.",
        ),
        "in the other order": Mistake(
            lambda gain, bias, shift, scale: (gain * shift + bias, gain * (1 + scale) - 1),
            "That is a gain and a bias after the modulation. The norm comes first, with its own, and is then modulated.",
        ),
        "scale before shift": Mistake(
            lambda gain, bias, shift, scale: (gain * (1 + scale) - 1, (1 + scale) * bias + shift),
            "Both are right, in the wrong places: the shift comes first.",
        ),
    },
)
