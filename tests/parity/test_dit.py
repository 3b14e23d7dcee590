"""Parity of the DiT with two others, weights copied over: diffusers' DiTTransformer2DModel, and the published net in plain parts.

Everything runs in float64. The bar is 1e-5; the answers agree to 1e-14 and 1e-7 (our table of positions is float32). Each net has
its own order of things: diffusers embeds patches with a convolution, has separate q, k and v, a copy of the time and label
embedders in every block, cosines before sines, and lists a patch of its output as (row, column, channel).
"""

import math

import pytest
import torch
from diffusers import DiTTransformer2DModel
from diffusers.models.attention import BasicTransformerBlock
from torch import nn

from lib import NO_LABEL, DiT, DiTBlock, explicit_attention, randn, seeded
from lib.nets import dit as diffusion_transformer
from lib.nets.dit import positions

BAR = 1e-5
SIZES = [  # size, channels, patch, width, depth, heads, classes
    (8, 1, 2, 64, 3, 4, 10),
    (28, 1, 4, 32, 2, 2, 10),
    (8, 3, 1, 48, 1, 3, 5),
    (16, 4, 4, 96, 2, 6, 7),
    (6, 2, 2, 128, 6, 4, 1000),
]


def normal(*shape: int, seed: int = 0) -> torch.Tensor:
    return randn(shape, like=torch.zeros(0, dtype=torch.float64), generator=seeded(seed))


def stirred(net: nn.Module) -> nn.Module:
    """The net in float64 with every weight drawn anew, of the size a trained one has: none zero, so that all of it takes part."""
    for i, p in enumerate(net.double().parameters()):
        p.data = normal(*p.shape, seed=i) * (0.3 if p.ndim == 1 else p.shape[-1] ** -0.5)
    return net.eval()


def make(size, channels, patch, width, depth, heads, classes, **options) -> DiT:
    net = stirred(DiT(size, channels, patch=patch, width=width, depth=depth, heads=heads, classes=classes, **options))
    # The tables hold float32 numbers: the frequencies here, and the same positions in all three nets.
    net.time.freqs = frequencies(128)
    return net


def frequencies(half: int) -> torch.Tensor:
    return torch.exp(-math.log(10_000) * torch.arange(half, dtype=torch.float64) / half)


def ask(net: DiT, classes: int) -> tuple:
    """Images, DDPM's times and labels, the last of them "no label"."""
    x = normal(5, net.channels, net.size, net.size, seed=77)
    return x, torch.tensor([0, 1, 250, 613, 999]), torch.tensor([0, classes - 1, classes // 2, 1, NO_LABEL])


# ---- diffusers ------------------------------------------------------------------------------------------------


class CosinesFirst(nn.Module):
    """The published time embedding in float64. diffusers' divides by half - 1 = 127 where the published code divides by 128."""

    def forward(self, t):
        angles = t.double()[:, None] * frequencies(128)
        return torch.cat([angles.cos(), angles.sin()], dim=-1)


def block_to_diffusers(block: DiTBlock, prefix: str = "") -> dict:
    (wq, wk, wv), (bq, bk, bv) = block.qkv.weight.chunk(3), block.qkv.bias.chunk(3)
    state = {"attn1.to_q.weight": wq, "attn1.to_k.weight": wk, "attn1.to_v.weight": wv,
             "attn1.to_q.bias": bq, "attn1.to_k.bias": bk, "attn1.to_v.bias": bv}  # fmt: skip
    layers = {"norm1.linear": block.modulation[1], "attn1.to_out.0": block.project,
              "ff.net.0.proj": block.mlp[0], "ff.net.2": block.mlp[2]}  # fmt: skip
    for name, layer in layers.items():
        state |= {f"{name}.{kind}": value for kind, value in layer.state_dict().items()}
    return {prefix + name: value for name, value in state.items()}


def embedders_to_diffusers(net: DiT, prefix: str) -> dict:
    first, second = net.time_mlp[0], net.time_mlp[2]
    return {
        f"{prefix}timestep_embedder.linear_1.weight": first.weight.roll(128, 1),  # our sines come first
        f"{prefix}timestep_embedder.linear_1.bias": first.bias,
        f"{prefix}timestep_embedder.linear_2.weight": second.weight,
        f"{prefix}timestep_embedder.linear_2.bias": second.bias,
        f"{prefix}class_embedder.embedding_table.weight": net.label.table.weight,
    }


def to_diffusers(net: DiT, classes: int) -> DiTTransformer2DModel:
    heads, width = net.blocks[0].heads, net.embed.out_features
    other = DiTTransformer2DModel(
        num_attention_heads=heads, attention_head_dim=width // heads, in_channels=net.channels, num_layers=len(net.blocks),
        sample_size=net.size, patch_size=net.patch, num_embeds_ada_norm=classes,
        norm_eps=1e-6,  # as published; the class has 1e-5 for the second norm of a block, and 1e-6 for all others
    ).double().eval()  # fmt: skip

    def rows(tensor):  # (channel, row, column) -> (row, column, channel), of the head's outputs
        return tensor.unflatten(0, (net.channels, net.patch, net.patch)).movedim(0, 2).flatten(0, 2)

    state = {
        "pos_embed.proj.weight": net.embed.weight.unflatten(1, (net.channels, net.patch, net.patch)),
        "pos_embed.proj.bias": net.embed.bias,
        "proj_out_1.weight": net.modulation[1].weight,
        "proj_out_1.bias": net.modulation[1].bias,
        "proj_out_2.weight": rows(net.head.weight),
        "proj_out_2.bias": rows(net.head.bias),
    }
    for i, block in enumerate(net.blocks):
        state |= block_to_diffusers(block, f"transformer_blocks.{i}.")
        state |= embedders_to_diffusers(net, f"transformer_blocks.{i}.norm1.emb.")
    other.load_state_dict(state)  # strict: every weight of theirs is one of ours
    for block in other.transformer_blocks:
        block.norm1.emb.time_proj = CosinesFirst()
    # Both tables are float32; that they agree is a test of its own.
    torch.testing.assert_close(other.pos_embed.pos_embed[0], net.positions, atol=1e-6, rtol=0)
    other.pos_embed.pos_embed = net.positions[None]
    return other


@pytest.mark.parametrize("sizes", SIZES, ids=str)
def test_the_net_is_diffusers_net(sizes):
    net, classes = make(*sizes), sizes[-1]
    other, (x, t, y) = to_diffusers(net, classes), ask(net, classes)
    mine, theirs = net(x.requires_grad_(), t, y), other(x, t, torch.where(y == NO_LABEL, classes, y)).sample
    assert mine.std() > 0.1  # not equal for want of an answer
    torch.testing.assert_close(mine, theirs, atol=BAR, rtol=0)
    slopes = [torch.autograd.grad((out * normal(*out.shape, seed=3)).sum(), x)[0] for out in (mine, theirs)]
    torch.testing.assert_close(*slopes, atol=BAR, rtol=0)


@pytest.mark.parametrize("attention", [torch.nn.functional.scaled_dot_product_attention, explicit_attention])
@pytest.mark.parametrize("spread", [1.0, 1e-3])  # at 1e-3 the variance is that of eps = 1e-6, which then counts
def test_a_block_is_diffusers_block(attention, spread):
    width, heads, classes = 48, 4, 10
    block = stirred(DiTBlock(width, heads, attention))
    other = BasicTransformerBlock(width, heads, width // heads, activation_fn="gelu-approximate", attention_bias=True,
                                  num_embeds_ada_norm=classes, norm_type="ada_norm_zero", norm_elementwise_affine=False,
                                  norm_eps=1e-6).double().eval()  # fmt: skip
    other.load_state_dict(block_to_diffusers(block) | {k: v for k, v in other.state_dict().items() if ".emb." in k})
    t, y, x = torch.tensor([0, 500, 999]), torch.tensor([3, 9, classes]), spread * normal(3, 10, width)
    c = other.norm1.emb(t, y, hidden_dtype=torch.float64)  # theirs makes the condition inside
    torch.testing.assert_close(block(x, c), other(x, timestep=t, class_labels=y), atol=BAR, rtol=0)


def test_flow_matchings_clock_is_ddpms_times_a_thousand():
    net, (x, _, y) = make(*SIZES[0], t_scale=1000.0), ask(make(*SIZES[0]), 10)
    t = torch.tensor([0.0, 0.001, 0.25, 0.613, 1.0], dtype=torch.float64)
    theirs = to_diffusers(net, 10)(x, 1000 * t, torch.where(y == NO_LABEL, 10, y)).sample
    torch.testing.assert_close(net(x, t, y), theirs, atol=BAR, rtol=0)


# ---- the published net, of torch's own parts -------------------------------------------------------------------


class PublishedBlock(nn.Module):
    def __init__(self, width, heads):
        super().__init__()
        self.norm = nn.LayerNorm(width, elementwise_affine=False, eps=1e-6)
        self.attn = nn.MultiheadAttention(width, heads, batch_first=True)
        self.mlp = nn.Sequential(nn.Linear(width, 4 * width), nn.GELU(approximate="tanh"), nn.Linear(4 * width, width))
        self.adaLN_modulation = nn.Sequential(nn.SiLU(), nn.Linear(width, 6 * width))

    def forward(self, x, c):
        shift1, scale1, gate1, shift2, scale2, gate2 = self.adaLN_modulation(c)[:, None].chunk(6, dim=-1)
        h = self.norm(x) * (1 + scale1) + shift1
        x = x + gate1 * self.attn(h, h, h, need_weights=False)[0]
        return x + gate2 * self.mlp(self.norm(x) * (1 + scale2) + shift2)

    def take(self, block: DiTBlock):
        self.adaLN_modulation.load_state_dict(block.modulation.state_dict())
        self.mlp.load_state_dict(block.mlp.state_dict())
        self.attn.load_state_dict({
            "in_proj_weight": block.qkv.weight, "in_proj_bias": block.qkv.bias,
            "out_proj.weight": block.project.weight, "out_proj.bias": block.project.bias,
        })  # fmt: skip
        return self


def published(net: DiT, x, t, y):
    """The answer of the published net with our weights: convolution, cosines first, positions from their formula, fold."""
    width, side, patch, t = net.embed.out_features, net.size // net.patch, net.patch, t.double()
    kernel = net.embed.weight.view(width, net.channels, patch, patch)
    tokens = nn.functional.conv2d(x, kernel, net.embed.bias, stride=patch).flatten(2).transpose(1, 2)
    row, column = torch.arange(side).repeat_interleave(side).double(), torch.arange(side).repeat(side).double()
    angles = [place[:, None] / 10_000 ** (torch.arange(width // 4) / (width / 4)) for place in (column, row)]
    tokens = tokens + torch.cat([f(a) for a in angles for f in (torch.sin, torch.cos)], dim=1)
    angles = t[:, None] * torch.exp(-math.log(10_000) * torch.arange(128).double() / 128)
    w_sin, w_cos = net.time_mlp[0].weight.chunk(2, dim=1)
    hidden = angles.cos() @ w_cos.T + angles.sin() @ w_sin.T + net.time_mlp[0].bias
    c = (
        net.time_mlp[2](nn.functional.silu(hidden)) + net.label.table.weight[y]
    )  # the last row is no label's: -1 finds it
    for block in net.blocks:
        tokens = PublishedBlock(width, block.heads).double().take(block)(tokens, c)
    shift, scale = net.modulation[1](nn.functional.silu(c))[:, None].chunk(2, dim=-1)
    out = net.head(nn.functional.layer_norm(tokens, (width,), eps=1e-6) * (1 + scale) + shift)
    return nn.functional.fold(out.transpose(1, 2), net.size, patch, stride=patch)  # a patch as (channel, row, column)


@pytest.mark.parametrize("sizes", SIZES, ids=str)
def test_the_net_is_the_published_one(sizes):
    net = make(*sizes)
    x, t, y = ask(net, sizes[-1])
    torch.testing.assert_close(net(x, t, y), published(net, x, t, y), atol=BAR, rtol=0)


def test_the_positions_are_exact_to_float32():
    side, width = 16, 96
    row, column = torch.arange(side).repeat_interleave(side).double(), torch.arange(side).repeat(side).double()
    angles = [place[:, None] / 10_000 ** (torch.arange(width // 4) / (width / 4)) for place in (column, row)]
    exact = torch.cat([f(a) for a in angles for f in (torch.sin, torch.cos)], dim=1)
    torch.testing.assert_close(positions(side, width).double(), exact, atol=1e-6, rtol=0)


# ---- the comparison has teeth -----------------------------------------------------------------------------------


modulate = diffusion_transformer.modulate


def swapped(x, shift, scale):
    return modulate(x, scale, shift)


def other_eps(x, shift, scale):
    return nn.functional.layer_norm(x, x.shape[-1:], eps=1e-5) * (1 + scale[:, None]) + shift[:, None]


@pytest.mark.parametrize("wrong", [swapped, other_eps, "gelu", "gates", "heads"])
def test_a_wrong_block_is_noticed(wrong, monkeypatch):
    block = stirred(DiTBlock(48, 4))
    reference, x, c = PublishedBlock(48, 4).double().take(block), 1e-3 * normal(3, 10, 48), normal(3, 48, seed=1)
    torch.testing.assert_close(block(x, c), reference(x, c), atol=BAR, rtol=0)
    if wrong == "gelu":
        block.mlp[1] = nn.GELU()
    elif wrong == "gates":
        block.modulation[1].weight.data = block.modulation[1].weight.data.roll(48, 0)
    elif wrong == "heads":
        block.heads = 2
    else:
        monkeypatch.setattr(diffusion_transformer, "modulate", wrong)
    assert (block(x, c) - reference(x, c)).abs().max() > 10 * BAR
