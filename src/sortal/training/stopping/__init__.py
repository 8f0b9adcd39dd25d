"""When the training of a member ends."""
