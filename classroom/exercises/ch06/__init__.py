"""The exercises of chapter 06, flow matching."""
