"""What trained networks come to: cuts, tables, pictures, the page's files."""
