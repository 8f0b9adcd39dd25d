"""Results on disk: segments, datasets, jobs, an index that can be rebuilt, leases."""
