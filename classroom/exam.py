"""An exam of 90 minutes whose numbers nobody has seen: drawn by a seed that only the teacher knows.

    python -m classroom.exam 4711            the sheet, and after it the key, as Markdown
    python -m classroom.exam 4711 --sheet    the sheet alone

The kinds of questions are those of the exercises and of the self-test, and public. The numbers, the choice and the order are the
seed's: the same seed makes the same exam, another one another.
"""

import argparse
import math
import random
from collections.abc import Callable
from typing import NamedTuple

NUMBERS, WORDS = 9, 3  # questions of each kind
MINUTES = {"number": 6, "words": 12}


class Question(NamedTuple):
    """What is asked, the right number, and the formula that gives it."""

    ask: str
    answer: float
    how: str


def unscaled_betas(draw: random.Random) -> Question:
    """Chapter 02."""
    T = draw.choice([40, 60, 80, 120, 150])
    left = math.prod(1 - (1e-4 + (0.02 - 1e-4) * i / (T - 1)) for i in range(T))
    ask = (
        f"Linear betas run from 0.0001 to 0.02 in $T = {T}$ steps, not rescaled. About where does $\\bar\\alpha_T$ end?"
    )
    return Question(ask, left, "$\\exp(-T (\\beta_1 + \\beta_T)/2)$, to a few per cent")


def posterior_mean(draw: random.Random) -> Question:
    """Chapter 01."""
    m, s, (alpha, sigma) = draw.choice([-2, -1, 1, 2]), draw.choice([1, 2, 3]), draw.choice([(0.6, 0.8), (0.8, 0.6)])
    x_t = draw.choice([-1.5, 0.5, 2, 3])
    mean = m + alpha * s**2 / (alpha**2 * s**2 + sigma**2) * (x_t - alpha * m)
    ask = f"$x$ is drawn from $N({m}, {s**2})$ and noised with $\\alpha = {alpha}$, $\\sigma = {sigma}$. You see $x_t = {x_t}$. "
    return Question(ask + "What is $\\mathbb E[x \\mid x_t]$?", mean, "$m + \\alpha s^2 (x_t - \\alpha m) / \\tau$")


def error_of_the_data(draw: random.Random) -> Question:
    """Chapter 03."""
    bar, error = draw.choice([0.02, 0.05, 0.1, 0.4]), draw.choice([0.05, 0.1, 0.2])
    ask = f"On a variance-preserving path, where $\\bar\\alpha = {bar}$, a net for $\\varepsilon$ errs by {error}. "
    return Question(
        ask + "By how much is its $\\hat x$ off?", error * math.sqrt((1 - bar) / bar), "$\\delta\\, \\sigma/\\alpha$"
    )


def target_v(draw: random.Random) -> Question:
    """Chapter 03."""
    x_t, v, bar = draw.choice([0.5, 1, 1.5]), draw.choice([-1, -0.5, 0.5, 2]), draw.choice([0.36, 0.64])
    ask = f"At $\\bar\\alpha = {bar}$ the state is $x_t = {x_t}$, and a net predicts $v = {v}$. What is its $\\hat x$?"
    return Question(ask, math.sqrt(bar) * x_t - math.sqrt(1 - bar) * v, "$\\alpha x_t - \\sigma v$")


def two_steps(draw: random.Random) -> Question:
    """Chapter 04."""
    first, second = draw.sample([0.05, 0.1, 0.2, 0.3], 2)
    variance = first / (1 - (1 - first) * (1 - second)) * second
    ask = f"Two noising steps, $\\beta_1 = {first}$ and $\\beta_2 = {second}$. $x_2$ and the clean sample are known. "
    return Question(
        ask + "What is the variance of $x_1$?", variance, "$\\tilde\\beta_2 = \\beta_2 \\sigma_1^2/\\sigma_2^2$"
    )


def fresh_noise(draw: random.Random) -> Question:
    """Chapter 05."""
    (before, after), eta = draw.choice([(0.2, 0.5), (0.3, 0.6), (0.36, 0.81)]), draw.choice([0.4, 0.6, 1])
    std = eta * math.sqrt((1 - after) / (1 - before) * (1 - before / after))
    ask = f"A step leads from $\\bar\\alpha_t = {before}$ to $\\bar\\alpha_s = {after}$, with $\\eta = {eta}$. "
    return Question(
        ask + "What is the standard deviation of the fresh noise?", std, "$\\eta\\, \\sigma_s \\sqrt{1 - \\rho^2}$"
    )


def field_of_two_points(draw: random.Random) -> Question:
    """Chapter 06."""
    a, z, t = draw.choice([1, 2]), draw.choice([-0.4, 0.3, 0.6]), draw.choice([0.4, 0.5, 0.6])
    mean = a * math.tanh(z * t * a / (1 - t) ** 2)
    ask = f"The data are two points, $-{a}$ and ${a}$, equally likely. "
    ask += f"On the straight path, what is $u(z, t)$ at $z = {z}$, $t = {t}$?"
    return Question(ask, (mean - z) / (1 - t), "$(\\mathbb E[x \\mid z] - z)/(1 - t)$, the mean a $\\tanh$")


def least_loss(draw: random.Random) -> Question:
    """Chapter 06."""
    variance, t = draw.choice([4, 9, 16]), draw.choice([0.2, 0.5, 0.75])
    ask = f"The data are $N(0, {variance})$. What is the loss of a perfect flow matching network at $t = {t}$, straight path?"
    return Question(ask, variance / (t**2 * variance + (1 - t) ** 2), "$s^2/(t^2 s^2 + (1 - t)^2)$")


def cheapest_pairs(draw: random.Random) -> Question:
    """Chapter 06b."""
    m, s = draw.choice([-2, 1, 4]), draw.choice([2, 3, 5])
    ask = f"Noise $N(0, 1)$ and data $N({m}, {s**2})$ on a line are paired by any coupling. What is the least mean square "
    return Question(ask + "distance?", m**2 + (s - 1) ** 2, "$m^2 + (s - 1)^2$: keep the order")


def evaluations(draw: random.Random) -> Question:
    """Chapter 07."""
    K = draw.choice([12, 16, 25, 32])
    ask = f"A sampler takes {K} steps of Heun's rule, the last of them a plain Euler step, and guides each prediction. "
    return Question(ask + "How many rows does the network see for one sample?", 2 * (2 * K - 1), "$2 (2K - 1)$")


def memory(draw: random.Random) -> Question:
    """Chapter 09."""
    decay = draw.choice([0.99, 0.995, 0.999, 0.9995])
    ask = f"An average of the weights has the decay {decay}. After how many updates does the start hold "
    return Question(
        ask + "less than a hundredth of it?",
        math.ceil(math.log(100) / -math.log(decay)),
        "$\\ln 100 / (-\\ln d)$, rounded up",
    )


def first_loss(draw: random.Random) -> Question:
    """Chapter 10."""
    mean, sd = draw.choice([-0.5, -0.3, 0.1]), draw.choice([0.4, 0.6, 0.9])
    ask = f"A new DiT, flow matching, pixels of mean {mean} and standard deviation {sd}. Which loss must the first step show?"
    return Question(ask, mean**2 + sd**2 + 1, "$\\mathbb E[x^2] + 1$: a new net predicts 0")


def guided_variance(draw: random.Random) -> Question:
    """Chapter 11."""
    a, b, w = draw.choice([1, 2]), draw.choice([4, 9]), draw.choice([2, 3])
    ask = f"The class is $N(0, {a})$, all data are $N(0, {b})$. Which variance has "
    return Question(
        ask + f"$p(x)^{{1-w}} p(x|c)^w$, normalised, at $w = {w}$?",
        1 / (w / a + (1 - w) / b),
        "one over $w/a + (1 - w)/b$",
    )


def frechet(draw: random.Random) -> Question:
    """Chapter 12."""
    m, (a, b) = draw.choice([1, 2, 3]), draw.sample([0.25, 1, 4, 9], 2)
    ask = f"One feature. Real: mean 0, variance {a}. Generated: mean {m}, variance {b}. What is the Fréchet "
    return Question(
        ask + "distance, as it is reported?",
        m**2 + (math.sqrt(a) - math.sqrt(b)) ** 2,
        "$(m_a - m_b)^2 + (s_a - s_b)^2$, not its root",
    )


def scaled_clock(draw: random.Random) -> Question:
    """Chapter 13."""
    s, t = draw.choice([0.2, 0.5, 3, 5]), draw.choice([0.2, 0.4, 0.5])
    ask = f"Latents have the standard deviation {s}. Which time of unit latents has the "
    return Question(
        ask + f"signal-to-noise ratio of theirs at $t = {t}$?", s * t / (1 + (s - 1) * t), "$s t / (1 + (s - 1) t)$"
    )


KINDS: list[Callable[[random.Random], Question]] = [
    unscaled_betas, posterior_mean, error_of_the_data, target_v, two_steps, fresh_noise, field_of_two_points, least_loss,
    cheapest_pairs, evaluations, memory, first_loss, guided_variance, frechet, scaled_clock,
]  # fmt: skip
IN_WORDS = [
    "Why may a network be trained on the velocities of single pairs, which it cannot know? Give the argument in four lines.",
    "Why is a reverse step of DDPM Gaussian only when it is short? What follows for the number of steps?",
    "A colleague's loss lies below that of the exact answer. Name three causes, and one test that tells two of them apart.",
    "Two samplers are compared at ten steps each, RK4 and Euler. What is wrong, and how do you compare them?",
    "Why does a good picture at strong guidance not show that the distribution is right? Which numbers would show it?",
    "Why must a Fréchet distance be printed with the number of images, and with what real images score?",
    "A new adaLN-Zero block has gates of zero. Which weights learn in the first, the second and the third step, and why?",
    "Samples of large pictures all have the same brightness. Where do you look, and which number do you print?",
    "Pairs were chosen without looking at the label. Why do more sampling steps not help?",
]


def exam(seed: int) -> tuple[list[Question], list[str]]:
    """The questions of an exam: those with a number, and those in words."""
    draw = random.Random(seed)
    kinds = draw.sample(KINDS, NUMBERS)
    return [kind(draw) for kind in kinds], draw.sample(IN_WORDS, WORDS)


def sheet(seed: int) -> str:
    """What the students get."""
    numbers, words = exam(seed)
    total = MINUTES["number"] * len(numbers) + MINUTES["words"] * len(words)
    head = f"# Exam\n\n{total} minutes. Pocket calculator. Numbers to three digits, with the way to them.\n"
    asked = [f"{i}. {one.ask} ({MINUTES['number']} points)" for i, one in enumerate(numbers, 1)]
    asked += [f"{i}. {one} ({MINUTES['words']} points)" for i, one in enumerate(words, len(numbers) + 1)]
    return head + "\n" + "\n".join(asked) + "\n"


def key(seed: int) -> str:
    """What the teacher keeps."""
    lines = [f"{i}. **{one.answer:.4g}**: {one.how}" for i, one in enumerate(exam(seed)[0], 1)]
    return (
        "# Key\n\n" + "\n".join(lines) + "\n\nHalf of the points are for the way. Those in words are yours to judge.\n"
    )


def main() -> None:
    """Print one exam."""
    parser = argparse.ArgumentParser(description="An exam of 90 minutes, by a seed that only you know.")
    parser.add_argument("seed", type=int, help="any whole number; the same one makes the same exam")
    parser.add_argument("--sheet", action="store_true", help="without the key")
    given = parser.parse_args()
    print(sheet(given.seed) if given.sheet else sheet(given.seed) + "\n" + key(given.seed))


if __name__ == "__main__":
    main()
