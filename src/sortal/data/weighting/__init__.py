"""Example weights: what training makes of them, and for which target."""
