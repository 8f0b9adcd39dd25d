"""Classifiers, and examples, on a plane, for looking at; nothing here is ever given to a classifier."""
