"""Classifiers of plugins as methods that train in workers."""
