"""NN in CMS: weighted events, signal against background."""
