"""Answers to the exercises of chapter 10."""

import math

import torch
import torch.nn.functional as F
from torch import nn

from tests.exercises.answers import Answers

# --- sdpa


def heads_one_by_one(q, k, v, heads):
    answers = []
    for q_h, k_h, v_h in zip(*(x.chunk(heads, dim=-1) for x in (q, k, v))):
        weights = torch.softmax(torch.bmm(q_h, k_h.transpose(1, 2)) / math.sqrt(q_h.shape[-1]), dim=2)
        answers.append(weights @ v_h)
    return torch.cat(answers, dim=-1)


def heads_by_einsum(q, k, v, heads):
    q, k, v = (x.view(*x.shape[:2], heads, -1) for x in (q, k, v))
    scores = torch.einsum("bnhd,bmhd->bhnm", q, k) * q.shape[-1] ** -0.5
    return torch.einsum("bhnm,bmhd->bnhd", scores.softmax(-1), v).flatten(-2)


def heads_scaled(power, whole=False, dim=-1):
    def attend(q, k, v, heads):
        B, N, W = q.shape
        q, k, v = (x.view(B, N, heads, -1).permute(0, 2, 1, 3) for x in (q, k, v))
        scores = q @ k.transpose(2, 3) / (W if whole else q.shape[-1]) ** power
        return (scores.softmax(dim) @ v).permute(0, 2, 1, 3).reshape(B, N, W)

    return attend


def heads_at_the_tokens(q, k, v, heads):
    B, N, W = q.shape
    q, k, v = (x.view(B, N, heads, W // heads) for x in (q, k, v))
    return ((q @ k.transpose(2, 3) / math.sqrt(W // heads)).softmax(-1) @ v).view(B, N, W)


def heads_by_view(q, k, v, heads):
    B, N, W = q.shape
    q, k, v = (x.view(B, heads, N, W // heads) for x in (q, k, v))
    return ((q @ k.transpose(2, 3) / math.sqrt(W // heads)).softmax(-1) @ v).view(B, N, W)


def heads_dealt(q, k, v, heads):
    cards = torch.arange(q.shape[-1]).view(-1, heads).T.flatten()
    answers = torch.empty_like(q)
    answers[..., cards] = heads_one_by_one(q[..., cards], k[..., cards], v[..., cards], heads)
    return answers


def heads_left_apart(q, k, v, heads):
    B, N, W = q.shape
    q, k, v = (x.view(B, N, heads, -1).transpose(1, 2) for x in (q, k, v))
    return F.scaled_dot_product_attention(q, k, v).reshape(B, N, W)


# --- glue


def glue_square_by_square(tokens, p, C):
    side = math.isqrt(tokens.shape[1])
    image = torch.empty(len(tokens), C, side * p, side * p, dtype=tokens.dtype)
    for n in range(side * side):
        i, j = p * (n // side), p * (n % side)
        image[:, :, i : i + p, j : j + p] = tokens[:, n].reshape(-1, p, p, C).movedim(-1, 1)
    return image


def glue_by_fold(tokens, p, C):
    side = math.isqrt(tokens.shape[1])
    columns = tokens.unflatten(-1, (p * p, C)).permute(0, 3, 2, 1).flatten(1, 2)
    return F.fold(columns, side * p, kernel_size=p, stride=p)


def glue_pixels(place, channel_last=True):
    """Every number by itself; `place` tells where (n, row, column within, side, p) goes."""

    def glue(tokens, p, C):
        side = math.isqrt(tokens.shape[1])
        image = torch.zeros(len(tokens), C, side * p, side * p, dtype=tokens.dtype)
        for n in range(side * side):
            for i in range(p):
                for j in range(p):
                    for c in range(C):
                        row, column = place(n, i, j, side, p)
                        number = (i * p + j) * C + c if channel_last else (c * p + i) * p + j
                        image[:, c, row, column] = tokens[:, n, number]
        return image

    return glue


def straight(n, i, j, side, p):
    return n // side * p + i, n % side * p + j


def glue_one_reshape(tokens, p, C):
    H = p * math.isqrt(tokens.shape[1])
    return tokens.reshape(-1, C, H, H)


def glue_in_a_row(tokens, p, C):
    H = p * math.isqrt(tokens.shape[1])
    return tokens.unflatten(-1, (-1, C)).movedim(-1, 1).reshape(-1, C, H, H)


# --- adaln


def norm(h):
    off = h - h.mean(-1, keepdim=True)
    return off / (off.square().mean(-1, keepdim=True) + 1e-6).sqrt()


def adaln_by_hand(h, c, attention, mlp, A, a):
    six = (c * c.sigmoid()) @ A.T + a
    b1, s1, g1, b2, s2, g2 = (vector.unsqueeze(1) for vector in six.split(h.shape[-1], dim=1))
    h = h + g1 * attention((1 + s1) * norm(h) + b1)
    return h + g2 * mlp((1 + s2) * norm(h) + b2)


def adaln_as_modules(h, c, attention, mlp, A, a):
    bare = nn.LayerNorm(h.shape[-1], eps=1e-6, elementwise_affine=False)
    six = torch.einsum("oi,bi->bo", A, nn.SiLU()(c)).add(a).unflatten(1, (2, 3, -1))
    for part, layer in enumerate((attention, mlp)):
        shift, scale, gate = six[:, part].unbind(1)
        h = h + gate[:, None] * layer(bare(h) * (scale + 1)[:, None] + shift[:, None])
    return h


def adaln(enter, leave, condition=lambda c: c * c.sigmoid()):
    """Both parts in turn: `enter(h, b, s)` is what a part reads, `leave(h, g, out)` what becomes of the tokens."""

    def block(h, c, attention, mlp, A, a):
        b1, s1, g1, b2, s2, g2 = (condition(c) @ A.T + a)[:, None].chunk(6, -1)
        h = leave(h, g1, attention(enter(h, b1, s1)))
        return leave(h, g2, mlp(enter(h, b2, s2)))

    return block


def modulated(h, b, s):
    return (1 + s) * norm(h) + b


def added(h, g, out):
    return h + g * out


def adaln_at_once(h, c, attention, mlp, A, a):
    b1, s1, g1, b2, s2, g2 = ((c * c.sigmoid()) @ A.T + a)[:, None].chunk(6, -1)
    return h + g1 * attention(modulated(h, b1, s1)) + g2 * mlp(modulated(h, b2, s2))


# --- fold


def fold_by_probing(gain, bias, shift, scale):
    """What the two together do to 0 and to 1 tells the affine map."""
    at_zero, at_one = ((gain * x + bias) * (1 + scale) + shift for x in (0.0, 1.0))
    return at_zero, at_one - at_zero - 1


def fold_by_terms(gain, bias, shift, scale):
    return bias + scale * bias + shift, gain - 1 + gain * scale


# --- window


def near_by_loop(q, k, v, radius):
    side = math.isqrt(q.shape[2])
    rows = []
    for i in range(side * side):
        asked = [
            j for j in range(side * side)
            if abs(i // side - j // side) <= radius and abs(i % side - j % side) <= radius
        ]  # fmt: skip
        weights = (q[:, :, i : i + 1] @ k[:, :, asked].transpose(-2, -1) / q.shape[-1] ** 0.5).softmax(-1)
        rows.append(weights @ v[:, :, asked])
    return torch.cat(rows, dim=2)


def grid_distance(N):
    """Of rows and of columns, (2, N, N)."""
    side = math.isqrt(N)
    place = torch.cartesian_prod(torch.arange(side), torch.arange(side)).T
    return (place[:, :, None] - place[:, None]).abs()


def scores(q, k):
    return torch.einsum("bhnd,bhmd->bhnm", q, k) / math.sqrt(q.size(-1))


def near_by_infinity(q, k, v, radius):
    far = grid_distance(q.size(2)).amax(0) > radius
    return scores(q, k).masked_fill(far, -math.inf).softmax(-1) @ v


def near_by_zero(q, k, v, radius):
    far = grid_distance(q.size(2)).amax(0) > radius
    return scores(q, k).masked_fill(far, 0.0).softmax(-1) @ v


def near_cut_late(q, k, v, radius):
    far = grid_distance(q.size(2)).amax(0) > radius
    return scores(q, k).softmax(-1).masked_fill(far, 0.0) @ v


def near_in_the_list(q, k, v, radius):
    ones = torch.ones(q.size(2), q.size(2))
    return scores(q, k).masked_fill(ones.triu(radius + 1) + ones.tril(-radius - 1) > 0, -math.inf).softmax(-1) @ v


def near_as_a_diamond(q, k, v, radius):
    return scores(q, k).masked_fill(grid_distance(q.size(2)).sum(0) > radius, -math.inf).softmax(-1) @ v


def near_added(q, k, v, radius):
    return (scores(q, k) + 1.0 * (grid_distance(q.size(2)).amax(0) <= radius)).softmax(-1) @ v


def near_turned_round(q, k, v, radius):
    far = grid_distance(q.size(2)).amax(0) > radius
    return F.scaled_dot_product_attention(q, k, v, far)


ANSWERS = {
    "first_loss": Answers(
        right=[1.53, 0.04 + 0.49 + 1],
        wrong={
            "no answer, no loss": 0,
            "the noise forgotten": 0.53,
            "the loss of another target": 1,
            "the mean forgotten": 1.49,
            "the deviation without its square": 1.74,
        },
    ),
    "half_the_patch": Answers(
        right=[5.2, (24 * 256 * 96**2 + 4 * 256**2 * 96) / (24 * 64 * 96**2 + 4 * 64**2 * 96)],
        wrong={
            "twice the tokens": 2.2,
            "the maps alone": 4,
            "the pairs alone": 16,
            "one product of attention forgotten": (24 * 4 * 96 + 2 * 16 * 64) / (24 * 96 + 2 * 64),
            "the MLP forgotten": 7,
        },
    ),
    "multi_head": Answers(
        right=[heads_one_by_one, heads_by_einsum],
        wrong={
            "heads that ask each other": heads_at_the_tokens,
            "one reshape into heads": heads_by_view,
            "heads dealt out like cards": heads_dealt,
            "heads not put side by side": heads_left_apart,
            "one head": lambda q, k, v, heads: heads_one_by_one(q, k, v, 1),
            "the root of the width": heads_scaled(0.5, whole=True),
            "no root": heads_scaled(0.0),
            "the softmax over the askers": heads_scaled(0.5, dim=-2),
        },
    ),
    "unpatchify_channel_last": Answers(
        right=[glue_square_by_square, glue_by_fold, glue_pixels(straight)],
        wrong={
            "one reshape": glue_one_reshape,
            "the channel first": glue_pixels(straight, channel_last=False),
            "patches read column by column": glue_pixels(
                lambda n, i, j, side, p: (n % side * p + i, n // side * p + j)
            ),
            "every patch on its side": glue_pixels(lambda n, i, j, side, p: (n // side * p + j, n % side * p + i)),
            "patches one after the other": glue_in_a_row,
        },
    ),
    "adaln_zero": Answers(
        right=[adaln_by_hand, adaln_as_modules],
        wrong={
            "the forgotten 1": adaln(lambda h, b, s: s * norm(h) + b, added),
            "an open gate": adaln(modulated, lambda h, g, out: h + (1 + g) * out),
            "the gate on everything": adaln(modulated, lambda h, g, out: g * (h + out)),
            "nothing to add to": adaln(modulated, lambda h, g, out: g * out),
            "no norm": adaln(lambda h, b, s: (1 + s) * h + b, added),
            "the norm in the sum": adaln(modulated, lambda h, g, out: norm(h) + g * out),
            "the SiLU forgotten": adaln(modulated, added, condition=lambda c: c),
            "both parts at once": adaln_at_once,
            "scale before shift": adaln(lambda h, b, s: (1 + b) * norm(h) + s, added),
        },
    ),
    "folded_norm": Answers(
        right=[fold_by_probing, fold_by_terms],
        wrong={
            "the gain on the scale alone": lambda gain, bias, shift, scale: (bias * scale + bias + shift, gain * scale),
            "the 1 counted twice": lambda gain, bias, shift, scale: (bias * scale + bias + shift, gain + gain * scale),
            "a bias that is not scaled": lambda gain, bias, shift, scale: (shift + bias, gain * scale + gain - 1),
            "in the other order": lambda gain, bias, shift, scale: (bias + gain * shift, gain * scale + gain - 1),
            "scale before shift": lambda gain, bias, shift, scale: fold_by_terms(gain, bias, shift, scale)[::-1],
        },
    ),
    "local_attention": Answers(
        right=[near_by_loop, near_by_infinity],
        wrong={
            "a score of zero": near_by_zero,
            "cut after the softmax": near_cut_late,
            "neighbours in the list": near_in_the_list,
            "a diamond": near_as_a_diamond,
            "a mask of numbers": near_added,
            "everybody asked": lambda q, k, v, radius: scores(q, k).softmax(-1) @ v,
            "the mask turned round": near_turned_round,
        },
    ),
}
