"""The exam by a seed: the same for the same one, and every key computed a second time, in another way."""

import math
import random
import re
import subprocess
import sys
from pathlib import Path

import pytest
import torch

from classroom import exam
from lib import (
    Coeffs,
    DiscreteSchedule,
    EmpiricalOracle,
    GaussianMixture,
    LinearPath,
    frechet_distance,
    make_target,
    solve,
)

ROOT = Path(__file__).parents[1]


def numbers(text: str) -> list[float]:
    """The numbers of a question, in order."""
    return [
        float(found) for found in re.findall(r"(?<![\w.\\^_])-?\d+(?:\.\d+)?(?![\d}])", text.replace("N(0, 1)", ""))
    ]


def again(kind, one: exam.Question) -> float | None:
    """The answer of a question by another way; None where the way would be the same."""
    n = numbers(one.ask)
    match kind.__name__:
        case "unscaled_betas":
            T = int(re.search(r"T = (\d+)", one.ask)[1])
            return DiscreteSchedule(torch.linspace(1e-4, 0.02, T, dtype=torch.float64)).alpha_bars[-1].item()
        case "posterior_mean":
            m, variance, alpha, sigma, x_t = n
            mixture = GaussianMixture([1.0], [[m]], [[variance]], [0])
            return mixture.estimate(torch.tensor([[x_t]]), Coeffs(alpha, sigma)).x0.item()
        case "error_of_the_data":
            bar, error = n
            c = Coeffs(math.sqrt(bar), math.sqrt(1 - bar))
            x, at = torch.zeros(1, 1), torch.ones(1, 1)
            return abs((solve("eps", x + error, at, c).x0 - solve("eps", x, at, c).x0).item())
        case "target_v":
            bar, x_t, v = n
            c = Coeffs(math.sqrt(bar), math.sqrt(1 - bar))
            found = solve("v", torch.tensor([[v]]), torch.tensor([[x_t]]), c)
            assert make_target("v", found.x0, found.eps, c).item() == pytest.approx(v, abs=1e-5)
            return found.x0.item()
        case "field_of_two_points":
            z, t = n[-2:]
            a = n[1]
            path = LinearPath()
            oracle = EmpiricalOracle(torch.tensor([[-a], [a]], dtype=torch.float64), path)
            return oracle.estimate(torch.tensor([[z]], dtype=torch.float64), t).velocity(path.coeffs(t)).item()
        case "frechet":
            _, a, m, b = n
            draw = torch.randn(400, 1, dtype=torch.float64, generator=torch.Generator().manual_seed(0))
            unit = (draw - draw.mean()) / draw.std(correction=1)
            return float(frechet_distance(unit * math.sqrt(a), unit * math.sqrt(b) + m))
        case "memory":
            (decay,) = n
            return next(i for i in range(1, 100_000) if decay**i < 0.01)
        case "evaluations":
            return sum(2 * (1 if step == int(n[0]) - 1 else 2) for step in range(int(n[0])))
        case "guided_variance":  # the density, added up on a grid
            a, b, w = map(int, re.findall(r"(?:N\(0, |w = )(\d+)", one.ask))
            x = torch.linspace(-30, 30, 200_001, dtype=torch.float64)
            normal = [torch.distributions.Normal(0, math.sqrt(v)).log_prob(x) for v in (b, a)]
            density = torch.exp((1 - w) * normal[0] + w * normal[1])
            return ((density * x.square()).sum() / density.sum()).item()
        case "scaled_clock":  # the time is searched for, by halving
            s, t = n
            asked, path, low, high = s * t / (1 - t), LinearPath(), 0.0, 1.0
            for _ in range(60):
                middle = (low + high) / 2
                c = path.coeffs(torch.tensor(middle, dtype=torch.float64))
                low, high = (middle, high) if c.alpha / c.sigma < asked else (low, middle)
            return low
    return None


@pytest.mark.parametrize("kind", exam.KINDS, ids=lambda kind: kind.__name__)
def test_a_key_holds_for_all_numbers(kind):
    for seed in range(12):
        one = kind(random.Random(seed))
        assert math.isfinite(one.answer) and one.how
        other = again(kind, one)
        assert other is None or one.answer == pytest.approx(other, rel=1e-5), one.ask  # float32; seen: 3e-7


def drawn_again(name: str, ask: str, g: torch.Generator) -> float:
    """The answers that the library has no line for, by a million draws."""
    n = numbers(ask)
    e = torch.randn(1_000_000, dtype=torch.float64, generator=g)
    x = torch.randn(1_000_000, dtype=torch.float64, generator=g)
    match name:
        case "least_loss":
            variance, t = n[1], n[2]
            x = x * math.sqrt(variance)
            x_t, u = t * x + (1 - t) * e, x - e
            return left_over(u, x_t)
        case "cheapest_pairs":
            m, variance = n[:2]
            return (e.sort().values - (m + x * math.sqrt(variance)).sort().values).square().mean().item()
        case "first_loss":
            mean, sd = n
            return (mean + sd * x - e).square().mean().item()
        case "two_steps":  # the clean sample is known, so it may be 0: what is left of x_1 once x_2 is known
            first, second = n
            x_1 = math.sqrt(first) * e
            return left_over(x_1, math.sqrt(1 - second) * x_1 + math.sqrt(second) * x)
        case (
            "fresh_noise"
        ):  # with eta 1 the step draws from what is left of x_s once x_t and the clean sample are known
            before, after, eta = n[-3:]
            x_s = math.sqrt(1 - after) * e
            ratio = before / after
            return eta * math.sqrt(left_over(x_s, math.sqrt(ratio) * x_s + math.sqrt(1 - ratio) * x))


def left_over(one: torch.Tensor, seen: torch.Tensor) -> float:
    """The variance of one Gaussian that another, which is seen, does not explain."""
    return (one - seen * (one * seen).mean() / seen.square().mean()).square().mean().item()


DRAWN = ["least_loss", "cheapest_pairs", "first_loss", "two_steps", "fresh_noise"]


def test_every_key_is_computed_a_second_time():
    again_too = [kind.__name__ for kind in exam.KINDS if again(kind, kind(random.Random(0))) is not None]
    assert sorted(again_too + DRAWN) == sorted(kind.__name__ for kind in exam.KINDS)


@pytest.mark.parametrize("name", DRAWN)
def test_a_key_is_what_draws_give(name):
    for seed in range(4):
        one = getattr(exam, name)(random.Random(seed))
        assert one.answer == pytest.approx(drawn_again(name, one.ask, torch.Generator().manual_seed(1)), rel=0.02)


def test_the_same_seed_makes_the_same_exam_and_another_another():
    assert exam.sheet(1) == exam.sheet(1) and exam.key(1) == exam.key(1)
    assert len({exam.sheet(seed) for seed in range(30)}) == 30
    assert all(exam.sheet(seed).startswith("# Exam\n\n90 minutes.") for seed in range(5))


def test_the_sheet_does_not_hold_the_key(monkeypatch, capsys):
    monkeypatch.setattr(sys, "argv", ["exam", "4711", "--sheet"])
    exam.main()
    assert "Key" not in capsys.readouterr().out
    monkeypatch.setattr(sys, "argv", ["exam", "4711"])
    exam.main()
    assert "# Key" in capsys.readouterr().out


def test_a_seed_that_is_no_number_is_refused():
    run = subprocess.run([sys.executable, "-m", "classroom.exam", "x"], cwd=ROOT, capture_output=True, text=True)
    assert run.returncode == 2 and "invalid int value" in run.stderr


def test_a_wrong_key_is_found():
    for kind in (exam.posterior_mean, exam.field_of_two_points, exam.target_v):
        one = kind(random.Random(3))
        assert 1.01 * one.answer != pytest.approx(again(kind, one), rel=1e-5)
