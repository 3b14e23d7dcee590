"""The exercises of chapter 07, solvers and the K budget."""
