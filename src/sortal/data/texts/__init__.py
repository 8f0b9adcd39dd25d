"""How the values of a column are written as text, and which texts are the same value."""
