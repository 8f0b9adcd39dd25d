"""Commands of results in a store: put more beside them, draw them, apply and export them."""
