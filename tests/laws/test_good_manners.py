"""`lib` leaves no traces: no global random state, no heavy imports, no environment variables."""

import subprocess
import sys
from pathlib import Path

import torch

from lib import (
    DDPM,
    EMA,
    FlowMatching,
    MLPDenoiser,
    Oracle,
    ancestral,
    batches,
    fit,
    noise_floor,
    sample,
    sliced_wasserstein,
    two_moons,
)


def test_nothing_touches_the_global_random_state(moons):
    x, y = two_moons(64)
    models = (
        DDPM(MLPDenoiser(width=8, classes=2), label_drop=0.5),
        FlowMatching(MLPDenoiser(width=8, classes=2, t_scale=1000)),
    )
    before = torch.random.get_rng_state()
    for model in models:
        ema = EMA(model.net)
        list(fit(model, batches(x, y, size=8), 2, ema=ema, stratified=True))
        model.loss(x, y)
        model.sample((8, 2), 3)
    sample(Oracle(moons, models[0].path), x, 3, ancestral)
    noise_floor(sliced_wasserstein, lambda n, g: two_moons(n, generator=g)[0], 16, repeats=2)
    assert torch.equal(before, torch.random.get_rng_state())


def run(code: str) -> str:
    return subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout


def test_importing_lib_imports_nothing_heavy_beyond_torch():
    assert (
        Path(run("import lib; print(lib.__file__)").strip()).parents[1] == Path(__file__).parents[2]
    )  # and not another copy
    heavy = {"sklearn", "scipy", "matplotlib", "IPython", "ipywidgets", "pandas", "diffusers", "ot"}
    loaded = run(
        "import sys, torch; before = set(sys.modules); import lib; "
        "print(*{m.split('.')[0] for m in set(sys.modules) - before})"
    ).split()
    assert "lib" in loaded and not heavy & set(loaded)


def test_importing_lib_costs_little_beside_torch():
    seconds = run(
        "import time; a = time.perf_counter(); import torch; b = time.perf_counter(); import lib; c = time.perf_counter(); "
        "print(b - a, c - b)"
    )
    torch_seconds, lib_seconds = map(float, seconds.split())
    assert lib_seconds < torch_seconds  # measured 0.05 of it; a wide margin, since times are noisy
