"""DDPM's step as a rule for `lib.sample`: rule(step) -> x_s, with the variance of q(x_t | x_s) and no noise in the last step."""

import math

from torch import Tensor

from classroom.exercises import Exercise, Mistake
from classroom.exercises.chain import oracle
from lib.samplers import Step, ancestral, ddim, posterior_variance, sample, transition_variance
from lib.seeding import randn, seeded

SEE = "04_ddpm: Which variance samples better?"
TRAPS = "04_ddpm: Traps, by number"


def answer(step: Step) -> Tensor:
    """The library's own, with the larger variance."""
    return ancestral(step, variance="beta")


def run(rule, calls: int) -> Tensor:
    """20 samples; the seed fixes the start and the noise of each step, z = step.noise()."""
    return sample(oracle(), randn((20, 2), generator=seeded(4)), calls, rule, generator=seeded(5))


def _mean(step: Step) -> Tensor:
    kept = math.sqrt(step.c_s.sigma**2 - posterior_variance(step.c_t, step.c_s))
    return step.c_s.alpha * step.estimate.x0 + kept * step.estimate.eps


def _beta(step: Step) -> float:
    return transition_variance(step.c_t, step.c_s)


def _unrooted(step: Step) -> Tensor:
    return _mean(step) + (_beta(step) * step.noise() if step.c_s.sigma else 0)


def _unpaid(step: Step) -> Tensor:
    return ddim(step) + (math.sqrt(_beta(step)) * step.noise() if step.c_s.sigma else 0)


check = Exercise(
    answer,
    lambda g: [(3,), (8,)],
    run=run,
    rtol=1e-3,  # float32 over eight steps; every mistake moves points by more than a tenth
    mistakes=[
        Mistake(
            "noise in the last step",
            lambda step: _mean(step) + math.sqrt(_beta(step)) * step.noise(),
            "On clean data, where sigma_s = 0, the mean itself is shown. With few steps the last noise is strong.",
            TRAPS,
        ),
        Mistake(
            "the variance for its root",
            _unrooted,
            "z is multiplied by a standard deviation. A variance below 1 is smaller than its root: far too little noise.",
            TRAPS,
        ),
        Mistake(
            "beta-tilde for beta",
            ancestral,
            "That is the variance with the clean sample known, right for a single point. Asked for is that of the noising step.",
            "04_ddpm: Two variances, and the best one",
        ),
        Mistake(
            "no noise at all",
            lambda step: _mean(step),
            "The mean of the posterior has less variance than x_s must have. Without fresh noise all samples draw together.",
            SEE,
        ),
        Mistake(
            "noise on top of a full step",
            _unpaid,
            "alpha_s x0 + sigma_s eps has all its noise already. Fresh noise needs a posterior mean that has made room for it.",
            "04_ddpm: The posterior of one step",
        ),
    ],
)
