"""The exercises of chapter 15, memorise or generalise."""
