"""How models lie in files: arrays of trees, skops, native formats."""
