"""How far training is, in files from which it goes on."""
