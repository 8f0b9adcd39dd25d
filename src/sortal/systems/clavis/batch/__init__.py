"""Batch jobs: their files, data sets and classifiers, training, and what it came to."""
