"""What a job came to, as values: read from the store, found by name, ranked, compared."""
