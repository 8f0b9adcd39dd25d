"""Learning-rate schedules, one family a file; registry.py finds them by name."""
