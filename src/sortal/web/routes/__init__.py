"""The routes of the REST interface, one family a file."""
