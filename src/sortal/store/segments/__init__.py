"""What tasks left: members, their scores and models, and where each is."""
