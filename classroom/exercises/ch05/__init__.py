"""The exercises of chapter 05, DDIM and the probability flow."""
