"""Map a callable over JSON tasks; engines know tasks, not classifiers."""
