"""Trees of ROOT files."""
