"""Named random streams: every consumer of randomness derives its own seed, none shares a state."""

import hashlib

import torch


def stream_seed(*names: object) -> int:
    """Derive a seed in [0, 2**63) from a path of names such as `(7, "dropout")`.

    >>> stream_seed(7, "dropout") == stream_seed(7, "initialisation")
    False
    """
    digest = hashlib.blake2b("/".join(map(str, names)).encode(), digest_size=8).digest()
    return int.from_bytes(digest, "big") >> 1


def stream(*names: object, device: torch.device | str = "cpu") -> torch.Generator:
    """Open the generator of a stream, at its start."""
    return torch.Generator(device=device).manual_seed(stream_seed(*names))
