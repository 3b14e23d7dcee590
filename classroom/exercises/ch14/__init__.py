"""The exercises of chapter 14, few steps."""
