"""Arrays that are larger than memory, and files that may be damaged."""
