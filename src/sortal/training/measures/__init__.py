"""Accuracy while networks train."""
