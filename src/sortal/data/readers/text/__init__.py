"""Text files of rows: encoding, separator, numbers, names of columns."""
