"""The `sortal` command: parse, call, print."""
