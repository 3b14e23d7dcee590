"""What a page of the book uses and a library does not: exercises, labs, explorers, figures, recorded numbers."""
