"""Classifiers that were trained elsewhere: their predictions, or figures alone."""
