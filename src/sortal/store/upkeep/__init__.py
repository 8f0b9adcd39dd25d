"""Keeping a store sound and small: verify, delete, free, merge, count."""
