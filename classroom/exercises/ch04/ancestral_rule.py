r"""your own step in the library

Extend the library by a step rule: one ancestral step from $t$ to a time $s$ nearer the data, possibly many steps of
the schedule away. Its noise has the variance of $q(x_t \mid x_s)$, the larger of the two usual ones. The step onto
clean data, where $\sigma_s = 0$, adds none. The checker hands your rule to `lib.sample`, with the oracle,
for <!--given-->3<!--/given--> and for <!--given-->8<!--/given--> calls. A rule gets one object: `step.x` is $x_t$;
`step.c_t.alpha`, `step.c_t.sigma`, `step.c_s.alpha` and `step.c_s.sigma` are floats; `step.estimate.x0` and
`step.estimate.eps` are the guesses; `step.noise()` draws $z$ in the shape of `step.x`, and you call it once a step.

Hint: For a long step the chapter replaces $1 - \beta_t$ by $(\alpha_t / \alpha_s)^2$. What becomes of $\beta_t$, in
the same sentence, and of the mean?
"""

import math

from torch import Tensor

from classroom.exercises import Exercise, Mistake
from classroom.exercises.chain import oracle
from lib.samplers import Step, ancestral, ddim, posterior_variance, sample, transition_variance
from lib.seeding import randn, seeded


# --- stub
def my_rule(step):
    """x_s, with the shape of step.x."""
    return ...


# --- solution
def solution(step):
    c_t, c_s = step.c_t, step.c_s
    shrink = c_t.alpha / c_s.alpha  # sqrt(1 - beta) of the long step
    beta = c_t.sigma**2 - shrink**2 * c_s.sigma**2
    mean = (step.x - beta / c_t.sigma * step.estimate.eps) / shrink
    return mean if c_s.sigma == 0 else mean + math.sqrt(beta) * step.noise()


# --- checker
SEE = "04_ddpm: Which variance samples better?"


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


def _scaled(step: Step, noise) -> Tensor:
    """The right mean, and noise(step) in the place of z."""
    return _mean(step) + (math.sqrt(_beta(step)) * noise(step) if step.c_s.sigma else 0)


def _one_short_step(step: Step) -> Tensor:
    beta = step.model.path.betas[int(step.t)].item()
    mean = (step.x - beta / step.c_t.sigma * step.estimate.eps) / math.sqrt(1 - beta)
    return mean + (math.sqrt(beta) * step.noise() if step.c_s.sigma else 0)


def _not_stretched(step: Step) -> Tensor:
    x = step.x - _beta(step) / step.c_t.sigma * step.estimate.eps
    return x + (math.sqrt(_beta(step)) * step.noise() if step.c_s.sigma else 0)


def _all_anew(step: Step) -> Tensor:
    z = step.noise() if step.c_s.sigma else 0
    return step.c_s.alpha * step.estimate.x0 + step.c_s.sigma * z


def _unpaid(step: Step) -> Tensor:
    return ddim(step) + (math.sqrt(_beta(step)) * step.noise() if step.c_s.sigma else 0)


check = Exercise(
    solution,
    lambda g: [(3,), (8,)],
    run=run,
    rtol=1e-3,  # float32 over eight steps; every mistake moves points by more than a tenth
    see="04_ddpm: Traps",
    mistakes={
        "noise in the last step": Mistake(
            lambda step: _mean(step) + math.sqrt(_beta(step)) * step.noise(),
            "On clean data, where sigma_s = 0, the mean itself is shown. With few steps the last noise is strong.",
        ),
        "the variance for its root": Mistake(
            _unrooted,
            "z is multiplied by a standard deviation. A variance below 1 is smaller than its root: far too little noise.",
        ),
        "beta-tilde for beta": Mistake(
            ancestral,
            "That is the variance with the clean sample known, right for "
            "a single point. Asked for is that of the noising step.",
            "04_ddpm: Second reading: Two variances, and the best one",
        ),
        "no noise at all": Mistake(
            lambda step: _mean(step),
            "The mean of the posterior has less variance than x_s must have. Without fresh noise all samples draw together.",
            SEE,
        ),
        "noise on top of a full step": Mistake(
            _unpaid,
            "alpha_s x0 + sigma_s eps has all its noise already. Fresh "
            "noise needs a posterior mean that has made room for it.",
            "04_ddpm: The posterior of one step",
        ),
        "noise multiplied by noise": Mistake(
            lambda step: _scaled(step, lambda step: step.noise() * step.noise()),
            "A coefficient that draws noise itself is multiplied by noise once more. The product has variance 1, and is "
            "not normal: mostly small, now and then very large. A course has had this line twice.",
        ),
        "twice the variance": Mistake(
            lambda step: _scaled(step, lambda step: math.sqrt(2) * step.noise()),
            "The variance of the noising step is beta, not 2 beta. The 2 belongs to another way of writing the "
            "stochastic equation, g^2 = 2 w, and slips in with it.",
            SEE,
        ),
        "the beta of one short step": Mistake(
            _one_short_step,
            "betas[t] belongs to the step from t to t - 1. This step goes on to s: of its long way it walks the first bit.",
            SEE,
        ),
        "not stretched": Mistake(
            _not_stretched,
            "Towards the noise the signal shrank by alpha_t / alpha_s, so on the way back the mean is divided by it.",
            "04_ddpm: From the mean to the noise",
        ),
        "all noise drawn anew": Mistake(
            _all_anew,
            "That forgets where the state was. The posterior's mean keeps a part of x_t, and its noise is only what is missing.",
            "04_ddpm: The posterior of one step",
        ),
    },
)
