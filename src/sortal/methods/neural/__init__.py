"""Networks that train as populations."""
