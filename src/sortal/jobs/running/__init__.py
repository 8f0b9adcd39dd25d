"""What a run does: it hands populations to workers, and stores what they become."""
