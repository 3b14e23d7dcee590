"""One start noise, more and more network calls: the same ten pictures of Fashion-MNIST at every budget, by three samplers.

    python -m tools.results.image_strip      results/image_strip.npz, for chapter 12; four minutes

Picture i starts from the same noise in every row and at every budget, and the classes come in turn. Without guidance, x0 clipped.
"""

import torch

from lib.trained.files import mark
from lib.trained.sampling import Sampling, pictures, source
from lib.trained.shipped import RESULTS
from lib.trained.stack import to_bytes, write_stack

TARGET = RESULTS / "image_strip.npz"
ROWS = {  # name: model, rule
    "flow, Euler": ("fashion_flow", "euler"),
    "DDPM, DDIM": ("fashion_ddpm", "ddim"),
    "DDPM, ancestral": ("fashion_ddpm", "ancestral"),
}
CALLS = (1, 2, 5, 10, 20, 50, 100, 1000)
COUNT, SEED = 10, 0


def drawn(row: str, calls: int) -> tuple[torch.Tensor, torch.Tensor]:
    """The COUNT pictures of a row at a budget, in [-1, 1], and their classes."""
    model, rule = ROWS[row]
    found, _ = source(
        Sampling(str(RESULTS / f"{model}.safetensors"), COUNT, rule, calls, seed=SEED), torch.device("cpu")
    )
    return pictures(found, range(COUNT), torch.device("cpu")), found.labels(range(COUNT))


def main() -> None:
    """Draw them all, row by row, budget by budget, and write them."""
    parts = [drawn(row, calls) for row in ROWS for calls in CALLS]
    about = {
        "command": "python -m tools.results.image_strip",
        "torch": torch.__version__.split("+")[0],
        "rows": ", ".join(f"{row} ({mark(RESULTS / f'{model}.safetensors')})" for row, (model, _) in ROWS.items()),
        "calls": ", ".join(map(str, CALLS)),
    }
    write_stack(TARGET, to_bytes(torch.cat([x for x, _ in parts])), torch.cat([y for _, y in parts]), about)


if __name__ == "__main__":
    main()
