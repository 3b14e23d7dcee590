"""mend the outputs

Mend `guide`. The outputs `cond` and `uncond` both have the shape `(B, 2 * channels, H, W)`: the noise, which is to be
guided, and the variances, which stay those of `cond`.

Hint: Where would a 3 come from? Think of pictures that are not latents.
"""

import torch

from classroom.exercises import Mistake
from classroom.exercises.repair import Repair


# --- stub
def guide(cond, uncond, scale, channels):
    guided = uncond + scale * (cond - uncond)
    return torch.cat([guided[:, :3], cond[:, 3:]], 1)


# --- solution
# Three is the number of colours. The number of channels is known: use it.
def solution(cond, uncond, scale, channels):
    guided = uncond + scale * (cond - uncond)
    return torch.cat([guided[:, :channels], cond[:, channels:]], 1)


# --- checker
def cases(g: torch.Generator) -> list[tuple]:
    """Latents of 4 and of 16 channels."""
    outputs = [torch.randn(2, 2, 2 * channels, 3, 3, generator=g, dtype=torch.float64) for channels in (4, 16)]
    return [(tuple(pair), 1.5, channels) for pair, channels in zip(outputs, (4, 16))]


check = Repair(
    solution,
    cases,
    run=lambda solution, outputs, scale, channels: solution(*outputs, scale, channels),
    broken=guide,
    see="11_conditioning_and_guidance: Noise, data, v, velocity: all the same",
    mistakes={
        "the variances guided too": Mistake(
            lambda cond, uncond, scale, channels: torch.lerp(uncond, cond, scale),
            "Every output was guided. The second half are variances: extrapolated, they leave their range.",
        ),
        "a larger scale instead": Mistake(
            lambda cond, uncond, scale, channels: guide(cond, uncond, 1 + (scale - 1) * channels / 3, channels),
            "Three channels, pushed harder. On average that is as much guidance, and the other channels still have none.",
        ),
        "the other half": Mistake(
            lambda cond, uncond, scale, channels: torch.cat(
                [cond[:, :channels], torch.lerp(uncond, cond, scale)[:, channels:]], 1
            ),
            "Now the variances are guided, and the noise is not.",
        ),
    },
)
