"""Update rules for all members at once, one rule a file; build.py finds them by name."""
