"""One side of each pair of book/gotchas.md, tried on pictures with the nets that the book ships: see gotcha_trials.py."""

from functools import cache

import torch
from torch import Tensor

from lib import (
    EmpiricalOracle,
    Guided,
    ddim,
    digits,
    load_autoencoder,
    load_model,
    randn,
    sample,
    seeded,
    split,
)
from lib.prediction import Estimate
from lib.samplers import walk
from lib.trained.config import DATA
from lib.trained.shipped import RESULTS
from tools.site.gotcha_trials import CHAIN, SD_FACTOR

TEN = torch.arange(10)


@cache
def some_digits() -> tuple[Tensor, Tensor]:
    """Training and held-out digits."""
    (x, _), (held_out, _) = split(*digits(), 500)
    return x, held_out


@cache
def model(name: str):
    """A shipped model."""
    return load_model(RESULTS / f"{name}.safetensors")


def noise(*shape: int, seed: int = 0) -> Tensor:
    """Where pictures begin."""
    return randn(shape, generator=seeded(seed))


def pictures_on_another_scale(code: dict) -> Tensor:
    """What a screen gets of six digits."""
    return code["to_screen"](some_digits()[0][:6])


def samples_that_were_in_the_data(code: dict) -> tuple[float, float]:
    """What is said of samples half of which are training digits, and of held-out digits."""
    train, held_out = some_digits()
    honest, other = held_out[:200], held_out[200:]
    copied = torch.cat([honest[:100], train[:100]])
    return tuple(float(code["judged"](x, train, other)) for x in (copied, honest))


def copied_and_drawn() -> tuple[Tensor, Tensor]:
    """Samples of the perfect fit to the training set and of the shipped net, eight each above their nearest training digits."""
    train, _ = some_digits()
    start, rows = noise(8, 1, 8, 8, seed=1), []
    for one in (EmpiricalOracle(train, CHAIN), model("digits_flow")):
        x = sample(one, start, 50, ddim) if one.path is CHAIN else sample(one, start, 20, ddim, torch.arange(8))
        found = train[torch.cdist(x.flatten(1), train.flatten(1)).argmin(1)]
        rows.append(torch.cat([x, found]))
    return tuple(rows)


def latents_without_their_scale(code: dict) -> Tensor:
    """Digits from latents that the perfect fit to a few hundred of them draws in ten calls."""
    vae, x = load_autoencoder(RESULTS / "mnist_autoencoder.safetensors"), DATA["mnist_subset"].sides()[0][0][:300]

    class Raw:
        """The same autoencoder, whose latents have the spread of Stable Diffusion's."""

        def encode(self, x: Tensor) -> Tensor:
            return vae.encode(x) * SD_FACTOR

        def decode(self, z: Tensor) -> Tensor:
            return vae.decode(z / SD_FACTOR)

    learned = []

    def draw() -> Tensor:
        # Every fourth stop of DDPM's clock, as a net would be asked that was trained on data of variance 1.
        oracle = EmpiricalOracle(learned[0], CHAIN)
        return sample(oracle, noise(6, *learned[0].shape[1:], seed=2), 10, ddim)

    with torch.no_grad():
        return code["train_and_draw"](x, Raw(), learned.append, draw).clamp(-1, 1)


def one_step_gives_the_mean(code: dict) -> Tensor:
    """The ten digits."""
    return code["x"].clamp(-1, 1)


def given_one_step() -> dict:
    """What its code is given."""
    return {"model": model("digits_flow"), "noise": noise(10, 1, 8, 8), "y": TEN}


class SaysNoise:
    """The shipped model, asked for the noise by a net that is a little off."""

    def __init__(self, of, off: float):
        self.of, self.off, self.path = of, off, of.path

    def estimate(self, x_t: Tensor, t, y=None) -> Estimate:
        c = self.path.coeffs(t, like=x_t)
        eps = self.of.estimate(x_t, t, TEN).eps + self.off * torch.sin(3 * x_t.flip(-1))
        return Estimate((x_t - c.sigma * eps) / c.alpha, eps)


def an_estimate_beyond_the_data(code: dict) -> Tensor:
    """The ten digits, not clamped."""
    return code["x"]


def given_beyond() -> dict:
    """What its code is given."""
    return {"model": SaysNoise(model("digits_ddpm"), 0.05), "noise": noise(10, 1, 8, 8)}


def clipped_and_the_noise_not(code: dict) -> Tensor:
    """The ten digits, guided with weight 4."""
    guided = Guided(model("digits_ddpm"), 4.0)

    class Held:
        path = guided.path

        def estimate(self, x_t: Tensor, t, y=None) -> Estimate:
            c = self.path.coeffs(t, like=x_t)
            return Estimate(*code["clipped"](*guided.estimate(x_t, t, y), x_t, c.alpha, c.sigma))

    return sample(Held(), noise(10, 1, 8, 8), 50, ddim, TEN).clamp(-1, 1)


class Labelled:
    """A model that is always asked for the ten classes."""

    def __init__(self, of):
        self.of, self.path = of, of.path

    def estimate(self, x_t: Tensor, t, y=None) -> Estimate:
        return self.of.estimate(x_t, t, torch.arange(len(x_t)))


def latents_clipped(code: dict) -> Tensor:
    """Six digits, decoded."""
    with torch.no_grad():
        return load_autoencoder(RESULTS / "mnist_autoencoder.safetensors").decode(code["x"]).clamp(-1, 1)


def given_latents() -> dict:
    """What its code is given."""
    return {"latent_model": Labelled(model("mnist_latent_flow")), "noise": noise(6, 4, 7, 7)}


def grain_that_stays(code: dict) -> Tensor:
    """A digit, by exact answers."""
    oracle, grid = EmpiricalOracle(some_digits()[0], CHAIN), code["stops"](50)
    *_, last = walk(oracle, noise(1, 1, 8, 8, seed=3), grid, ddim)
    return last.x


def labels_counted_from_1(code: dict) -> tuple[Tensor, Tensor]:
    """What is drawn for the digits 0 to 8, which the file numbers 1 to 9; and the labels that the net was given."""
    y = code["labels"](list(range(1, 10)))
    return sample(model("digits_flow"), noise(9, 1, 8, 8, seed=5), 20, ddim, y).clamp(-1, 1), y
