"""Tuning jobs, and what their search came to."""
