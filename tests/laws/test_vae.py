"""The autoencoder: its loss and its scale are what they say, and the shipped one is as good as its report."""

import json
from pathlib import Path

import pytest
import torch
from torch.distributions import Normal, kl_divergence

from lib import Autoencoder, load_autoencoder, mnist_subset, randn, seeded, split
from lib.trained.weights import halved, read, save, write
from tools.results import autoencoder

FILE = autoencoder.RESULTS / autoencoder.FILE
REPORT = json.loads((autoencoder.RESULTS / "autoencoder.json").read_text())
ABOUT = {"data": "noise", "command": "none", "torch": "0"}


def small(seed: int = 0, **options) -> Autoencoder:
    with torch.random.fork_rng():
        torch.manual_seed(seed)
        return Autoencoder(**{"width": 4} | options)


def pictures(*shape: int) -> torch.Tensor:
    return randn(shape, generator=seeded(1))


@pytest.fixture(scope="module")
def held_out() -> tuple[torch.Tensor, torch.Tensor]:
    return split(*mnist_subset(), autoencoder.HELD_OUT)[1]


# --- the model --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("channels", "latent", "height", "width"), [(1, 4, 28, 28), (3, 2, 32, 32), (1, 1, 8, 12)])
def test_shapes(channels, latent, height, width):
    model, x = small(channels=channels, latent=latent), pictures(3, channels, height, width)
    z = model.encode(x)
    assert z.shape == (3, latent, height // 4, width // 4)
    assert model.decode(z).shape == x.shape


def test_the_loss_is_squared_error_and_kl():
    model, x = small(beta=0.3), pictures(5, 1, 8, 8)
    mu, log_variance = model.posterior(x)
    std = (log_variance / 2).exp()
    z = mu + std * randn(mu.shape, generator=seeded(2))
    kl = kl_divergence(Normal(mu, std), Normal(0.0, 1.0)).mean()
    expected = (model.decoder(z) - x).square().mean() + 0.3 * kl
    torch.testing.assert_close(model.loss(x, generator=seeded(2)), expected)


def test_the_scale_does_not_change_the_loss():
    model, x = small(), pictures(5, 1, 8, 8)
    before = model.loss(x, generator=seeded(2))
    model.fit_scale(x)
    assert model.scale != 1
    torch.testing.assert_close(model.loss(x, generator=seeded(2)), before)


def test_the_scale_enters_both_ways():
    model, x = small(), pictures(50, 1, 8, 8)
    z, back = model.encode(x), model.decode(model.encode(x))
    scale = model.fit_scale(x)
    torch.testing.assert_close(model.encode(x), z / scale)
    torch.testing.assert_close(model.encode(x).std(correction=0), torch.ones(()), rtol=1e-5, atol=0)
    torch.testing.assert_close(model.decode(model.encode(x)), back)


def test_a_draw_has_the_variance_of_the_posterior():
    model, x = small(), pictures(1, 1, 4, 4).expand(20_000, 1, 4, 4)
    model.fit_scale(pictures(50, 1, 8, 8))
    mu, log_variance = model.posterior(x[:1])
    draws = model.encode(x, seeded(3))
    torch.testing.assert_close(draws.mean(0, keepdim=True), mu / model.scale, rtol=0, atol=0.1)
    torch.testing.assert_close(draws.std(0)[None], (log_variance / 2).exp() / model.scale, rtol=0.03, atol=0)


def test_the_gradient_is_the_derivative():
    model, x = small(latent=1, width=2).double(), pictures(2, 1, 4, 4).double()
    weights = list(model.parameters())
    gradient = torch.autograd.grad(model.loss(x, generator=seeded(2)), weights)
    direction = [randn(w.shape, like=w, generator=seeded(i)) for i, w in enumerate(weights)]
    ends = []
    for h in (1e-5, -2e-5):
        for w, d in zip(weights, direction, strict=True):
            w.data += h * d
        ends.append(model.loss(x, generator=seeded(2)).item())
    slope = sum((g * d).sum() for g, d in zip(gradient, direction, strict=True)).item()
    assert (ends[0] - ends[1]) / 2e-5 == pytest.approx(slope, rel=1e-6)


def test_training_lowers_the_loss_and_is_repeatable():
    x = pictures(64, 1, 8, 8)
    first, again = (autoencoder.train(x, steps=20, width=4) for _ in range(2))
    assert all(torch.equal(a, b) for a, b in zip(first.parameters(), again.parameters(), strict=True))
    assert first.loss(x, generator=seeded(0)) < small().loss(x, generator=seeded(0))


@pytest.mark.parametrize(
    ("act", "reason"),
    [
        (lambda: Autoencoder(channels=0), "at least 1"),
        (lambda: Autoencoder(width=3), "width even"),
        (lambda: Autoencoder(beta=-1.0), "not negative"),
        (lambda: Autoencoder(beta=float("nan")), "finite"),
        (lambda: small().encode(pictures(1, 1, 10, 8)), "multiples of 4"),
        (lambda: small().encode(pictures(1, 3, 8, 8)), r"shape \(B, 1, H, W\)"),
        (lambda: small().encode(pictures(1, 8, 8)), "Images must have"),
        (lambda: small().decode(pictures(1, 3, 2, 2)), r"Latents must have shape \(B, 4"),
        (lambda: small().fit_scale(torch.full((2, 1, 8, 8), torch.nan)), "standard deviation nan: look for NaN"),
    ],
)
def test_bad_input_is_refused(act, reason):
    with pytest.raises(ValueError, match=reason):
        act()


# --- what is shipped --------------------------------------------------------------------------------------------------


def test_the_report_is_about_the_shipped_file(held_out):
    found = autoencoder.measure(load_autoencoder(FILE), *held_out)
    for name, value in REPORT["held_out"].items():
        assert found[name] == pytest.approx(value, abs=2e-3), name


def test_the_shipped_one_reconstructs_held_out_digits(held_out):
    model, x = load_autoencoder(FILE), held_out[0][:200]
    error = (model.decode(model.encode(x)) - x).square().mean()
    assert error < 0.05 * x.var()
    assert (model.decode(0.5 * model.encode(x)) - x).square().mean() > 4 * error


def test_the_shipped_latents_have_unit_variance():
    (x, _), _ = split(*mnist_subset(), autoencoder.HELD_OUT)
    assert load_autoencoder(FILE).encode(x).std().item() == pytest.approx(1, abs=0.01)


def test_the_shipped_weights_are_half_precision_and_say_what_they_are():
    tensors, about = read(FILE, ("data", "seed", "steps", "command", "beta"), "")
    assert {tensor.dtype for tensor in tensors.values()} == {torch.float16}
    assert Path(about["command"].split()[1]).name == "autoencoder.py"


def test_what_is_saved_is_loaded(tmp_path):
    model = small(latent=2, beta=0.5)
    model.fit_scale(pictures(9, 1, 8, 8))
    save(tmp_path / "net", model, ABOUT)
    again = load_autoencoder(tmp_path / "net")
    assert (again.latent, again.width, again.beta) == (2, 4, 0.5) and not again.training
    for name, tensor in again.state_dict().items():
        assert torch.equal(tensor, model.state_dict()[name].half().float()), name


SAID = ABOUT | {"channels": "1", "latent": "4", "width": "4", "beta": "0.001"}


@pytest.mark.parametrize(
    ("said", "reason"),
    [
        (ABOUT, "does not say its channels"),
        (SAID | {"latent": "2"}, "do not fit"),
        (SAID | {"width": "odd"}, "makes none"),
        (SAID | {"width": "5"}, "width even"),
    ],
)
def test_a_file_of_another_kind_is_refused(said, reason, tmp_path):
    write(tmp_path / "net", halved(small()), said)
    with pytest.raises(ValueError, match=reason):
        load_autoencoder(tmp_path / "net")


def test_a_damaged_file_is_refused(tmp_path):
    (tmp_path / "net").write_bytes(FILE.read_bytes()[:-5])
    with pytest.raises(ValueError, match="is damaged"):
        load_autoencoder(tmp_path / "net")
