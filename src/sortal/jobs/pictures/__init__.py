"""Results as pictures: rankings, confusion, projections of examples, maps of classifiers."""
