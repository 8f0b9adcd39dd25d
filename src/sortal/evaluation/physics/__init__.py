"""Cuts on scores, significances and yields of weighted events."""
