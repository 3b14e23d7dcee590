"""What several tests share: every path of the book, and small exact models to stand in for trained ones."""

import pytest
import torch

from lib import (
    DiscreteSchedule,
    GaussianMixture,
    LinearPath,
    cosine_betas,
    linear_betas,
    randn,
    scaled_linear_betas,
    seeded,
    two_moons_mixture,
)
from lib.flow_matching import paths
from lib.oracle import Oracle

# The tests' tensors are small and run in several processes: more threads would only wait for each other.
torch.set_num_threads(1)

CONTINUOUS = {type(path).__name__.removesuffix("Path").lower(): path for path in paths()}  # as the explorers call them
DISCRETE = {
    "ddpm-linear": DiscreteSchedule(linear_betas(1000)),
    "ddpm-cosine": DiscreteSchedule(cosine_betas(1000)),
    "ddpm-scaled-linear": DiscreteSchedule(scaled_linear_betas(1000)),
    "ddpm-linear-100": DiscreteSchedule(linear_betas(100)),
}
PATHS = CONTINUOUS | DISCRETE

# The small inputs of what is tried on bad ones and on every kind: four points with labels, half-way, two components.
B = 4
X, Y = randn((B, 2), generator=seeded(0)), torch.arange(B) % 2
PATH, HALF_WAY = LinearPath(), LinearPath().coeffs(0.5)
MOONS = GaussianMixture([0.4, 0.6], [[1.0, 0.5], [-0.5, -0.8]], [[0.5, 0.3], [0.4, 0.6]], [0, 1])


class Spy(Oracle):
    """The oracle of a mixture, which remembers the times it was asked at."""

    def __init__(self, *args):
        super().__init__(*args)
        self.asked = []

    def estimate(self, x_t, t, y=None):
        self.asked.append(t)
        return super().estimate(x_t, t, y)


@pytest.fixture(params=PATHS, ids=list(PATHS))
def path(request):
    return PATHS[request.param]


@pytest.fixture(params=CONTINUOUS, ids=list(CONTINUOUS))
def continuous_path(request):
    return CONTINUOUS[request.param]


@pytest.fixture(params=DISCRETE, ids=list(DISCRETE))
def schedule(request):
    return DISCRETE[request.param]


@pytest.fixture(scope="session")
def moons() -> GaussianMixture:
    return two_moons_mixture()


@pytest.fixture(scope="session")
def broad() -> GaussianMixture:
    """A smooth two-component mixture: its fields have no sharp boundary, so that orders of convergence show early."""
    return GaussianMixture(
        weights=[0.4, 0.6],
        means=[[1.0, 0.5], [-0.5, -0.8]],
        variances=[[0.5, 0.3], [0.4, 0.6]],
        labels=[0, 1],
    )


class ConstantNet(torch.nn.Module):
    """Answers the same number everywhere and counts how often it is asked."""

    def __init__(self, value: float = 0.3):
        super().__init__()
        self.value = torch.nn.Parameter(torch.tensor(value))
        self.calls = 0

    def forward(self, x_t, t, y=None):
        self.calls += 1
        return torch.zeros_like(x_t) + self.value.to(x_t)


@pytest.fixture
def constant_net():
    return ConstantNet()


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item, call):
    """Tell a test's fixtures whether it passed."""
    report = yield
    if report.when == "call":
        item.went_well = report.passed
    return report
