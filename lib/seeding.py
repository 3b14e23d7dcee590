"""Randomness as an argument.

Nothing in `lib` touches the global random state. Whoever wants noise passes a generator:

    sample(model, randn((500, 2), generator=seeded(0)), calls=50, generator=seeded(1))

Numbers are drawn on the generator's own device and then moved, so a run that is seeded on the CPU agrees on every machine.
"""

import torch


def seeded(n: int) -> torch.Generator:
    """A CPU generator seeded with the integer n: equal n, equal numbers."""
    return torch.Generator().manual_seed(n)


def randn(shape, *, like: torch.Tensor | None = None, generator: torch.Generator | None = None) -> torch.Tensor:
    """Standard normal numbers of the given shape, with the dtype and device of `like` (default: float32, CPU).

    Without a generator a fresh, unpredictable seed is used; the global random state is neither read nor advanced.
    """
    generator = generator or fresh()
    dtype = like.dtype if like is not None else torch.float32
    noise = torch.randn(tuple(shape), dtype=dtype, device=generator.device, generator=generator)
    return noise if like is None else noise.to(like.device)


def rand(n: int, *, like: torch.Tensor | None = None, generator: torch.Generator | None = None) -> torch.Tensor:
    """Draw n numbers uniform in [0, 1) on the device of `like`; float64 where `like` is, float32 otherwise.

    They become times, and a time in half precision would be too coarse.
    """
    generator = generator or fresh()
    dtype = torch.float64 if like is not None and like.dtype == torch.float64 else torch.float32
    numbers = torch.rand(n, dtype=dtype, device=generator.device, generator=generator)
    return numbers if like is None else numbers.to(like.device)


def fresh() -> torch.Generator:
    """A CPU generator seeded by the operating system."""
    generator = torch.Generator()
    generator.seed()
    return generator
