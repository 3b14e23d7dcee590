"""The exercises of chapter 03, what the net predicts."""
