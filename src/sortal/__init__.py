"""Train, compare, inspect and apply populations of classifiers on scientific data."""
