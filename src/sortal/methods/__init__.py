"""Kinds of classifiers, each a family in its own file behind the contract in base.py."""
