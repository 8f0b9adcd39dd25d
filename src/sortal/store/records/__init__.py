"""What is kept of members and jobs, as values with a JSON form."""
