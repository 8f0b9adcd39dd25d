"""Ways to train the same members: ours, and those of its peers, each in a process of its own."""
