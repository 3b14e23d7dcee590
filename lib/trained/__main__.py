"""The command line of image runs.

python -m lib.trained --data digits --process flow --out runs/digits
accelerate launch --num_processes 8 -m lib.trained --data cifar10 --process flow --bf16 --out runs/cifar10
"""

import argparse
import sys
from dataclasses import fields

from lib.trained.config import DATA, Config
from lib.trained.loop import train

HELP = {
    "data": f"{', '.join(DATA)}; the last two are fetched from Hugging Face",
    "process": "ddpm or flow (flow matching on the straight path)",
    "latents": "a trained autoencoder's file: diffuse in its latents",
    "betas": "linear or cosine, for ddpm",
    "target": 'what the net predicts; empty: "v" for ddpm, "u" for flow',
    "patch": "side of a patch",
    "lr": "highest learning rate of AdamW; warm-up, then a half cosine to 0",
    "label_drop": "share of the labels withheld, for guidance",
    "ema": "decay of the averaged weights",
    "bf16": "autocast to bfloat16",
}


def main(arguments: list[str] | None = None) -> None:
    """The command line."""
    parser = argparse.ArgumentParser(
        prog="python -m lib.trained", description="Train a Diffusion Transformer on images."
    )
    for field in fields(Config):
        name = "--" + field.name.replace("_", "-")
        text = f"{HELP.get(field.name, field.name)} (default: {field.default!r})"
        if field.type is bool:
            parser.add_argument(name, action="store_true", help=text)
        else:
            parser.add_argument(name, type=field.type, default=field.default, help=text)
    parser.add_argument("--out", required=True, help="folder of the run")
    parser.add_argument("--resume", action="store_true", help="continue the run in --out")
    parser.add_argument("--compile", action="store_true", help="torch.compile the net")
    parser.add_argument("--log-every", type=int, default=50, help="steps between rows of log.csv")
    parser.add_argument("--save-every", type=int, default=500, help="steps between checkpoints and sample grids")
    options = vars(parser.parse_args(arguments))
    ours = {name: options.pop(name) for name in ("out", "resume", "compile", "log_every", "save_every")}
    try:
        train(Config(**options), **ours)
    except (ValueError, FloatingPointError, ModuleNotFoundError) as error:
        sys.exit(f"error: {error}")


if __name__ == "__main__":
    main()
