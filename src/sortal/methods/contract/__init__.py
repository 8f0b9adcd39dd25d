"""What a method is, and what every method shares: outcomes, class columns, users' methods."""
