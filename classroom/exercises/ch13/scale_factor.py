"""the factor, on both sides

You are given the two functions of somebody's autoencoder and training images. Give back two functions whose latents
have unit variance over the training images, and which still belong together. The checker encodes new images with
yours and decodes unit latents with yours; the autoencoder's own latents may be too large or too small.

Hint: Measure once, outside of the two functions. Which of the two sides divides?
"""

from collections.abc import Callable

from torch import Tensor

from classroom.exercises import Exercise, Mistake
from lib.seeding import randn


# --- stub
def unit(encode, decode, images):
    """Two functions: images -> latents of unit variance, and back."""
    return ...


# --- solution
def solution(encode, decode, images):
    scale = encode(images).std()  # measured on the training images, one number for all

    def encode_unit(x):
        return encode(x) / scale

    def decode_unit(z):
        return decode(z * scale)

    return encode_unit, decode_unit


# --- checker
def run(unit: Callable, size: float, images: Tensor, new: Tensor, z: Tensor) -> tuple[Tensor, Tensor]:
    """The latents of new images, and what latents z decode to, with an autoencoder whose latents have about this `size`."""
    inward, outward = unit(lambda x: size * x.sinh(), lambda h: (h / size).asinh(), images)
    return inward(new), outward(z)


def _two(of: Callable, inward: Callable, outward: Callable) -> Callable:
    """An answer that measures `of` the latents and uses it in and out."""

    def unit(encode, decode, images):
        number = of(encode(images))
        return lambda x: inward(encode(x), number), lambda z: decode(outward(z, number))

    return unit


def _times(z: Tensor, number: Tensor) -> Tensor:
    return z * number


def _over(z: Tensor, number: Tensor) -> Tensor:
    return z / number


def _as_it_is(z: Tensor, number: Tensor) -> Tensor:
    return z


def _std(z: Tensor) -> Tensor:
    return z.std(correction=0)


check = Exercise(
    solution,
    lambda g: [(size, *(randn((n, 6), generator=g) for n in (2000, 3, 3))) for size in (5.5, 0.4)],
    run=run,
    rtol=2e-3,  # a standard deviation with n - 1 in the place of n is as good
    see="13_latent_diffusion: The scale factor",
    mistakes={
        "the factor on the way in only": Mistake(
            _two(_std, _over, _as_it_is),
            "The decoder was trained on latents of their own size. It gets unit latents and paints a picture all the same.",
        ),
        "the factor on the way out only": Mistake(
            _two(_std, _as_it_is, _times),
            "The model sees latents of the wrong size, on a clock shifted "
            "by 2 log s, and the decoder gets them scaled twice.",
        ),
        "the factor upside down": Mistake(
            _two(_std, _times, _over),
            "It cancels there and back: reconstructions look right. But "
            "the latents have the variance s^4: see encode(x).std().",
        ),
        "the variance for the deviation": Mistake(
            _two(lambda z: z.var(correction=0), _over, _times),
            "Dividing by the variance leaves a standard deviation of 1 / s. Unit variance needs its root.",
        ),
        "a published factor": Mistake(
            _two(lambda z: 1 / 0.18215, _over, _times),
            "0.18215 belongs to one autoencoder. Yours has another scale: measure it on your own training images.",
        ),
    },
)
