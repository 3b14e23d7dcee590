"""For exercises about calls: the oracle of two moons on the straight path, which counts how often it is asked."""

from torch import Tensor

from lib.data import two_moons_mixture
from lib.flow_matching import LinearPath
from lib.oracle import Oracle
from lib.prediction import Estimate


class Counting(Oracle):
    """The oracle with `calls`, the number of its estimates so far."""

    def __init__(self) -> None:
        super().__init__(two_moons_mixture(), LinearPath())
        self.calls = 0

    def estimate(self, x_t: Tensor, t: Tensor, y: Tensor | None = None) -> Estimate:
        self.calls += 1
        return super().estimate(x_t, t, y)
