"""The exercises of chapter 10, the Diffusion Transformer."""
