"""Weighted events: read, given classes, divided, checked."""
