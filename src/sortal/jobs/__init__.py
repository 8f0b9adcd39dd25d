"""From a job to its results: the only place where the lower layers meet."""
