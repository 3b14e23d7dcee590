"""What lib computes, as vectors for the mathematics in JavaScript (classroom/explorers/core) to be compared with.

A case is a dict: its kind, the names of what it is made of (a path, a target, a rule, ...: see parts.py), its inputs, and the
numbers `expected`, or the sentence `refused` with which lib refuses it. No combination is left out by hand. Nets are in single
precision, as the book trains them; all else is in double.
"""

import math
from collections.abc import Iterator
from itertools import product

import torch
from torch import Tensor

from classroom.explorers.figure import edge
from lib.diffusion import DDPM, DiscreteSchedule
from lib.flow_map import FlowMap, flow
from lib.flow_matching import FlowMatching
from lib.guidance import Guided
from lib.memorisation import collapse, copy_ratio, perplexity
from lib.metrics import mean_log_density, share_off, sliced_wasserstein
from lib.nets.embedding import SinusoidalTimeEmbedding
from lib.oracle import Oracle
from lib.prediction import TARGETS, Estimate, determinant, make_target, solve
from lib.samplers import calls_a_step, walk
from lib.seeding import randn, seeded
from tests.explorers.parts import BETAS, FLOWS, MIXTURES, NETS, NETS_ON, PATHS, RULES, SPACINGS, TWO_TIMES

POINTS = 5
LABELS = {"none": None, "all": [0, 1, 1, 0, 1], "some": [0, -1, 1, -1, 0]}


def is_discrete(path) -> bool:
    return isinstance(path, DiscreteSchedule)


def model_for(case: dict):
    """The model that a case names: a net or the oracle, guided or not."""
    path = PATHS[case["path"]]
    if "net" not in case:
        model = Oracle(MIXTURES[case["mixture"]], path)
    elif is_discrete(path):
        model = DDPM(NETS[case["net"]], path.betas, case["target"])
    else:
        model = FlowMatching(NETS[case["net"]], path, case["target"])
    return Guided(model, case["scale"], case["interval"]) if "scale" in case else model


def points(case: dict, n: int = POINTS, seed: int = 0) -> Tensor:
    like = torch.zeros(0, dtype=torch.float32 if "net" in case else torch.float64)
    return randn((n, 3 if case.get("mixture") == "space" else 2), like=like, generator=seeded(seed))


def times(path) -> list:
    """Both ends, their neighbours and the middle."""
    if is_discrete(path):
        return [-1, 0, 1, path.T // 3, path.T // 2, path.T - 2, path.T - 1]
    return [0.0, 0.003, 0.1, 0.37, 0.5, 0.9, 0.998, 1.0]


# ---- the cases -----------------------------------------------------------------------------------------------------------------


def schedules() -> Iterator[dict]:
    for name, betas in BETAS.items():
        yield {"kind": "betas", "path": name, "expected": betas}
    for name, path in PATHS.items():
        t = torch.tensor(times(path))
        t = t if is_discrete(path) else t.double()
        columns = [column for column in (*path.coeffs(t), path.log_snr(t)) if column is not None]
        yield {"kind": "coeffs", "path": name, "times": t, "expected": torch.stack(columns, -1)}
        for steps in (1, 2, 5, 20):
            expected = [path.t_noise, path.t_data, *path.grid(steps).tolist()]
            yield {"kind": "ends", "path": name, "steps": steps, "expected": expected}
    for (name, spacing), T, steps in product(
        SPACINGS.items(), (50, 1000), (1, 2, 3, 7, 20, 29, 30, 50, 100, 333, 1000)
    ):
        if steps <= T:
            yield {"kind": "spacing", "spacing": name, "T": T, "steps": steps, "expected": spacing(T, steps)}


def predictions() -> Iterator[dict]:
    for (name, path), target in product(PATHS.items(), TARGETS):
        if target == "u" and is_discrete(path):
            continue
        for t in times(path):
            c, case = path.coeffs(t), {"path": name, "t": t}
            x, eps = points(case, seed=1), points(case, seed=2)
            if target == "eps":
                yield {"kind": "noising", **case, "x": x, "eps": eps, "expected": c.add_noise(x, eps)}
            if target == "u" and math.isfinite(c.d_sigma):
                expected = Estimate(x, eps).velocity(c)
                yield {"kind": "velocity", **case, "x": x, "eps": eps, "expected": expected}
            det = determinant(target, c)
            if not math.isfinite(det):
                continue
            expected = [*make_target(target, x, eps, c).flatten().tolist(), det]
            yield {"kind": "target", **case, "target": target, "x": x, "eps": eps, "expected": expected}
            if det:
                expected = torch.cat(solve(target, eps, x, c))
                yield {"kind": "solve", **case, "target": target, "x": x, "output": eps, "expected": expected}


def mixtures() -> Iterator[dict]:
    for name, mixture in MIXTURES.items():
        tables = [mixture.weights, mixture.means, mixture.variances, mixture.labels]
        yield {"kind": "mixture", "mixture": name, "expected": torch.cat([table.flatten() for table in tables])}
        for y, kind in product(LABELS.values(), ("log_prob", "score")):
            case = {"kind": kind, "mixture": name, "y": y}
            x, labels = 1.5 * points(case), None if y is None else torch.tensor(y)
            yield {**case, "x": x, "expected": getattr(mixture, kind)(x, y=labels)}
            for path, t in (("linear", 0.0), ("cosine", 0.6), ("ddpm", 300), ("vp", 0.98), ("ddpm-cosine", -1)):
                c = PATHS[path].coeffs(t)
                yield {**case, "path": path, "t": t, "x": x, "expected": getattr(mixture, kind)(x, c, labels)}


def estimates() -> Iterator[dict]:
    """Oracles and nets on their paths, with labels and without."""
    for (name, path), mixture, y in product(PATHS.items(), MIXTURES, LABELS.values()):
        for t in [times(path)[0], times(path)[3], times(path)[-1]]:
            yield with_estimate({"kind": "estimate", "mixture": mixture, "path": name, "t": t, "y": y})
    for (name, nets), target in product(NETS_ON.items(), TARGETS):
        for net, y in product(nets, LABELS.values()):
            path = PATHS[name]
            if (y is None or NETS[net].classes) and not (target == "u" and is_discrete(path)):
                yield with_estimate(
                    {"kind": "estimate", "net": net, "path": name, "target": target, "t": times(path)[3], "y": y}
                )


def with_estimate(case: dict) -> dict:
    x = points(case)
    y = None if case["y"] is None else torch.tensor(case["y"])
    with torch.no_grad():
        return {**case, "x": x, "expected": torch.cat(model_for(case).estimate(x, case["t"], y))}


def nets() -> Iterator[dict]:
    """Embeddings and nets; batches of several sizes, since mlp.js works on four rows at once."""
    for dim, scale, period in ((8, 1.0, 10_000), (8, 1000.0, 10_000), (128, 1000.0, 10_000), (6, 30.0, 100)):
        for clock in (torch.tensor([0.0, 0.001, 0.4, 0.75, 1.0]), torch.tensor([-1, 0, 1, 500, 999])):
            expected = SinusoidalTimeEmbedding(dim, scale, period)(clock)
            yield {
                "kind": "embedding",
                "dim": dim,
                "scale": scale,
                "period": period,
                "times": clock,
                "expected": expected,
            }
    for name, net in NETS.items():
        for t, n in product((0.0, 0.3, 1.0) if name.startswith("unit") else (0, 17, 999), (1, 4, 6, 7)):
            x = points({"net": name}, n)
            with torch.no_grad():
                expected = net(x, t)
            yield {"kind": "net", "net": name, "t": t, "y": None, "x": x, "expected": expected}
            if net.classes:
                y = torch.arange(n) % 3 - 1
                with torch.no_grad():
                    expected = net(x, t, y)
                yield {"kind": "net", "net": name, "t": t, "y": y, "x": x, "expected": expected}


def guidance() -> Iterator[dict]:
    models = (
        {"mixture": "moons", "path": "linear"},
        {"mixture": "moons", "path": "ddpm"},
        {"net": "unit-classes", "path": "cosine", "target": "v"},
        {"net": "steps-classes", "path": "ddpm", "target": "x0"},
    )
    # sigma / alpha lies on either side of these ends at one time or another.
    intervals = (None, (0.3, 2.0), (2.0, math.inf), (0.0, 0.5))
    for model, scale, interval in product(models, (0.0, 1.0, 2.5, 7.0), intervals):
        for t in times(PATHS[model["path"]])[3:6]:
            yield with_estimate(
                {"kind": "guided", **model, "scale": scale, "interval": interval, "t": t, "y": LABELS["all"]}
            )


def walks() -> Iterator[dict]:
    for name in (*FLOWS, "ddpm", "ddpm-cosine", "ddpm-zero-snr"):
        for rule, steps, model in product(RULES, (1, 2, 5, 20), walkers(name)):
            yield with_walk({"kind": "walk", "path": name, "rule": rule, **model}, PATHS[name].grid(steps))
    for name, spacing, rule, steps in product(("ddpm", "ddpm-cosine"), SPACINGS, RULES, (5, 20)):
        case = {"kind": "walk", "path": name, "rule": rule, "spacing": spacing, "mixture": "moons", "y": None}
        yield with_walk(case, SPACINGS[spacing](PATHS[name].T, steps))


def walkers(name: str) -> Iterator[dict]:
    """The models that walk a path: oracles, nets that answer a target which is regular at both ends, and guided ones."""
    yield {"mixture": "moons", "y": None}
    if name in NETS_ON:
        plain, with_classes = NETS_ON[name]
        yield {"mixture": "moons", "y": LABELS["all"], "scale": 2.0, "interval": (0.1, 5.0)}
        yield {"net": plain, "target": "v", "y": None}
        yield {"net": with_classes, "target": "v", "y": LABELS["some"]}


def with_walk(case: dict, grid: Tensor) -> dict:
    x, rule = points(case), RULES[case["rule"]]
    y, steps = None if case["y"] is None else torch.tensor(case["y"]), len(grid) - 1
    case, generator = {**case, "x": x, "grid": grid}, seeded(4)
    try:
        states = list(walk(model_for(case), x, grid, rule, y, generator=generator))
    except ValueError as error:
        return {**case, "noise": [], "refused": str(error)}
    # A rule that draws noise draws once a step, and not in the last one; one that does not has not touched the generator.
    noise, draws = seeded(4), steps - 1
    if torch.equal(generator.get_state(), noise.get_state()):
        draws = 0
    drawn = [randn(x.shape, like=x, generator=noise) for _ in range(draws)]
    numbers = [
        part
        for s in states
        for part in (
            torch.tensor([s.t], dtype=torch.float64),
            s.x.flatten(),
            *(half.flatten() for half in s.estimate or ()),
        )
    ]
    # At last: what `sample` returns, no noise left over, and the price of a step.
    expected = [*torch.cat(numbers).tolist(), *states[-1].x.flatten().tolist(), 0, calls_a_step(rule)]
    return {**case, "noise": torch.stack(drawn) if drawn else [], "expected": expected}


def flow_maps() -> Iterator[dict]:
    """Nets that are told two times: what they hear, their average velocities, jumps and diagonals; the exact map."""
    spans = ((0.0, 1.0), (0.3, 0.3), (0.37, 0.9), (0.95, 1.0))
    for (name, net), (s, t) in product(TWO_TIMES.items(), spans):
        model, case = FlowMap(net), {"net": name, "path": "linear", "s": s, "t": t}
        x = points(case)
        with torch.no_grad():
            yield {"kind": "two_times", **case, "expected": net.time(torch.tensor([[s, t]]))}
            for y in LABELS.values() if net.classes else (None,):
                labels, said = None if y is None else torch.tensor(y), {**case, "x": x, "y": y}
                yield {"kind": "average", **said, "expected": model.average(x, s, t, labels)}
                yield {"kind": "jump", **said, "expected": model.jump(x, s, t, labels)}
                yield {"kind": "diagonal", **said, "expected": torch.cat(model.estimate(x, t, labels))}
    for name, mixture, (s, t) in product(("linear", "cosine"), MIXTURES, spans):
        case = {"kind": "flow", "mixture": mixture, "path": name, "s": s, "t": t, "y": None}
        x = points(case)
        yield {**case, "x": x, "steps": 20, "expected": flow(model_for(case), x, s, t, steps=20)}


def distances() -> Iterator[dict]:
    for (n, m), projections, prepared in product(
        ((1, 1), (5, 5), (7, 3), (3, 7), (60, 60), (60, 41), (41, 60), (12, 60)), (64, 16), (False, True)
    ):
        x, y = points({}, n, seed=5), 1.3 * points({}, m, seed=6) + 0.2
        expected = [sliced_wasserstein(x, y, projections)]
        case = {"kind": "sliced_wasserstein", "projections": projections, "prepared": prepared, "sizes": (n, m)}
        yield {**case, "x": x, "y": y, "expected": expected}


def densities() -> Iterator[dict]:
    """Where points lie in a mixture, from hardly one off the data to nearly all."""
    for (name, mixture), rare, scale in product(MIXTURES.items(), (0.01, 0.2), (0.5, 1.0, 2.0)):
        x = scale * points({"mixture": name}, 200, seed=8)
        case = {"kind": "share_off", "mixture": name, "rare": rare, "edge": edge(mixture, rare), "x": x}
        yield {**case, "expected": [share_off(x, mixture, rare), mean_log_density(x, mixture)]}


def memories() -> Iterator[dict]:
    """What remembers its points: from noise, where all of them count, to the data, where one is found."""
    for n, dim, (path, t) in product(
        (1, 2, 40), (2, 3), (("linear", 0.0), ("linear", 0.6), ("cosine", 0.97), ("ddpm", 5), ("linear", 1.0))
    ):
        case = {"path": path, "t": t, "dim": dim, "x": cloud(POINTS, dim, 9), "points": cloud(n, dim, 10)}
        c = PATHS[path].coeffs(t)
        if c.alpha * c.sigma > 0:  # at alpha = 0 lib divides by it
            yield {"kind": "perplexity", **case, "expected": perplexity(case["x"], case["points"], c)}
    for n, dim, variance in product((2, 50, 800), (2, 3, 64), (1.0, 0.3)):
        numbers = {"n": n, "dim": dim, "variance": variance}
        yield {"kind": "collapse", **numbers, "expected": [collapse(**numbers)]}
    for n, dim, twice in product((2, 5, 60), (2, 3), (False, True)):
        near = cloud(n, dim, 11)
        near = torch.cat([near, near]) if twice else near
        x = torch.cat([cloud(POINTS, dim, 12), near[:1]])  # the last is a copy
        case = {"kind": "copy_ratio", "dim": dim, "twice": twice, "x": x, "points": near}
        yield {**case, "expected": copy_ratio(x, near)}


def cloud(n: int, dim: int, seed: int) -> Tensor:
    return randn((n, dim), like=torch.zeros(0, dtype=torch.float64), generator=seeded(seed))


def all_cases() -> list[dict]:
    models = (schedules, predictions, mixtures, estimates, nets, guidance, walks, flow_maps)
    return [case for maker in (*models, distances, densities, memories) for case in maker()]


def plain(value):
    """Tensors as flat lists, infinities as text: JSON has neither."""
    if isinstance(value, Tensor):
        value = value.flatten().tolist()
    if isinstance(value, dict):
        return {key: plain(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [plain(item) for item in value]
    if isinstance(value, float) and not math.isfinite(value):
        return "Infinity" if value > 0 else "-Infinity" if value < 0 else "NaN"
    return value
