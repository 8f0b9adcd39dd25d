"""Weighted losses of members that train together, with slopes written out by hand."""
