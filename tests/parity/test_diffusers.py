"""Parity with `diffusers`, an independent implementation, step by step in float64.

Both sides start from the same noise, ask the same analytic model for eps (or velocity) and draw from equally seeded generators.
Agreement to 1e-6: diffusers keeps its tables in float32, so its coefficients carry about 1e-7 each; where a table is the reason
for a larger gap, it is replaced by the float64 one of our schedule and said so.
"""

import math
from functools import partial

import diffusers
import pytest
import torch

from lib import (
    DDPM,
    DiscreteSchedule,
    FlowMatching,
    LinearPath,
    ancestral,
    cosine_betas,
    ddim,
    dpmpp_2m,
    euler,
    karras_sigmas,
    leading_grid,
    linear_betas,
    randn,
    sample,
    scaled_linear_betas,
    seeded,
    shift_times,
    sigmoid_betas,
    trailing_grid,
    zero_terminal_snr,
)

BETAS = {"linear": linear_betas(1000), "cosine": cosine_betas(1000), "scaled_linear": scaled_linear_betas(1000)}
ATOL = 1e-6


class SmoothNet(torch.nn.Module):
    """A bounded analytic answer that depends on x and t, in float64."""

    def forward(self, x, t, y=None):
        return torch.tanh(x + math.sin(t / 300))


def start(n=16):
    return randn((n, 2), like=torch.zeros(0, dtype=torch.float64), generator=seeded(0))


def float64_tables(scheduler, betas):
    """Give a diffusers scheduler float64 tables: otherwise cumprod in float32 alone costs 1e-5 at the noisy end."""
    scheduler.betas = betas.clone()
    scheduler.alphas = 1 - betas
    scheduler.alphas_cumprod = torch.cumprod(scheduler.alphas, 0)
    scheduler.final_alpha_cumprod = torch.ones((), dtype=torch.float64)
    return scheduler


def run(scheduler, steps, answer, **options):
    scheduler.set_timesteps(steps)
    x, generator = start(), seeded(1)
    for t in scheduler.timesteps:
        out = answer(x, t.item())
        x = scheduler.step(out, t, x, generator=generator, **options).prev_sample
    return x


def test_both_spacings_are_one_where_every_step_is_taken():
    """On our side and on theirs: so the longest runs, which take most of the time, are made with one of them."""
    assert trailing_grid(1000, 1000).tolist() == leading_grid(1000, 1000).tolist()
    for kind in (diffusers.DDPMScheduler, diffusers.DDIMScheduler):
        trailing, leading = (kind(1000, timestep_spacing=spacing) for spacing in ("trailing", "leading"))
        for scheduler in (trailing, leading):
            scheduler.set_timesteps(1000)
        assert trailing.timesteps.tolist() == leading.timesteps.tolist() == trailing_grid(1000, 1000)[:-1].tolist()


STEPS = [1, 4, 10, 50, 250, 1000]
GRIDS = {"trailing": trailing_grid, "leading": leading_grid}
SPACED = [(steps, spacing) for spacing in GRIDS for steps in STEPS if (steps, spacing) != (1000, "leading")]


@pytest.mark.parametrize("name", BETAS)
@pytest.mark.parametrize(
    ("variance", "theirs", "steps", "spacing"),
    [
        *(("beta_tilde", "fixed_small", *it) for it in SPACED),
        # With trailing spacing and fewer than T steps, diffusers adds noise in the last step as well (it asks whether t > 0,
        # not whether the step ends on clean data). Algorithm 2 adds none, and neither do we: compare where the two agree.
        *(("beta", "fixed_large", steps, "leading") for steps in STEPS),
    ],
)
def test_ddpm(name, variance, theirs, steps, spacing):
    scheduler = diffusers.DDPMScheduler(
        1000, trained_betas=BETAS[name].numpy(), clip_sample=False, variance_type=theirs, timestep_spacing=spacing
    )
    float64_tables(scheduler, BETAS[name]).one = torch.ones((), dtype=torch.float64)
    model = DDPM(SmoothNet(), BETAS[name])
    rule = partial(ancestral, variance=variance)
    ours = sample(model, start(), steps, rule, grid=GRIDS[spacing](1000, steps), generator=seeded(1))
    torch.testing.assert_close(ours, run(scheduler, steps, model.net), rtol=1e-6, atol=ATOL)


@pytest.mark.parametrize(("steps", "spacing"), SPACED)
@pytest.mark.parametrize("name", BETAS)
@pytest.mark.parametrize("eta", [0.0, 0.3, 1.0])
def test_ddim(name, eta, steps, spacing):
    scheduler = diffusers.DDIMScheduler(
        1000, trained_betas=BETAS[name].numpy(), clip_sample=False, set_alpha_to_one=True, timestep_spacing=spacing
    )
    float64_tables(scheduler, BETAS[name])
    model = DDPM(SmoothNet(), BETAS[name])
    ours = sample(model, start(), steps, partial(ddim, eta=eta), grid=GRIDS[spacing](1000, steps), generator=seeded(1))
    torch.testing.assert_close(ours, run(scheduler, steps, model.net, eta=eta), rtol=1e-6, atol=ATOL)


@pytest.mark.parametrize("steps", [4, 10, 50])
@pytest.mark.parametrize(("offset", "to_one", "last"), [(0, True, [0, -1]), (1, False, [1, 0]), (0, False, [0, 0])])
def test_where_ddim_ends(offset, to_one, last, steps):
    """On clean data; as Stable Diffusion's code does, a stop later and on the noise of t = 0; and with one of the two switches,
    where the last step stands still."""
    betas = BETAS["scaled_linear"]
    scheduler = diffusers.DDIMScheduler(
        1000, trained_betas=betas.numpy(), clip_sample=False, steps_offset=offset, set_alpha_to_one=to_one
    )
    float64_tables(scheduler, betas)
    if not to_one:
        scheduler.final_alpha_cumprod = scheduler.alphas_cumprod[0]
    grid = leading_grid(1000, steps) + offset
    grid[-1] = last[1]
    assert grid[-2:].tolist() == last
    model = DDPM(SmoothNet(), betas)
    moved = grid if last[0] != last[1] else grid[:-1]
    ours = sample(model, start(), len(moved) - 1, ddim, grid=moved)
    torch.testing.assert_close(ours, run(scheduler, steps, model.net), rtol=1e-6, atol=ATOL)


@pytest.mark.parametrize("target", ["eps", "x0", "v"])
def test_ddim_for_every_target(target):
    theirs = {"eps": "epsilon", "x0": "sample", "v": "v_prediction"}[target]
    betas = BETAS["linear"]
    scheduler = diffusers.DDIMScheduler(
        1000, trained_betas=betas.numpy(), clip_sample=False, timestep_spacing="trailing", prediction_type=theirs
    )
    float64_tables(scheduler, betas)
    model = DDPM(SmoothNet(), betas, target)
    ours = model.sample((), 20, ddim, start=start())
    torch.testing.assert_close(ours, run(scheduler, 20, model.net), rtol=1e-6, atol=ATOL)


@pytest.mark.filterwarnings("ignore:__array__ implementation:DeprecationWarning")  # theirs, from NumPy 2 on tensors
@pytest.mark.parametrize("steps", [1, 2, 4, 10, 20, 50])
@pytest.mark.parametrize("name", BETAS)
def test_dpm_solver_plus_plus_2m(name, steps):
    scheduler = diffusers.DPMSolverMultistepScheduler(
        1000,
        trained_betas=BETAS[name].numpy(),
        algorithm_type="dpmsolver++",
        solver_order=2,
        solver_type="midpoint",
        final_sigmas_type="zero",
        timestep_spacing="trailing",
    )
    float64_tables(scheduler, BETAS[name])
    model = DDPM(SmoothNet(), BETAS[name])
    # It stores its noise levels in float32: hand it the float64 ones of the same times.
    scheduler.set_timesteps(steps)
    grid = trailing_grid(1000, steps)
    bars = scheduler.alphas_cumprod[grid[:-1]]
    scheduler.sigmas = torch.cat([((1 - bars) / bars).sqrt(), torch.zeros(1, dtype=torch.float64)])
    assert scheduler.timesteps.tolist() == grid[:-1].tolist()
    x = start()
    for t in scheduler.timesteps:
        x = scheduler.step(model.net(x, t.item()), t, x).prev_sample
    torch.testing.assert_close(model.sample((), steps, dpmpp_2m, start=start()), x, rtol=1e-6, atol=ATOL)


@pytest.mark.parametrize("steps", [1, 2, 5, 20, 100])
def test_flow_match_euler(steps):
    """The clock of diffusers is sigma = 1 - t and its velocity eps - x_data = -u."""
    import numpy as np

    scheduler = diffusers.FlowMatchEulerDiscreteScheduler(1000)
    sigmas = np.linspace(1.0, 0.0, steps + 1)[:-1]
    scheduler.set_timesteps(sigmas=sigmas)
    # It stores its noise levels in float32: hand it the float64 ones.
    scheduler.sigmas = torch.cat([torch.from_numpy(sigmas), torch.zeros(1, dtype=torch.float64)])
    model = FlowMatching(SmoothNet(), LinearPath())
    x = start()
    for i, t in enumerate(scheduler.timesteps):
        x = scheduler.step(-model.net(x, i / steps), t, x).prev_sample.double()
    torch.testing.assert_close(model.sample((), steps, euler, start=start()), x, rtol=1e-6, atol=ATOL)


def test_schedules_are_those_of_diffusers():
    for name, theirs in (("linear", "linear"), ("scaled_linear", "scaled_linear"), ("cosine", "squaredcos_cap_v2")):
        kwargs = {"beta_start": 0.00085, "beta_end": 0.012} if name == "scaled_linear" else {}
        scheduler = diffusers.DDPMScheduler(1000, beta_schedule=theirs, **kwargs)
        torch.testing.assert_close(scheduler.betas.double(), BETAS[name], rtol=1e-5, atol=1e-7)  # theirs are float32


def test_zero_terminal_snr_is_that_of_diffusers():
    from lib import zero_terminal_snr

    scheduler = diffusers.DDIMScheduler(
        1000, beta_schedule="scaled_linear", beta_start=0.00085, beta_end=0.012, rescale_betas_zero_snr=True
    )
    ours = DiscreteSchedule(zero_terminal_snr(BETAS["scaled_linear"]))
    torch.testing.assert_close(
        ours.alpha_bars[:-1], scheduler.alphas_cumprod.double()[:-1], rtol=1e-3, atol=1e-6
    )  # float32
    assert scheduler.alphas_cumprod[-1] < 1e-6


# ---- what diffusers calls it: the table of chapter 02 -----------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "ends", "betas"),
    [
        ("linear", (1e-4, 0.02), linear_betas(1000)),
        ("scaled_linear", (0.00085, 0.012), scaled_linear_betas()),
        ("squaredcos_cap_v2", (1e-4, 0.02), cosine_betas(1000)),
    ],
)
def test_the_names_of_the_schedules(name, ends, betas):
    theirs = diffusers.DDPMScheduler(beta_schedule=name, beta_start=ends[0], beta_end=ends[1]).betas
    assert torch.allclose(theirs.double(), betas, rtol=1e-4)  # float32 there; seen: 3e-5, at cosine's first


def test_their_sigmoid_is_another_one():
    theirs = diffusers.DDPMScheduler(beta_schedule="sigmoid").alphas_cumprod.double()
    assert (theirs - DiscreteSchedule(sigmoid_betas(1000)).alpha_bars).abs().max() > 0.1


def test_their_zero_terminal_snr():
    options = {"beta_schedule": "scaled_linear", "beta_start": 0.00085, "beta_end": 0.012}
    theirs = diffusers.DDIMScheduler(rescale_betas_zero_snr=True, **options).betas.double()
    assert torch.allclose(theirs, zero_terminal_snr(scaled_linear_betas()), atol=1e-3)
    assert theirs[-1] == 1


@pytest.mark.filterwarnings("ignore:__array__:DeprecationWarning")  # diffusers hands torch to numpy
def test_their_karras_sigmas_and_their_shift():
    options = {"beta_schedule": "scaled_linear", "beta_start": 0.00085, "beta_end": 0.012}
    scheduler = diffusers.EulerDiscreteScheduler(use_karras_sigmas=True, **options)
    scheduler.set_timesteps(10)
    high, low = (-DiscreteSchedule(scaled_linear_betas()).log_snr(torch.tensor([999, 0])) / 2).exp().tolist()
    assert torch.allclose(scheduler.sigmas.double(), karras_sigmas(10, low, high), rtol=1e-3)

    t = torch.linspace(0, 0.999, 1000, dtype=torch.float64)  # ours: noise at 0
    theirs = diffusers.FlowMatchEulerDiscreteScheduler(shift=3.0).sigmas.double()
    assert torch.allclose(1 - theirs, shift_times(t, 3.0), atol=1e-6)


def test_their_default_spacing_is_leading():
    assert diffusers.DDIMScheduler().config.timestep_spacing == "leading"
