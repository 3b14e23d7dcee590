"""The exercises of chapter 02, noise schedules."""
