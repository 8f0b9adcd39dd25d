"""HDF5 files, which a process of its own reads."""
