"""Scores as probabilities: maps fitted on held-out folds."""
