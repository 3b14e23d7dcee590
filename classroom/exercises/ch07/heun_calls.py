"""how many calls

EDM's sampler takes <!--given-->18<!--/given--> steps of Heun's rule {cite:p}`karras2022`. Only the last one, which
lands on clean data, is a plain Euler step. How often is the net asked?

Hint: Count the calls of one step, then of all.
"""

from classroom.exercises import Exercise, Mistake

# --- stub
answer = ...

# --- solution
# 17 steps with two calls, and one with one
solution = 17 * 2 + 1

# --- checker
GRID = "07_solvers_and_the_k_budget: What a sampler is given"

check = Exercise(
    solution,
    rtol=1e-6,
    see="07_solvers_and_the_k_budget: Five solvers on one page",
    mistakes={
        "the last step counted as the others": Mistake(
            36,
            "Onto clean data Euler's rule alone is used: that step asks once.",
        ),
        "steps for calls": Mistake(
            18,
            "Heun's rule asks the net twice a step, at both of its ends.",
        ),
        "grid points for steps": Mistake(
            37,
            "18 steps have 19 grid points, and at the last, the data, no net is asked.",
            GRID,
        ),
        "one call shared by neighbours": Mistake(
            19,
            "The second call of a step is made where Euler's rule would "
            "land, not where the step ends: it cannot be used again.",
        ),
    },
)
