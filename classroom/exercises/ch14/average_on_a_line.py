r"""one jump on a line

On a line the noise is $\mathcal N(0, 1)$ and the data are $\mathcal N(3, 4)$: mean 3, variance 4. The flow is that of
independent pairs on the straight path. What is $v(1; 0, 1)$, its average velocity on the way from the noise at 1 to the
data?

Hint: On a line particles cannot overtake each other, so the flow keeps their order: a noise at a quantile ends at the
same quantile of the data.
"""

from classroom.exercises import Exercise, Mistake

# --- stub
answer = ...

# --- solution
# The noise 1 is one standard deviation above the mean, and so is its end: 3 + 2. The way there takes the time 1.
solution = (3 + 2 * 1) - 1

# --- checker
MEAN, SD, START = 3.0, 2.0, 1.0

check = Exercise(
    solution,
    see="14_few_steps: A jump is an average velocity",
    mistakes={
        "the velocity at the start": Mistake(
            MEAN - START,
            "That is u(1, 0): at t = 0 the mean of all data is the goal. On the way "
            "the goal becomes another, and the path bends.",
        ),
        "the end of the jump": Mistake(
            MEAN + SD * START,
            "That is where it lands, X(1; 0, 1). The velocity is the way there: subtract the start.",
        ),
        "the variance for the deviation": Mistake(
            MEAN + SD**2 * START - START,
            "The data's variance is 4, so their standard deviation is 2: the end lies at 3 + 2.",
        ),
        "the mean over all noises": Mistake(
            MEAN,
            "On average a noise moves by 3. This one lies above the middle of the noise, and ends above the middle of the data.",
        ),
    },
)
