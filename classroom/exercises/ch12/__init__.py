"""The exercises of chapter 12, image runs."""
