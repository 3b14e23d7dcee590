"""Trained nets: their files, the runs that make them, and what was measured on them."""
