"""Stored datasets and their splits."""
