"""Nets that learn in the page (classroom/explorers/core: kernels, simd, training) agree with torch and lib."""

import math
import re
import shutil
from itertools import product

import pytest
import torch
from torch import nn

from lib.data import two_moons
from lib.diffusion import DDPM, cosine_betas, linear_betas
from lib.ema import EMA
from lib.flow_matching import CosinePath, FlowMatching, LinearPath, VPPath
from lib.labels import NO_LABEL
from lib.nets.mlp import MLPDenoiser
from lib.prediction import TARGETS
from lib.seeding import rand, randn, seeded
from lib.training import fit, minimise, warmup_cosine
from tests.explorers.engine import FOLDER, ask, numbers

PROCESSES = {
    "ddpm": lambda net, target, **more: DDPM(net, linear_betas(1000), target, **more),
    "ddpm-cosine": lambda net, target, **more: DDPM(net, cosine_betas(100), target, **more),
    "linear": lambda net, target, **more: FlowMatching(net, LinearPath(), target, **more),
    "cosine": lambda net, target, **more: FlowMatching(net, CosinePath(), target, **more),
    "vp": lambda net, target, **more: FlowMatching(net, VPPath(), target, **more),
}
B = 7  # samples: odd, since the kernels work on four rows at once
SHAPES = {
    "plain": {"width": 10, "depth": 3, "embed_dim": 8},
    "shallow": {"width": 5, "depth": 1, "embed_dim": 6},
    "classes": {"width": 9, "depth": 2, "embed_dim": 12, "classes": 3},
}


def parts(net: MLPDenoiser) -> list[nn.Parameter]:
    """The parameters in the order of `learner`: layer after layer, and then the labels."""
    return [*net.layers.parameters(), *([] if net.label is None else [net.label.table.weight])]


def flat(tensors) -> torch.Tensor:
    return torch.cat([tensor.detach().flatten().double() for tensor in tensors])


def sizes(net: MLPDenoiser) -> dict:
    names = {"dim": net.dim, "width": net.width, "depth": net.depth, "embedDim": net.embed_dim}
    return names | {"tScale": net.t_scale, "classes": net.classes}


def model_of(process: str, target: str, shape: str, dtype=torch.float64, **more):
    torch.manual_seed(0)
    discrete = process.startswith("ddpm")
    net = MLPDenoiser(**SHAPES[shape], t_scale=1.0 if discrete else 1000.0)
    return PROCESSES[process](net.to(dtype), target, **more)


def clock(model) -> dict:
    path = model.path
    return {"betas": path.betas.tolist()} if isinstance(model, DDPM) else {"path": type(path).__name__[:-4].lower()}


def batch(model, dtype=torch.float64, n: int = B) -> dict:
    x = two_moons(n, generator=seeded(1))[0].to(dtype)
    y = None if model.net.classes is None else torch.arange(n) % (model.net.classes + 1) - 1
    t = model.path.times((0.02 + 0.96 * rand(n, generator=seeded(2))).to(torch.float64))
    return {"x": x, "y": y, "t": t, "eps": randn((n, 2), like=x, generator=seeded(3))}


def gradient_case(process: str, target: str, shape: str) -> tuple[dict, torch.Tensor, torch.Tensor]:
    """A case, and what torch says of it: the loss, and its gradient."""
    model = model_of(process, target, shape)
    given = batch(model)
    loss = model.loss(given["x"], given["y"], t=given["t"], eps=given["eps"])
    loss.backward()
    weights = parts(model.net)
    case = {"kind": "gradient", "sizes": sizes(model.net), "rows": B + 1, "target": target, "weights": flat(weights)}
    return case | clock(model) | given, loss.detach(), flat(part.grad for part in weights)


GRADIENTS = [
    (process, target, shape)
    for process, target, shape in product(PROCESSES, TARGETS, SHAPES)
    if target != "u" or not process.startswith("ddpm")
]


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return tmp_path_factory.mktemp("engine")


@pytest.fixture(scope="module")
def gradients(folder):
    cases = [gradient_case(*names) for names in GRADIENTS]
    found = ask(folder, [case for case, _, _ in cases])
    return {names: (case, answer) for names, case, answer in zip(GRADIENTS, cases, found, strict=True)}


def far(found: torch.Tensor, expected: torch.Tensor) -> float:
    """The largest relative error of a number; those that are nothing beside the largest count by it."""
    return ((found - expected).abs() / expected.abs().clamp_min(1e-6 * expected.abs().max())).max().item()


@pytest.mark.parametrize("names", GRADIENTS, ids="-".join)
def test_gradients_are_those_of_autograd(gradients, names):
    """Every parameter within 1e-5 relative in double precision; 2e-12 is seen."""
    (_, loss, expected), found = gradients[names]
    assert found["loss"][0] == pytest.approx(loss.item(), rel=1e-9)
    assert expected.abs().min() == 0 or len(expected) > 50
    assert far(numbers(found["gradient"]), expected) < 1e-5


def test_all_targets_on_all_paths_with_and_without_labels_are_compared():
    assert len(GRADIENTS) == 3 * (3 * 4 + 2 * 3)


@pytest.mark.parametrize(
    ("file", "right", "wrong"),
    [
        ("training", "const off = answer[j] - error[j]", "const off = error[j] - answer[j]"),
        ("training", "s[i] + h[i] * (1 - s[i])", "s[i] - h[i] * (1 - s[i])"),
        ("training", "sum[j] += from[at]", "sum[j] -= from[at]"),
        ("training", "slopes.at(-1)[row + e] += ", "slopes.at(-1)[row + e] -= "),
        ("training", "if (l) siluBack", "if (l > 1) siluBack"),
        ("training", "(2 * off) / (n * dim)", "(2 * off) / n"),
        ("prediction", 'if (target === "v") return [-c.sigma', 'if (target === "v") return [c.sigma'),
        ("kernels", "q3 += x3 * v", "q3 -= x3 * v"),
    ],
)
def test_a_wrong_sign_or_factor_shows(gradients, tmp_path, file, right, wrong):
    """The same cases, computed by a copy with one mistake: some gradient is far off."""
    shutil.copytree(FOLDER, tmp_path / "copy", ignore=shutil.ignore_patterns("*.py", "posters", "__pycache__"))
    path = tmp_path / "copy" / "core" / f"{file}.js"
    text = path.read_text()
    assert text.count(right) == 1
    path.write_text(text.replace(right, wrong))
    found = ask(tmp_path, [case for (case, _, _), _ in gradients.values()], tmp_path / "copy")
    off = [far(numbers(one["gradient"]), truth) for one, ((_, _, truth), _) in zip(found, gradients.values())]
    assert max(off) > 1e-2


def fit_case(process: str, target: str, shape: str, steps: int = 50) -> tuple[dict, dict]:
    """Fifty steps of Adam on given numbers, and what lib's own loop makes of them."""
    model = model_of(process, target, shape, label_drop=0.0)
    start, labelled, drop = flat(parts(model.net)), model.net.classes is not None, 0.3
    x, y = two_moons(steps * B, generator=seeded(1))
    x, u = x.double(), rand(steps * B, generator=seeded(2)).double()
    eps, dropped = randn(x.shape, like=x, generator=seeded(3)), rand(steps * B, generator=seeded(4)).double()
    t, kept = model.path.times(u), torch.where(dropped < drop, NO_LABEL, y)
    rows = [slice(i, i + B) for i in range(0, steps * B, B)]
    batches = [(x[r], kept[r] if labelled else None, t[r], eps[r]) for r in rows]
    average = EMA(model.net, 0.9)
    loss = lambda x, y, t, eps: model.loss(x, y, t=t, eps=eps)  # noqa: E731
    progress = list(minimise(loss, model.net.parameters(), batches, steps, lr=1e-2, ema=average))
    expected = {
        "losses": torch.stack([p.loss for p in progress]),
        "weights": flat(parts(model.net)),
        "average": flat(parts(average.net)),
    }
    uniform = torch.cat([torch.cat([u[r], dropped[r]] if labelled else [u[r]]) for r in rows])
    case = {
        "kind": "fit", "sizes": sizes(model.net), "rows": B, "target": target, "weights": start, "steps": steps, "lr": 1e-2,
        "decay": 0.9, "labelDrop": drop, "x": x, "y": y, "uniform": uniform, "normal": eps,
    }  # fmt: skip
    return case | clock(model), expected | {"start": start}


FITS = [
    ("linear", "u", "plain"),
    ("ddpm", "eps", "plain"),
    ("cosine", "v", "classes"),
    ("ddpm-cosine", "x0", "classes"),
]


def test_fifty_steps_of_adam_end_where_those_of_torch_do(folder):
    """Weights, their average and all losses within 1e-4, in lib's own loop with its own schedule; 1e-15 is seen."""
    cases = [fit_case(*names) for names in FITS]
    for (_, expected), found in zip(cases, ask(folder, [case for case, _ in cases]), strict=True):
        assert found["left"] == [0]
        for name in ("losses", "weights", "average"):
            assert torch.allclose(numbers(found[name]), expected[name], rtol=1e-4, atol=1e-6), name
        assert (expected["weights"] - expected["start"]).abs().mean() > 0.05  # it has moved
        assert (expected["weights"] - expected["average"]).abs().max() > 1e-3


def test_the_schedule_is_that_of_fit(folder):
    pairs = [(i, steps) for steps in (1, 3, 30, 50, 1000) for i in range(0, steps, max(1, steps // 25))]
    (found,) = ask(folder, [{"kind": "schedule", "pairs": pairs}])
    assert found["factors"] == pytest.approx([warmup_cosine(i, steps) for i, steps in pairs], rel=1e-12, abs=1e-15)


def test_single_precision_is_the_same_to_single_precision(folder, gradients):
    """Plain and SIMD kernels, where double precision has been proven right."""
    names = [("linear", "u", "classes"), ("ddpm", "eps", "plain")]
    cases = [gradients[name][0][0] | {"kernels": kernels} for name in names for kernels in ("single", "simd")]
    for found, name in zip(ask(folder, cases), [name for name in names for _ in range(2)]):
        expected = gradients[name][0][2]
        assert (numbers(found["gradient"]) - expected).abs().max() < 2e-5 * expected.abs().max()


def test_answers_are_those_of_the_net_also_of_more_samples_than_it_has_room_for(folder):
    cases, expected = [], []
    for process, shape, kernels in product(("linear", "ddpm"), ("plain", "classes"), ("single", "simd")):
        net = model_of(process, "v", shape, torch.float32).net
        x, t = randn((11, 2), generator=seeded(5)), 0.37 if process == "linear" else 371
        y = None if net.classes is None else torch.arange(11) % 4 - 1
        with torch.no_grad():
            expected.append(net(x, t, y).double().flatten())
        case = {"kind": "answers", "sizes": sizes(net), "rows": 4, "weights": flat(parts(net)), "x": x, "t": t, "y": y}
        cases.append(case | {"kernels": kernels})
    for found, right in zip(ask(folder, cases), expected, strict=True):
        assert torch.allclose(numbers(found["answers"]), right, atol=2e-5)


def test_the_first_weights_have_the_spread_of_torchs(folder):
    net = MLPDenoiser(width=64, depth=2, embed_dim=32, classes=9)
    (found,) = ask(folder, [{"kind": "begin", "sizes": sizes(net)}])
    theirs, lengths = numbers(found["weights"]), [part.numel() for part in parts(net)]
    for own, here in zip(parts(net), theirs.split(lengths), strict=True):
        if len(here) >= 64:
            assert (
                here.std().item() == pytest.approx(own.std().item(), rel=0.25) and abs(here.mean()) < 0.35 * here.std()
            )


def test_stratified_times_lie_one_in_each_part_in_random_order(folder):
    first, second = (
        numbers(found["u"]) for found in ask(folder, [{"kind": "times", "n": 256, "seed": s} for s in (1, 2)])
    )
    assert (first * 256).floor().sort().values.tolist() == list(range(256))
    assert not torch.equal(first, second) and abs(torch.corrcoef(torch.stack([first, torch.arange(256.0)]))[0, 1]) < 0.2
    inside = first * 256 % 1
    assert inside.std().item() == pytest.approx(1 / math.sqrt(12), rel=0.2)


def test_labels_are_dropped_for_each_sample(folder):
    (found,) = ask(folder, [{"kind": "dropped", "n": 4000, "probability": 0.1}])
    assert found["y"].count(NO_LABEL) / 4000 == pytest.approx(0.1, abs=5 * math.sqrt(0.09 / 4000))


def test_what_cannot_be_trained_is_refused_in_the_words_of_lib(folder):
    case, _ = fit_case("linear", "u", "plain", steps=1)
    (found,) = ask(folder, [case | {"target": "eps"}])
    with pytest.raises(ValueError) as refusal:
        fit(FlowMatching(MLPDenoiser(t_scale=1000.0), target="eps"), [], 1)
    assert found["refused"] == str(refusal.value)
    unlabelled = {
        "kind": "answers",
        "sizes": case["sizes"],
        "rows": 4,
        "weights": case["weights"],
        "x": [0, 0],
        "t": 0.5,
    }
    huge = {"kind": "begin", "kernels": "simd", "sizes": {"width": 1500, "depth": 9}}
    zero = {"kind": "begin", "sizes": {"width": 0}}
    labelled, large, none = ask(folder, [unlabelled | {"y": [0]}, huge, zero])
    with pytest.raises(ValueError) as refusal:
        MLPDenoiser()(torch.zeros(1, 2), 0.5, torch.tensor([0]))
    assert labelled["refused"] == str(refusal.value)
    assert re.search(r"more than the 4 MB .* Take a smaller one", large["refused"])
    assert none["refused"] == "width must be a whole number of at least 1, got 0."


# ---- the product of matrices ---------------------------------------------------------------------------------------------------

PRODUCTS = [(1, 1, 1), (4, 8, 3), (5, 13, 7), (8, 12, 1), (3, 2, 40), (9, 66, 5), (2, 3, 0), (4, 1, 9)]


@pytest.mark.parametrize("kernels", ["double", "single", "simd"])
def test_products_are_those_of_torch(folder, kernels):
    """Every end of a tile, A as it is and transposed, with room between the rows that stays as it was."""
    cases, expected = [], []
    for (m, n, k), turned in product(PRODUCTS, (False, True)):
        A, B = (randn(shape, generator=seeded(i)) for i, shape in enumerate(((m, k), (k, n + 3))))
        C = randn((m, n + 1), generator=seeded(2))
        case = {
            "kind": "product",
            "kernels": kernels,
            "m": m,
            "n": n,
            "k": k,
            "A": A.T if turned else A,
            "B": B,
            "C": C,
        }
        cases.append(case | {"strides": [1, m, n + 3, n + 1] if turned else [k, 1, n + 3, n + 1]})
        right = C.double()
        right[:, :n] += A.double() @ B.double()[:, :n]
        expected.append(right)
    tolerance = 1e-12 if kernels == "double" else 1e-5
    for found, right, case in zip(ask(folder, cases), expected, cases, strict=True):
        assert (numbers(found["C"]) - right.flatten()).abs().max() < tolerance, (case["m"], case["n"], case["k"])
