"""What a person sees: tables, rankings, plans, progress, and the terminal that shows them."""
