"""Metrics of a user: found, checked, computed from stored scores, and kept in the store."""
