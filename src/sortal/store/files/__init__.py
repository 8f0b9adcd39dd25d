"""How files are written and found whole: atomic replacement, manifests, digests, JSON."""
