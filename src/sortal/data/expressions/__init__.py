"""Expressions of columns: how they are written, and what they come to."""
