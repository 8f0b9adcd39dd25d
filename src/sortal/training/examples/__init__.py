"""Training examples on their way to the network: targets, weights, batches, what is streamed."""
