"""Search for good parameters by ask and tell: spaces, samplers, evolution, rungs. Nothing here trains."""
