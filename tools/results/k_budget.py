"""Every rule on every schedule, at many budgets, on eight seeds: how many network calls a sample of two moons takes.

    python -m tools.results.k_budget        results/k_budget.json, for chapter 07; 3 minutes on one core

Within a seed all cells start from the same noise and face the same reference, so they differ by the sampler alone. A cell is two
lists, a number for each seed: the sliced Wasserstein distance, and the share of points off the moons in per cent. A row ends
where all seeds but one score no more than a perfect sample of a thousand points. `euler` holds, for clouds of particles that
follow the exact field, how far from their exact ends Euler's rule brings them. Rows that stand in the file are not made again,
unless it was made with other settings, other networks or another torch.
"""

import json
from collections.abc import Callable, Iterable
from functools import partial

import torch
from torch import Tensor

from lib import (
    DiscreteSchedule,
    LinearPath,
    Oracle,
    ancestral,
    calls_a_step,
    cosine_betas,
    ddim,
    dpmpp_2m,
    euler,
    heun,
    linear_betas,
    randn,
    rk4,
    sample,
    seeded,
    share_off,
    sliced_wasserstein,
    two_moons,
    two_moons_mixture,
    yardsticks,
)
from lib.prediction import Model
from lib.samplers import Rule
from lib.trained.files import mark, put
from lib.trained.shipped import RESULTS
from lib.trained.toy import load

TARGET = RESULTS / "k_budget.json"
SEEDS, N, TIMES = tuple(range(8)), 2000, 4  # a reference has so many times the points of the sample that it judges
FEW, MANY = (4, 5, 6, 8, 10, 12, 16, 20), (30, 40, 60, 100)  # budgets; of the many no more than it takes
NET_SEEDS, NET_MOST = SEEDS[:5], 60  # no network has more calls
CLOUDS, PARTICLES, STEPS = tuple(range(5)), 6000, (8, 16, 32, 64, 128)
FAR = 0.3  # a particle so far from its exact end is misplaced

MIXTURE = two_moons_mixture()
PATHS = {
    "linear": DiscreteSchedule(linear_betas(1000)),
    "cosine": DiscreteSchedule(cosine_betas(1000)),
    "straight": LinearPath(),
}
RULES = {
    "DDPM beta": partial(ancestral, variance="beta"),
    "DDPM beta-tilde": ancestral,
    "DDIM": ddim,
    "DPM-Solver++ 2M": dpmpp_2m,
}
OF_VELOCITY = {"Heun": heun, "RK4": rk4}  # on the straight path; Euler's rule is DDIM there
NETS = {"linear": "toy_ddpm", "straight": "toy_flow"}
OF_NETS = (
    ("linear", "DDPM beta"),
    ("linear", "DDPM beta-tilde"),
    ("linear", "DDIM"),
    ("straight", "DDIM"),
    ("straight", "RK4"),
    ("straight", "DPM-Solver++ 2M"),
)


def samplers(path: str) -> dict[str, Rule]:
    """The rules that are tried on a path, by name: those with noise not on the cosine schedule."""
    quiet = {name: rule for name, rule in RULES.items() if not name.startswith("DDPM")}
    return {"linear": RULES, "cosine": quiet, "straight": RULES | OF_VELOCITY}[path]


def every() -> Iterable[tuple[str, str, Rule]]:
    """Path, name and rule of every sampler."""
    return [(path, name, rule) for path in PATHS for name, rule in samplers(path).items()]


def start(seed: int, n: int = N) -> tuple[Tensor, Tensor]:
    """The noise of a seed (n, 2), and the sample that judges what becomes of it (TIMES n, 2)."""
    return randn((n, 2), generator=seeded(100 + seed)), two_moons(TIMES * n, generator=seeded(200 + seed))[0]


def cell(model: Model, rule: Rule, calls: int, seeds: Iterable[int] = SEEDS, n: int = N) -> dict[str, list[float]]:
    """Both measures of one sampler at one budget, a number for each seed."""
    found = {"distance": [], "off": []}
    for seed in seeds:
        noise, reference = start(seed, n)
        x = sample(model, noise, calls, rule, generator=seeded(300 + seed))
        found["distance"].append(sliced_wasserstein(x, reference))
        found["off"].append(100 * share_off(x, MIXTURE))
    return rounded(found)


def row(
    model: Model, rule: Rule, enough: float, seeds: Iterable[int] = SEEDS, most: int = MANY[-1]
) -> dict[str, dict[str, list[float]]]:
    """One sampler: {calls: cell}, up to `most`, or the first of the MANY where all seeds but one score at most `enough`."""
    cells = {}
    for calls in FEW + MANY:
        if calls <= most and calls % calls_a_step(rule) == 0:
            cells[str(calls)] = cell(model, rule, calls, seeds)
            if calls > FEW[-1] and sorted(cells[str(calls)]["distance"])[-2] <= enough:
                break
    return cells


def euler_errors(seed: int, steps: Iterable[int] = STEPS, n: int = PARTICLES) -> dict[str, list[float]]:
    """Of n particles on the straight path, by steps: the median distance to the exact end, the root of its mean square, and the
    share in per cent that is misplaced."""
    model, x = Oracle(MIXTURE, PATHS["straight"]), randn((n, 2), generator=seeded(seed))
    end = sample(model, x, 4 * 48, rk4)
    found = {"median": [], "rms": [], "far": []}
    for k in steps:
        error = (sample(model, x, k, euler) - end).norm(dim=-1)
        found["median"].append(error.median().item())
        found["rms"].append(error.square().mean().sqrt().item())
        found["far"].append(100 * (error > FAR).double().mean().item())
    return rounded(found)


def marks() -> dict[str, list[float]]:
    """Mean and deviation of what a perfect sample scores, with N points and with a thousand; the best Gaussian; doing nothing."""

    def perfect(m: int, generator: torch.Generator) -> Tensor:
        return two_moons(m, generator=generator)[0]

    found = yardsticks(sliced_wasserstein, perfect, N, m=TIMES * N, repeats=20)
    thousand = yardsticks(sliced_wasserstein, perfect, 1000, m=TIMES * 1000, repeats=100)
    named = {
        "floor": found.floor,
        "floor_1000": thousand.floor,
        "gaussian": found.gaussian,
        "nothing": found.nothing,
    }
    return rounded({name: [*value] for name, value in named.items()})


def rounded(found: dict[str, list[float]]) -> dict[str, list[float]]:
    """As it stands in the file."""
    return {name: [float(f"{value:.4g}") for value in values] for name, values in found.items()}


def settings() -> dict:
    """All that decides a number of the file, as it stands there."""
    return {
        "torch": torch.__version__.split("+")[0],
        "points": N,
        "seeds": len(SEEDS),
        "net_seeds": len(NET_SEEDS),
        "budgets": [*FEW, *MANY],
        "net_most": NET_MOST,
        "particles": PARTICLES,
        "steps": list(STEPS),
        "far": FAR,
        "files": {name: mark(RESULTS / f"{name}.safetensors") for name in NETS.values()},
    }


def kept() -> dict[str, dict]:
    """What stands in the file and today's settings made: nothing of it if a single one of them was another."""
    before = json.loads(TARGET.read_text()) if TARGET.exists() else {}
    same = settings().items() <= before.items()
    return {part: before[part] for part in ("marks", "oracle", "nets", "euler") if same and part in before}


def main() -> None:
    """Measure what is missing, and write after every row."""
    torch.set_num_threads(1)
    report = {"command": "python -m tools.results.k_budget", **settings(), **kept()}
    report["marks"] = report.get("marks") or marks()
    enough = report["marks"]["floor_1000"][0]

    def keep(part: str, key: str, measure: Callable, *arguments) -> None:
        if key not in report.setdefault(part, {}):
            report[part][key] = measure(*arguments)
            print(part, key, flush=True)
        put(TARGET, (json.dumps(report, indent=1) + "\n").encode())

    for path, name, rule in every():
        keep("oracle", f"{name}, {path}", row, Oracle(MIXTURE, PATHS[path]), rule, enough)
    for path, name in OF_NETS:
        net = load(RESULTS / f"{NETS[path]}.safetensors")
        keep("nets", f"{name}, {path}", row, net, samplers(path)[name], enough, NET_SEEDS, NET_MOST)
    for seed in CLOUDS:
        keep("euler", f"cloud {seed}", euler_errors, seed)


if __name__ == "__main__":
    main()
