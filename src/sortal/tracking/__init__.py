"""What happened, kept: a JSON-lines log of every run."""
