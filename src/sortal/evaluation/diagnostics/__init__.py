"""What losses and score distributions say of a training: over-training, losses that rise."""
