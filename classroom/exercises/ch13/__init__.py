"""The exercises of chapter 13, latent diffusion."""
