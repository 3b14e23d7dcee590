"""A small convolutional variational autoencoder: images to latents with a quarter of their side, and back.

    z = autoencoder.encode(x)      (B, channels, H, W) -> (B, latent, H/4, W/4), of unit variance over the training data
    x = autoencoder.decode(z)      and back

The encoder answers a Gaussian for every image, N(mu, exp(log_variance)) for each number of its latent. It is trained on

    loss = mean over pixels (x - decoder(z))^2  +  beta * mean over latents KL(N(mu, exp(log_variance)) || N(0, 1))
    KL   = (mu^2 + exp(log_variance) - 1 - log_variance) / 2,        z a draw from the Gaussian (Kingma & Welling 2014)

A latent is then divided by `scale`, one number for all: the standard deviation of mu over the training data, because the
schedules of this book take data of unit variance for granted (the factor of Rombach et al. 2022 is 1 / scale).
"""

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from lib.checks import check_fits, check_floats, check_number, check_samples, check_whole
from lib.seeding import given, randn


class Residual(nn.Module):
    """x + two convolutions of it."""

    def __init__(self, width: int):
        super().__init__()
        self.layers = nn.Sequential(nn.SiLU(), nn.Conv2d(width, width, 3, padding=1),
                                    nn.SiLU(), nn.Conv2d(width, width, 3, padding=1))  # fmt: skip

    def forward(self, x: Tensor) -> Tensor:
        return x + self.layers(x)


class Unscale(nn.Module):
    """The first layer of the decoder: z * scale."""

    def __init__(self):
        super().__init__()
        self.register_buffer("scale", torch.ones(()))

    def forward(self, z: Tensor) -> Tensor:
        return z * self.scale


class Autoencoder(nn.Module):
    """Images (B, channels, H, W), H and W multiples of 4, <-> latents (B, latent, H/4, W/4).

    width: channels of the first level, an even number; twice as many at the second.
    beta: weight of the KL term in the loss.
    Raises ValueError for counts below 1, a negative beta, and images or latents of another shape.
    """

    def __init__(self, channels: int = 1, latent: int = 4, width: int = 32, *, beta: float = 1e-3):
        super().__init__()
        for name, count in (("channels", channels), ("latent", latent), ("width", width)):
            check_whole(name, count)
        check_number("beta", beta)
        if min(channels, latent, width) < 1 or width % 2 or not 0 <= beta < float("inf"):
            raise ValueError(
                f"channels and latent must be at least 1, width even and beta finite and not negative; "
                f"got {channels}, {latent}, {width}, {beta}."
            )
        self.channels, self.latent, self.width, self.beta = channels, latent, width, beta
        self.encoder = nn.Sequential(
            nn.Conv2d(channels, width, 3, stride=2, padding=1),
            nn.SiLU(),
            nn.Conv2d(width, 2 * width, 3, stride=2, padding=1),
            Residual(2 * width),
            nn.SiLU(),
            nn.Conv2d(2 * width, 2 * latent, 1),  # mu and log_variance
        )
        self.decoder = nn.Sequential(
            Unscale(),
            nn.Conv2d(latent, 2 * width, 3, padding=1),
            Residual(2 * width),
            nn.SiLU(),
            nn.Conv2d(2 * width, 4 * width, 3, padding=1),
            nn.PixelShuffle(2),  # 4 channels become 2 x 2 pixels
            nn.SiLU(),
            nn.Conv2d(width, 2 * width, 3, padding=1),
            nn.PixelShuffle(2),
            nn.SiLU(),
            nn.Conv2d(width // 2, channels, 3, padding=1),
        )

    @property
    def scale(self) -> Tensor:
        """The standard deviation of mu over the training data, a 0-dim tensor; 1 before `fit_scale`."""
        return self.decoder[0].scale

    def posterior(self, x: Tensor) -> tuple[Tensor, Tensor]:
        """mu and log_variance, each (B, latent, H/4, W/4), before the scale."""
        check_floats("Images", x)
        if x.ndim != 4 or x.shape[1] != self.channels or x.shape[2] % 4 or x.shape[3] % 4 or x.numel() == 0:
            raise ValueError(
                f"Images must have shape (B, {self.channels}, H, W) with H and W multiples of 4, got {tuple(x.shape)}."
            )
        check_fits("images", x, x.shape[1:], self.scale)
        mu, log_variance = self.encoder(x).chunk(2, dim=1)
        return mu, log_variance.clamp(-20, 10)  # a wild first step must not overflow exp

    def encode(self, x: Tensor, generator: torch.Generator | None = None) -> Tensor:
        """The scaled latent of x: its mean mu / scale, or with a generator a draw."""
        if generator is not None:
            given(generator)
        mu, log_variance = self.posterior(x)
        if generator is not None:
            mu = mu + (log_variance / 2).exp() * randn(mu.shape, like=mu, generator=generator)
        return mu / self.scale

    def decode(self, z: Tensor) -> Tensor:
        """The images (B, channels, H, W) of scaled latents z. They may leave [-1, 1] a little."""
        check_floats("Latents", z)
        if z.ndim != 4 or z.shape[1] != self.latent or z.numel() == 0:
            raise ValueError(f"Latents must have shape (B, {self.latent}, H, W), got {tuple(z.shape)}.")
        check_fits("latents", z, z.shape[1:], self.scale)
        return self.decoder(z)

    def loss(self, x: Tensor, *, generator: torch.Generator | None = None) -> Tensor:
        """Squared error a pixel + beta * KL a number of the latent; see the top of this file."""
        mu, log_variance = self.posterior(x)
        z = mu + (log_variance / 2).exp() * randn(mu.shape, like=mu, generator=generator)
        kl = (mu.square() + log_variance.exp() - 1 - log_variance) / 2
        return F.mse_loss(self.decoder(z / self.scale), x) + self.beta * kl.mean()

    @torch.no_grad()
    def fit_scale(self, x: Tensor) -> Tensor:
        """Set `scale` to the standard deviation of mu over all numbers of the latents of images x, and return it."""
        check_samples("Images", x, rows=1)
        mu = torch.cat([self.posterior(part)[0] for part in x.split(500)])
        std = mu.std(correction=0)
        if not 0 < std < float("inf"):
            why = "nothing is encoded yet" if std == 0 else "look for NaN in the images and the weights"
            raise ValueError(f"The latents have the standard deviation {std.item()}: {why}.")
        return self.scale.copy_(std)
