"""Torch modules whose parameters carry a leading member axis."""
