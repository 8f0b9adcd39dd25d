"""One file format each; registry.py finds the reader of a path."""
