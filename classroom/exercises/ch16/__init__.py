"""Exhibits of the bug museum: code as it was found, and its repair."""
