"""NumPy files: arrays of one file, and archives of several."""
