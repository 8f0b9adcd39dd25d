"""Pure functions of labels, scores and weights."""
