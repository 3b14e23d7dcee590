"""Randomness as an argument.

Nothing in `lib` touches the global random state. Whoever wants noise passes a generator:

    sample(model, randn((500, 2), generator=seeded(0)), calls=50, generator=seeded(1))

Numbers are drawn on the generator's own device and then moved, so a run that is seeded on the CPU agrees on every machine.
"""

import hashlib

import torch

from lib.checks import check_floats, check_sizes, check_whole, told


def seeded(n: int) -> torch.Generator:
    """A CPU generator seeded with the integer n, of at most 63 bits: equal n, equal numbers."""
    check_whole("A seed", n, -(2**63), high=2**63 - 1)
    return torch.Generator().manual_seed(int(n))


def stream(*names: int | str, device: torch.device | str = "cpu") -> torch.Generator:
    """A generator of its own for each row of names, such as (seed, step, what for): unlike sums of seeds, they cannot collide."""
    digest = hashlib.sha256(" ".join(map(str, names)).encode()).digest()
    return torch.Generator(device).manual_seed(int.from_bytes(digest[:7], "big"))


def randn(shape, *, like: torch.Tensor | None = None, generator: torch.Generator | None = None) -> torch.Tensor:
    """Standard normal numbers of the given shape, with the dtype and device of `like` (default: float32, CPU).

    Without a generator a fresh, unpredictable seed is used; the global random state is neither read nor advanced.
    Raises TypeError for a `like` of whole numbers, and for a generator that is none, such as the number 0.
    """
    generator = given(generator)
    if like is not None:
        check_floats("like", like)
    check_sizes("shape", shape)
    dtype = like.dtype if like is not None else torch.float32
    noise = torch.randn(tuple(shape), dtype=dtype, device=generator.device, generator=generator)
    return noise if like is None else noise.to(like.device)


def rand(n: int, *, like: torch.Tensor | None = None, generator: torch.Generator | None = None) -> torch.Tensor:
    """Draw n numbers uniform in [0, 1) on the device of `like`; float64 where `like` is, float32 otherwise.

    They become times, and a time in half precision would be too coarse.
    """
    check_whole("n", n, 0)
    generator = given(generator)
    dtype = torch.float64 if like is not None and like.dtype == torch.float64 else torch.float32
    numbers = torch.rand(n, dtype=dtype, device=generator.device, generator=generator)
    return numbers if like is None else numbers.to(like.device)


def given(generator: torch.Generator | None) -> torch.Generator:
    """The generator, or a fresh one in place of None. Raises TypeError for anything else: a number is no generator."""
    if generator is None:
        return fresh()
    if not isinstance(generator, torch.Generator):
        raise TypeError(
            f"generator must be a torch.Generator, got {told(generator)}. seeded(0) makes one of the number 0."
        )
    return generator


def fresh() -> torch.Generator:
    """A CPU generator seeded by the operating system."""
    generator = torch.Generator()
    generator.seed()
    return generator
