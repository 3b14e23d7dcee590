"""A number: the network calls of 18 Heun steps whose last one, onto clean data, is a plain Euler step."""

from classroom.exercises import Exercise, Mistake

SEE = "07_solvers_and_the_k_budget: Five solvers on one page"
GRID = "07_solvers_and_the_k_budget: What a sampler is given"

check = Exercise(
    35,
    rtol=1e-6,
    mistakes=[
        Mistake(
            "the last step counted as the others",
            36,
            "Onto clean data Euler's rule alone is used: that step asks once.",
            SEE,
        ),
        Mistake(
            "steps for calls",
            18,
            "Heun's rule asks the net twice a step, at both of its ends.",
            SEE,
        ),
        Mistake(
            "grid points for steps",
            37,
            "18 steps have 19 grid points, and at the last, the data, no net is asked.",
            GRID,
        ),
        Mistake(
            "one call shared by neighbours",
            19,
            "The second call of a step is made where Euler's rule would land, not where the step ends: it cannot be used again.",
            SEE,
        ),
    ],
)
