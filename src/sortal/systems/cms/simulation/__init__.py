"""Simulated events whose likelihood ratio is known, and the example made of them."""
