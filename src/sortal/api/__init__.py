"""Sortal from Python: jobs and results for notebooks, methods for scikit-learn, what there is to choose from."""
