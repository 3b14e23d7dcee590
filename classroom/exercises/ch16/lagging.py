"""Guide a net that also predicts variances: guide(cond, uncond, scale, channels), outputs (B, 2 * channels, H, W).

The first `channels` are the noise and are guided, the others are variances and stay those of the conditional answer.
"""

import torch

from classroom.exercises import Mistake
from classroom.exercises.repair import Repair

SEE = "11_conditioning_and_guidance: Noise, data, v, velocity: all the same"


def cases(g: torch.Generator) -> list[tuple]:
    """Latents of 4 and of 16 channels."""
    outputs = [torch.randn(2, 2, 2 * channels, 3, 3, generator=g, dtype=torch.float64) for channels in (4, 16)]
    return [(tuple(pair), 1.5, channels) for pair, channels in zip(outputs, (4, 16))]


def guide(cond, uncond, scale, first):
    """Guide the first channels."""
    return torch.cat([torch.lerp(uncond, cond, scale)[:, :first], cond[:, first:]], 1)


check = Repair(
    guide,
    cases,
    run=lambda guide, outputs, scale, channels: guide(*outputs, scale, channels),
    broken=lambda cond, uncond, scale, channels: guide(cond, uncond, scale, 3),
    mistakes=[
        Mistake(
            "the variances guided too",
            lambda cond, uncond, scale, channels: torch.lerp(uncond, cond, scale),
            "Every output was guided. The second half are variances: extrapolated, they leave their range.",
            SEE,
        ),
        Mistake(
            "a larger scale instead",
            lambda cond, uncond, scale, channels: guide(cond, uncond, 1 + (scale - 1) * channels / 3, 3),
            "Three channels, pushed harder. On average that is as much guidance, and the other channels still have none.",
            SEE,
        ),
        Mistake(
            "the other half",
            lambda cond, uncond, scale, channels: torch.cat(
                [cond[:, :channels], torch.lerp(uncond, cond, scale)[:, channels:]], 1
            ),
            "Now the variances are guided, and the noise is not.",
            SEE,
        ),
    ],
)
