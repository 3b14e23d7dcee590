"""The parts of a Diffusion Transformer, from the real net: the line of `lib` of each, its tensors, its cost, when it learns."""

from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import NamedTuple

import torch
from IPython.display import HTML
from torch import Tensor, nn
from torch.utils.flop_counter import FlopCounterMode

from classroom.explorers.figure import figure
from lib.flow_matching import FlowMatching
from lib.nets.dit import DiT, DiTBlock, explicit_attention, modulate
from lib.seeding import randn, seeded

SIZE, CHANNELS, DEPTH, HEADS, CLASSES = 32, 3, 6, 4, 24  # the emoji's net, of chapter 12
PATCHES, WIDTHS = (1, 2, 4, 8), (64, 128, 256)
STEPS = 3  # of a training, after which every part has learned


class Part(NamedTuple):
    """A part of the drawing: its name, what it computes, and the line of lib/nets/dit.py that does it.

    line   what only this line of `source` begins with
    owns   of which parameters its weights are: where a name begins, and which of how many equal parts of it, from where to where
    """

    name: str
    what: str
    equation: str
    source: Callable
    line: str
    owns: tuple[tuple[str, int, int, int], ...] = ()


def whole(*names: str) -> tuple[tuple[str, int, int, int], ...]:
    """All of these parameters."""
    return tuple((name, 0, 1, 1) for name in names)


def sixths(start: int, end: int) -> tuple[tuple[str, int, int, int], ...]:
    """Of the six vectors of each block's modulation."""
    return (("blocks.modulation.", start, end, 6),)


PARTS = (
    Part("time", "Sines and cosines of t, and a small net: the condition c, which every block is told.",
         "c = MLP(φ(t))", DiT.forward, "c = self.time_mlp", whole("time_mlp.")),
    Part("label", "A learned vector for each class, and one for no class, is added to the condition.",
         "c ← c + e_y", DiT.forward, "c = with_label", whole("label.")),
    Part("patchify", "The image is cut into N squares of p × p pixels, each copied out as a row: the tokens.",
         "(C, H, H) → (N, C p²),  N = (H / p)²", DiT.forward, "x = self.embed"),
    Part("embed", "One linear map takes every token to the width W of the net.",
         "h = tokens · A + a", DiT.forward, "x = self.embed", whole("embed.")),
    Part("positions", "A fixed vector of sines and cosines tells each token its row and column.",
         "h ← h + positions", DiT.__init__, 'self.register_buffer("positions"'),
    Part("norm, modulate 1",
         "Each token is standardised (ĥ), then scaled by 1 + s and shifted by b, which are linear maps of SiLU(c).",
         "m = (1 + s₁) ⊙ ĥ + b₁", modulate, "return multiply_add", sixths(0, 2)),
    Part("attention", "Each token takes a weighted mean of all tokens' values: the one place where tokens meet.",
         "attention(m) = softmax(q kᵀ / √d) v · P", DiTBlock.attend, "mixed = self.attention",
         whole("blocks.qkv.", "blocks.project.")),
    Part("gate 1", "What attention adds is multiplied by the gate g, a linear map of SiLU(c) that is 0 in a new net.",
         "h ← h + g₁ ⊙ attention(m)", DiTBlock.forward, "x = x + gate1", sixths(2, 3)),
    Part("norm, modulate 2", "As before attention, with a scale and a shift of its own.",
         "m = (1 + s₂) ⊙ ĥ + b₂", modulate, "return multiply_add", sixths(3, 5)),
    Part("MLP", "Two linear maps with a GELU between them work on each token alone.",
         "MLP(m) = GELU(m · A + a) · A′ + a′", DiTBlock.__init__, "self.mlp = ", whole("blocks.mlp.")),
    Part("gate 2", "What the MLP adds is gated in the same way: a new block leaves the tokens as they are.",
         "h ← h + g₂ ⊙ MLP(m)", DiTBlock.forward, "return x + gate2", sixths(5, 6)),
    Part("final modulate", "Standardised, scaled and shifted once more; here s and b come from a linear map of their own.",
         "m = (1 + s) ⊙ ĥ + b", DiT.forward, "shift, scale = self.modulation", whole("modulation.")),
    Part("head", "One linear map, 0 in a new net, takes every token back to the numbers of its patch.",
         "tokens = m · A + a", DiT.forward, "return unpatchify", whole("head.")),
    Part("unpatchify", "The rows become squares again, and the squares an image: the prediction.",
         "(N, C p²) → (C, H, H)", DiT.forward, "return unpatchify"),
)  # fmt: skip
BLOCK = (5, 11)  # the parts of a block, from ... to before


def line(part: Part) -> tuple[str, str]:
    """(where, the line): the one line of the part's source that begins as it says."""
    code = part.source.__code__
    last = max(number for *_, number in code.co_lines() if number)
    text = Path(code.co_filename).read_text().splitlines()[code.co_firstlineno - 1 : last]
    found = [one.strip() for one in text if one.strip().startswith(part.line)]
    if len(found) != 1:
        raise ValueError(f"{part.name}: {len(found)} lines of {part.source.__qualname__} begin with {part.line!r}.")
    return part.source.__qualname__, found[0].split("  #")[0]


def owned(part: Part, net: DiT, of: str = "data") -> list[Tensor]:
    """The part's share of each of its parameters, or of their gradients, in all blocks."""
    found = []
    for name, parameter in net.named_parameters():
        inside = ".".join(piece for piece in name.split(".") if not piece.isdigit())
        for begins, start, end, pieces in part.owns:
            if inside.startswith(begins):
                values = getattr(parameter, of)
                found += [] if values is None else values.chunk(pieces)[start:end]
    return found


@cache
def first_steps() -> list[int]:
    """The first step of a training at which each part has a gradient that is not zero; 0 for what has no weights."""
    with torch.random.fork_rng(devices=[]):  # torch's layers draw weights of their own first
        net = DiT(8, 1, patch=2, width=16, depth=2, heads=2, classes=3, t_scale=1000.0, generator=seeded(0))
    model, generator = FlowMatching(net), seeded(1)
    x, y = randn((12, 1, 8, 8), generator=generator), torch.arange(12) % 3
    optimizer, found = torch.optim.SGD(net.parameters(), lr=0.1), {}
    for step in range(1, STEPS + 1):
        optimizer.zero_grad()
        model.loss(x, y, generator=generator).backward()
        for i, part in enumerate(PARTS):
            if any(gradient.count_nonzero() for gradient in owned(part, net, "grad")):
                found.setdefault(i, step)
        optimizer.step()
    return [found.get(i, 0) for i in range(len(PARTS))]


def measured(patch: int, width: int, depth: int = 1, device: str = "meta") -> dict:
    """Of one image through a net: the shape after each part, its weights, its floating-point operations in matrix products.

    The blocks are alike, so that of one the numbers of all are known. On the device "meta" tensors have shapes and no numbers,
    and nothing is computed.
    """
    with torch.device(device):
        net = DiT(SIZE, CHANNELS, patch=patch, width=width, depth=depth, heads=HEADS, classes=CLASSES, t_scale=1000.0,
                  attention=explicit_attention)  # fmt: skip
    weights = [sum(tensor.numel() for tensor in owned(part, net)) for part in PARTS]
    net.label, seen = None, {}  # to look a class up is no product; and without numbers there is no class

    def watch(module: nn.Module, given: str, made: str) -> None:
        module.register_forward_hook(
            lambda _, inputs, output: seen.update({given: list(inputs[0].shape), made: list(output.shape)})
        )

    block = net.blocks[0]
    for module, given, made in (
        (net.time_mlp, "", "time"), (net.embed, "patchify", "embed"), (block, "positions", "gate 2"),
        (block.qkv, "norm, modulate 1", ""), (block.project, "", "attention"), (block.mlp, "norm, modulate 2", "MLP"),
        (net.head, "final modulate", "head"),
    ):  # fmt: skip
        watch(module, given, made)
    with FlopCounterMode(display=False) as counter, torch.no_grad():
        seen["unpatchify"] = list(net(torch.zeros(1, *net.shape, device=device), 0.5).shape)
    seen |= {"label": seen["time"], "gate 1": seen["attention"]}
    spent = {name.removeprefix("DiT."): sum(kinds.values()) for name, kinds in counter.get_flop_counts().items()}

    def flops(*names: str) -> int:
        return sum(spent.get(name, 0) for name in names)

    blocks = [f"blocks.{i}" for i in range(depth)]
    modulation, mlp = (flops(*(f"{one}.{name}" for one in blocks)) for name in ("modulation", "mlp"))
    linear = flops(*(f"{one}.{name}" for one in blocks for name in ("qkv", "project")))
    attention = flops(*blocks) - modulation - mlp
    cost = {
        "time": flops("time_mlp"), "embed": flops("embed"), "final modulate": flops("modulation"), "head": flops("head"),
        "norm, modulate 1": modulation // 3, "attention": attention, "gate 1": modulation // 6,
        "norm, modulate 2": modulation // 3, "MLP": mlp, "gate 2": modulation // 6,
    }  # fmt: skip
    times = [DEPTH // depth if BLOCK[0] <= i < BLOCK[1] else 1 for i in range(len(PARTS))]
    return {
        "shapes": [seen[part.name][1:] for part in PARTS],
        "weights": [many * k for many, k in zip(weights, times)],
        "flops": [cost.get(part.name, 0) * k for part, k in zip(PARTS, times)],
        "pairs": (attention - linear) * (DEPTH // depth),  # the scores of all pairs of tokens, and the means with them
    }


def show() -> HTML:
    """The parts of a Diffusion Transformer: equation, line of code, shape, shares of weights and arithmetic, when each learns."""
    parts = []
    for part in PARTS:
        where, text = line(part)
        parts.append({"name": part.name, "what": part.what, "equation": part.equation, "where": where, "line": text})
    data = {
        "parts": parts,
        "block": BLOCK,
        "depth": DEPTH,
        "image": [CHANNELS, SIZE],
        "steps": first_steps(),
        "nets": [{"patch": p, "width": w, **measured(p, w)} for p in PATCHES for w in WIDTHS],
    }
    return figure(
        "dit",
        data,
        alt="The parts of a Diffusion Transformer from top to bottom: time and label make the condition; patchify, embed and "
        "positions make the tokens; a block of norm and modulation, attention, gate, norm and modulation, MLP and gate; a "
        "final layer. Beside each part a bar for its share of the weights, a bar for its share of the arithmetic, and the "
        "step of the training in which it begins to learn: the head in the first, the gates in the second, the rest in the "
        "third.",
        caption=f"The Diffusion Transformer for images of {SIZE} by {SIZE} pixels with {DEPTH} blocks. Bars: shares of the "
        "weights and of the floating-point operations in matrix products, of all blocks together. Colours and numbers: the "
        "first step of a training from the published initialisation at which the part has a gradient that is not zero.",
    )
