"""Averages of stored classifiers as results of their own."""
