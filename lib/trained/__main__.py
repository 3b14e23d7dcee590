"""The command line of image runs.

python -m lib.trained --data digits --process flow --out runs/digits
python -m lib.trained --data digits --process flow --out runs/digits --resume
torchrun --standalone --nproc_per_node 8 -m lib.trained --data cifar10 --process flow --bf16 --out runs/cifar10
"""

import argparse
import os
import sys
from dataclasses import fields
from pathlib import Path

import torch.distributed as dist

from lib.trained.checkpoint import CHANGEABLE
from lib.trained.config import DATA, Config
from lib.trained.folder import CHECKPOINT
from lib.trained.loop import train

HELP = {
    "data": f"{', '.join(DATA)}; the last two are fetched from Hugging Face, as is fashion without Debian's package of it",
    "process": "ddpm or flow (flow matching on the straight path)",
    "latents": "a trained autoencoder's file: diffuse in its latents",
    "betas": "linear or cosine, for ddpm",
    "target": 'what the net predicts; empty: "v" for ddpm, "u" for flow; sample "eps" on cosine betas with lib.Clipped',
    "patch": "side of a patch",
    "lr": "highest learning rate of AdamW; warm-up, then a half cosine to 0",
    "label_drop": "share of the labels withheld, for guidance",
    "ema": "decay of the averaged weights",
    "bf16": "autocast to bfloat16",
    "flip": "augmentation: mirror left and right, one picture in two",
    "shift": "augmentation: move each picture by up to so many pixels each way",
}


def change(text: str) -> tuple[str, float]:
    """ "lr=3e-4" -> ("lr", 0.0003)."""
    name, _, value = text.partition("=")
    if name not in CHANGEABLE:
        raise argparse.ArgumentTypeError(f"{name} would make another run; {', '.join(CHANGEABLE)} can be changed")
    try:
        return name, float(value) if name == "lr" else int(value)
    except ValueError:
        raise argparse.ArgumentTypeError(f"{text} should be like {name}={'3e-4' if name == 'lr' else 8000}") from None


def parser() -> argparse.ArgumentParser:
    """All options."""
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
    parser.add_argument("--resume", action="store_true", help="continue the run in --out, or start it")
    parser.add_argument("--change", nargs="+", type=change, default=[], metavar="NAME=VALUE",
                        help=f"on resuming, another {', '.join(CHANGEABLE)}, as in --change lr=3e-4 steps=8000")  # fmt: skip
    parser.add_argument("--compile", action="store_true", help="torch.compile the net")
    parser.add_argument("--log-every", type=int, default=50, help="steps between rows of log.csv")
    parser.add_argument("--save-every", type=int, default=500, help="steps between checkpoints and sample grids")
    parser.add_argument("--keep", type=int, default=0, help="so many older checkpoints stay beside the last one")
    return parser


def main(arguments: list[str] | None = None) -> None:
    """The command line. What goes wrong is one line on stderr."""
    options = vars(parser().parse_args(arguments))
    names = ("out", "resume", "change", "compile", "log_every", "save_every", "keep")
    ours = {name: options.pop(name) for name in names}
    try:
        train(Config(**options), **ours | {"change": dict(ours["change"])})
    except KeyboardInterrupt as error:
        _leave(str(error) or "Interrupted.", code=130)
    except OSError as error:
        there = os.path.isfile(Path(ours["out"]) / CHECKPOINT)  # False also where one may not look
        saved = "What was saved is whole: continue with --resume." if there else ""
        _leave(f"error: {error} {saved}".strip())
    except (ValueError, FloatingPointError, ModuleNotFoundError) as error:
        _leave(f"error: {error}")
    if dist.is_initialized():
        dist.destroy_process_group()


def _leave(text: str, code: int = 1) -> None:
    """End the program; of several processes one speaks."""
    if not dist.is_initialized() or dist.get_rank() == 0:
        print(" ".join(text.split()), file=sys.stderr)
    sys.exit(code)


if __name__ == "__main__":
    main()
