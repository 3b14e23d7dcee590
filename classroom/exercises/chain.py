"""For exercises on DDPM's chain: the exact answer for two moons on a thousand linear betas, made once."""

from functools import cache

from lib.data import two_moons_mixture
from lib.diffusion import DiscreteSchedule, linear_betas
from lib.oracle import Oracle


@cache
def oracle() -> Oracle:
    """The moons on a thousand linear betas."""
    return Oracle(two_moons_mixture(), DiscreteSchedule(linear_betas(1000)))
