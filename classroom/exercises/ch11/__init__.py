"""The exercises of chapter 11, conditioning and guidance."""
