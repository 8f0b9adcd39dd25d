"""Results as values: scores, intervals, comparisons; figures draws them."""
