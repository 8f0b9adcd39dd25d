"""The `sortal` command."""
