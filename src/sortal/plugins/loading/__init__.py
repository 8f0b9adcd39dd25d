"""Find, read and import the modules of a user's plugin folders."""
