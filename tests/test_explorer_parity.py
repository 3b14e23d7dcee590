"""The mathematics in JavaScript (classroom/explorers/core) agrees with lib: the same cases, computed by both."""

import json
import math
import re
import subprocess
import sys
from itertools import product
from pathlib import Path

import pytest
import torch

from lib.diffusion import DiscreteSchedule, linear_betas
from lib.flow_matching import VPPath, paths
from lib.guidance import Guided
from lib.memorisation import collapse, copy_ratio, perplexity
from lib.metrics import share_off, sliced_wasserstein
from lib.mixture import GaussianMixture
from lib.nets.embedding import SinusoidalTimeEmbedding
from lib.oracle import Oracle
from lib.prediction import TARGETS, Estimate, solve, target_row
from lib.samplers import ancestral, ddim, euler, facts, heun, rk4, rules, walk
from tests.explorers.parts import (
    FLOWS,
    MIXTURES,
    NETS,
    NETS_ON,
    PATHS,
    RULES,
    SPACINGS,
    SPECS,
    TWO_TIMES,
    net_for_javascript,
)
from tests.explorers.vectors import LABELS, all_cases, plain

NODE = Path(sys.executable).with_name("node")
ROOT = Path(__file__).parents[1]
PARITY = ROOT / "tests" / "explorers" / "parity.mjs"

# Absolute for numbers up to 1, relative above. In double precision only the order of additions differs, which 20 steps carry to
# 1e-12. Nets are in single precision in lib and in double in JavaScript: 1e-7 an answer, which a walk may enlarge a hundredfold.
# An explorer draws 1e-4 as a hundredth of a pixel.
TOLERANCE = {"double": 1e-9, "single": 1e-4}


@pytest.fixture(scope="module")
def cases() -> list[dict]:
    return all_cases()


@pytest.fixture(scope="module")
def answers(cases, tmp_path_factory) -> dict:
    """What parity.mjs says about the cases."""
    vectors = tmp_path_factory.mktemp("parity") / "vectors.json"
    nets = {name: net_for_javascript(net) for name, net in (NETS | TWO_TIMES).items()}
    content = {"specs": SPECS, "nets": nets, "cases": cases}
    vectors.write_text(json.dumps(plain(content), allow_nan=False))
    run = subprocess.run([NODE, PARITY, vectors], capture_output=True, text=True)
    assert run.returncode == 0, run.stderr
    return json.loads(run.stdout)


def named(case: dict) -> dict:
    """A case without its numbers."""
    numbers = ("x", "eps", "output", "grid", "noise", "expected")
    return {key: value for key, value in case.items() if key not in numbers and not isinstance(value, torch.Tensor)}


KINDS = (
    "betas", "coeffs", "ends", "spacing", "noising", "target", "solve", "velocity", "mixture", "log_prob", "score", "estimate",
    "embedding", "net", "guided", "walk", "two_times", "average", "jump", "diagonal", "flow", "sliced_wasserstein", "share_off",
    "perplexity", "collapse", "copy_ratio",
)  # fmt: skip


@pytest.mark.parametrize("kind", KINDS)
def test_javascript_agrees_with_lib(cases, answers, kind):
    far = []
    for case, deviation, said in zip(cases, answers["deviations"], answers["said"], strict=True):
        tolerance = TOLERANCE["single" if "net" in case or kind == "embedding" else "double"]
        if case["kind"] == kind and not deviation < tolerance:
            far.append((deviation, said, named(case)))
    assert far == []


def test_both_sides_say_the_same_of_rules_and_paths(answers):
    said = [{"name": rule.__name__, **facts(rule)._asdict()} for rule in rules()]
    own = {"options", "estimates"}  # what is Python's alone
    assert answers["rules"] == [{key: value for key, value in one.items() if key not in own} for one in said]
    assert answers["paths"] == [{"name": name, "label": path.label} for name, path in zip(FLOWS, paths(), strict=True)]


EXPLORERS = ROOT / "classroom" / "explorers"
CORE = sorted((EXPLORERS / "core").glob("*.js"))


@pytest.mark.parametrize("path", CORE, ids=lambda path: path.stem)
def test_every_file_of_the_mathematics_says_which_of_lib_it_mirrors(path):
    """In its first lines. All but the parts of the engine, which stay out of the pages' bundle, are exported by core.js."""
    head = path.read_text().split("\n\n")[0]
    mirrored = re.findall(r"\blib((?:\.[a-z_]+)+)", " ".join(head.replace("//", "").split()))
    files = [ROOT / "lib" / f"{name[1:].rstrip('.').replace('.', '/')}.py" for name in mirrored]
    assert files and all(file.exists() for file in files)
    pages, engine = ((EXPLORERS / name).read_text() for name in ("core.js", "engine/core.js"))
    assert (f'"./core/{path.name}"' in pages) != (f'"../core/{path.name}"' in engine)
    assert "../core.js" in engine and len(CORE) > 15


def test_nothing_is_left_out(cases):
    """At least 500 cases; every path, target, rule and option of lib among them, and in the combinations that matter."""

    def found(kind, *names):
        return {tuple(case.get(name) for name in names) for case in cases if case["kind"] == kind}

    assert len(cases) >= 500
    assert {case["kind"] for case in cases} == set(KINDS)
    assert {(rule,) for rule in RULES} == found("walk", "rule")
    assert {rule.__name__ for rule in rules()} == {rule.split()[0] for rule in RULES}

    assert found("coeffs", "path") == {(path,) for path in PATHS}
    continuous = {name for name, path in PATHS.items() if not isinstance(path, DiscreteSchedule)}
    defined = {(name, target) for name, target in product(PATHS, TARGETS) if target != "u" or name in continuous}
    assert found("target", "path", "target") == found("solve", "path", "target") == defined
    assert found("velocity", "path") == {(name,) for name in continuous}

    ends = {(name, end) for name, path in PATHS.items() for end in (path.t_noise, path.t_data)}
    oracles = [case for case in cases if case["kind"] == "estimate" and "mixture" in case]
    for y in LABELS.values():
        assert ends <= {(case["path"], case["t"]) for case in oracles if case["y"] == y}
    assert found("net", "net") == found("walk", "net") - {(None,)} == {(net,) for net in NETS}
    assert {net.t_scale for net in NETS.values()} == {1, 1000} and {net.classes for net in NETS.values()} == {None, 2}
    assert {len(scales) for scales in (found("guided", "scale"), found("guided", "interval"))} == {4}

    assert set(product((*FLOWS, "ddpm", "ddpm-cosine", "ddpm-zero-snr"), RULES)) == found("walk", "path", "rule")
    # What is refused is what the laws refuse: a rule that looks where the path has no velocity, or an infinite one.
    refused = {(case["path"], case["rule"]) for case in cases if "refused" in case}
    ends = {name: PATHS[name].coeffs(PATHS[name].t_data).d_sigma for name, _ in refused | found("walk", "path", "rule")}
    looks = {name: facts(rule).velocity for name, rule in RULES.items()}
    assert refused == {
        (path, rule)
        for path, rule in product(ends, RULES)
        if looks[rule] and (ends[path] is None or (looks[rule] == "end" and math.isinf(ends[path])))
    }
    assert {len(case["grid"]) - 1 for case in cases if case["kind"] == "walk"} == {1, 2, 5, 20}
    assert set(product(SPACINGS, RULES)) <= found("walk", "spacing", "rule")
    assert {(path, net) for path, nets in NETS_ON.items() for net in nets} <= found("walk", "path", "net")
    sizes = {size for (size,) in found("sliced_wasserstein", "sizes")}
    assert found("share_off", "mixture") == {(name,) for name in MIXTURES}
    assert any(n == m for n, m in sizes) and any(n < m for n, m in sizes) and any(n > m for n, m in sizes)


# ---- refusals: the same sentence on both sides -------------------------------------------------------------------------------

LINEAR, VP, DDPM = PATHS["linear"], PATHS["vp"], PATHS["ddpm"]
POINT = torch.zeros(1, 2, dtype=torch.float64)


def clock(path, t):
    return path.coeffs(torch.tensor([t]))


def walked(path, grid, rule, x=POINT):
    return list(walk(oracle(path), x, torch.tensor(grid), rule))


def oracle(path) -> Oracle:
    return Oracle(MIXTURES["moons"], path)


REFUSED = {
    "unknown target": lambda: target_row("w", clock(LINEAR, 0.5)),
    "u on a schedule": lambda: target_row("u", clock(DDPM, 5)),
    "velocity on a schedule": lambda: Estimate(POINT, POINT).velocity(clock(DDPM, 5)),
    "eps at pure noise": lambda: solve("eps", POINT, POINT, clock(LINEAR, 0.0)),
    "x0 at clean data": lambda: solve("x0", POINT, POINT, clock(DDPM, -1)),
    "u at the data of vp": lambda: solve("u", POINT, POINT, clock(VP, 1.0)),
    "time after the data": lambda: clock(LINEAR, 1.5),
    "step beyond T": lambda: clock(DDPM, 1000),
    "time between steps": lambda: clock(DDPM, 0.5),
    "no steps": lambda: LINEAR.grid(0),
    "more steps than T": lambda: DDPM.grid(1001),
    "betas of vp": lambda: VPPath(2, 1),
    "one beta": lambda: linear_betas(1),
    "too few steps to rescale": lambda: linear_betas(20),
    "alpha_bars for betas": lambda: DiscreteSchedule(torch.tensor([0.5, 1, 0.25])),
    "weights": lambda: GaussianMixture([0.5, 0.6], [[0.0, 0.0], [1.0, 1.0]], [[1.0, 1.0], [1.0, 1.0]]),
    "variances": lambda: GaussianMixture([0.5, 0.5], [[0.0, 0.0], [1.0, 1.0]], [[1.0, 1.0], [1.0, 0.0]]),
    "unknown label": lambda: oracle(LINEAR).estimate(POINT, torch.tensor([0.5]), torch.tensor([2])),
    "odd embedding": lambda: SinusoidalTimeEmbedding(7),
    "labels for a net without": lambda: NETS["unit"](POINT.float(), torch.tensor([0.5]), torch.tensor([0])),
    "guidance without labels": lambda: Guided(oracle(LINEAR), 2).estimate(POINT, torch.tensor([0.5])),
    "empty interval": lambda: Guided(oracle(LINEAR), 2, interval=(2, 1)),
    "eta": lambda: walked(DDPM, [9, -1], lambda step: ddim(step, eta=1.5)),
    "variance": lambda: walked(DDPM, [9, -1], lambda step: ancestral(step, variance="gamma")),
    "one point": lambda: walked(LINEAR, [0.0], euler),
    "backwards": lambda: walked(DDPM, [5, 9, -1], ddim),
    "start not finite": lambda: walked(LINEAR, [0.0, 1.0], euler, torch.tensor([[0.0, math.nan]])),
    "euler on a schedule": lambda: walked(DDPM, [9, -1], euler),
    "heun at the data of vp": lambda: walked(VP, [0.0, 1.0], heun),
    "rk4 at the data of vp": lambda: walked(VP, [0.0, 1.0], rk4),
    "nothing to weigh": lambda: perplexity(POINT, POINT, LINEAR.coeffs(1.0)),
    "one point collapses": lambda: collapse(1, 2),
    "one point twice": lambda: copy_ratio(POINT, torch.cat([POINT, POINT])),
    "samples not finite": lambda: sliced_wasserstein(POINT, POINT / 0),
    "no density": lambda: share_off(POINT / 0, MIXTURES["moons"]),
}


def test_refusals_are_the_same_sentences(answers):
    said = {}
    for name, call in REFUSED.items():
        with pytest.raises((ValueError, TypeError)) as refusal:
            call()
        said[name] = str(refusal.value)
    assert answers["refusals"] == said


# ---- the normal numbers of seeding.js ----------------------------------------------------------------------------------------


def test_the_seeded_numbers_are_normal(answers):
    """Moments within five standard errors of their mean over n draws; the seed is fixed, so this cannot fail by chance."""
    facts = answers["generator"]
    n, (m1, m2, m3, m4) = facts["n"], facts["moments"]
    # The variances of z, z^2, z^3 and z^4 are 1, 2, 15 and 96.
    for moment, expected, variance in ((m1, 0, 1), (m2, 1, 2), (m3, 0, 15), (m4, 3, 96)):
        assert abs(moment - expected) < 5 * math.sqrt(variance / n)
    # Neighbours in a sequence, and the sequences of neighbouring seeds, are uncorrelated: z z' has variance 1.
    assert abs(facts["neighbours"]) < 5 / math.sqrt(n) and abs(facts["seeds"]) < 5 / math.sqrt(n)


def test_the_uniform_numbers_fill_the_interval(answers):
    n, uniform = answers["generator"]["n"], answers["generator"]["uniform"]
    assert 0 <= uniform["low"] < 10 / n and 1 - 10 / n < uniform["high"] < 1  # each fails once in e^10 sequences
    assert abs(uniform["mean"] - 0.5) < 5 / math.sqrt(12 * n)


def test_equal_seeds_give_equal_numbers(answers):
    assert answers["generator"]["repeats"]
