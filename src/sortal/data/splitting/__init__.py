"""Which examples train, validate and test."""
