"""The exercises of chapter 06b, who is paired with whom."""
