"""From files to a dataset: what columns and arrays mean, and the same for new examples."""
