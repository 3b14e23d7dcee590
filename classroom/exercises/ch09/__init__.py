"""The exercises of chapter 09, training craft."""
