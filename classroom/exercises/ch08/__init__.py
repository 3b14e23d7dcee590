"""The exercises of chapter 08, the time scale."""
