"""Stored classifiers put to use: predictions of new examples, exports."""
