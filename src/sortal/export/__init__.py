"""Trained networks as files that other programs read; `sortal.export.write.write` is the door."""
