"""Train the autoencoder whose latents chapter 13 diffuses in, and measure what is shipped.

    python -m tools.results.autoencoder        results/mnist_autoencoder.safetensors, results/autoencoder.json

It sees the 4,000 images of the training side of the book's split of the MNIST subset; the 1,000 held out are only measured on.
"""

import argparse
import json
from functools import partial

import torch

from lib import Autoencoder, batches, load_autoencoder, mnist_subset, seeded, split
from lib.trained.shipped import RESULTS
from lib.trained.weights import save
from lib.training import minimise

FILE = "mnist_autoencoder.safetensors"
HELD_OUT, SEED, STEPS, BATCH, LR, BETA = 1000, 0, 3000, 32, 2e-3, 1e-3


def train(x: torch.Tensor, steps: int = STEPS, beta: float = BETA, **shape: int) -> Autoencoder:
    """An autoencoder for images x with its scale fitted."""
    with torch.random.fork_rng():
        torch.manual_seed(SEED)  # the initial weights
        model = Autoencoder(x.shape[1], beta=beta, **shape)
    stream, generator = batches(x, size=BATCH, generator=seeded(SEED + 1)), seeded(SEED + 2)
    loss = partial(model.loss, generator=generator)
    for _ in minimise(loss, model.parameters(), ((x,) for x, _ in stream), steps, lr=LR):
        pass
    model.fit_scale(x)
    return model


@torch.no_grad()
def measure(model: Autoencoder, x: torch.Tensor, y: torch.Tensor) -> dict[str, float | list[float]]:
    """Reconstruction and latents of held-out images."""
    z = model.encode(x)
    back, drawn = model.decode(z), model.decode(model.encode(x, seeded(0)))
    found = {
        "mse": (back - x).square().mean().item(),
        "mse_of_draws": (drawn - x).square().mean().item(),
        "pixel_variance": x.var(correction=0).item(),
        "latent_mean": z.mean((0, 2, 3)).tolist(),
        "latent_std": z.std((0, 2, 3), correction=0).tolist(),
        "latent_std_all": z.std(correction=0).item(),
        "noise_std": (model.posterior(x)[1].exp().mean().sqrt() / model.scale).item(),
        "scale": model.scale.item(),
    }
    classifier = RESULTS / "mnist_classifier.safetensors"
    if x.shape[-1] == 28 and classifier.exists():
        from lib.trained.images import load_classifier

        classifier = load_classifier(classifier)
        found["accuracy_of_originals"] = (classifier(x).argmax(1) == y).float().mean().item()
        found["accuracy_of_reconstructions"] = (classifier(back).argmax(1) == y).float().mean().item()
    return {
        k: [round(v, 4) for v in value] if isinstance(value, list) else round(value, 5) for k, value in found.items()
    }


def main() -> None:
    """Train, write, read back what was written, and measure that."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--measure", action="store_true", help="only measure the shipped file again")
    torch.set_num_threads(1)
    (x, _), held_out = split(*mnist_subset(), HELD_OUT)
    about = {
        "data": f"mnist_subset, {len(x)} training images",
        "command": "python -m tools.results.autoencoder",
        "torch": torch.__version__.split("+")[0],
        "seed": str(SEED),
        "steps": str(STEPS),
        "batch": str(BATCH),
        "lr": str(LR),
    }
    if not parser.parse_args().measure:
        save(RESULTS / FILE, train(x), about)
    model = load_autoencoder(RESULTS / FILE)
    found = measure(model, *held_out)
    print(found)
    report = about | {"beta": BETA, "parameters": sum(p.numel() for p in model.parameters()), "held_out": found}
    (RESULTS / "autoencoder.json").write_text(json.dumps(report, indent=2) + "\n")


if __name__ == "__main__":
    main()
