"""Nearest neighbours: one search for every k."""
