"""Update rules for all members at once, one rule a file; choice.py lists them by name."""
