"""Examples, how they are divided, and how they are prepared; readers fill the values."""
