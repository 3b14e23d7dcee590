"""The scale factor on both sides: unit(encode, decode, images) -> (encode, decode), with latents of unit variance.

encode: images (B, n) -> latents (B, m). decode: back. images: the training images.
"""

from collections.abc import Callable

from torch import Tensor

from classroom.exercises import Exercise, Mistake
from lib.seeding import randn

SEE = "13_latent_diffusion: The scale factor"


def answer(encode: Callable, decode: Callable, images: Tensor) -> tuple[Callable, Callable]:
    """Divide on the way in by one number, multiply by it on the way out."""
    scale = encode(images).std(correction=0)
    return lambda x: encode(x) / scale, lambda z: decode(z * scale)


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
    answer,
    lambda g: [(size, *(randn((n, 6), generator=g) for n in (2000, 3, 3))) for size in (5.5, 0.4)],
    run=run,
    rtol=2e-3,  # a standard deviation with n - 1 in the place of n is as good
    mistakes=[
        Mistake(
            "the factor on the way in only",
            _two(_std, _over, _as_it_is),
            "The decoder was trained on latents of their own size. It gets unit latents and paints a picture all the same.",
            SEE,
        ),
        Mistake(
            "the factor on the way out only",
            _two(_std, _as_it_is, _times),
            "The model sees latents of the wrong size, on a clock shifted by 2 log s, and the decoder gets them scaled twice.",
            SEE,
        ),
        Mistake(
            "the factor upside down",
            _two(_std, _times, _over),
            "It cancels there and back: reconstructions look right. But the latents have the variance s^4: see encode(x).std().",
            SEE,
        ),
        Mistake(
            "the variance for the deviation",
            _two(lambda z: z.var(correction=0), _over, _times),
            "Dividing by the variance leaves a standard deviation of 1 / s. Unit variance needs its root.",
            SEE,
        ),
        Mistake(
            "a published factor",
            _two(lambda z: 1 / 0.18215, _over, _times),
            "0.18215 belongs to one autoencoder. Yours has another scale: measure it on your own training images.",
            SEE,
        ),
    ],
)
