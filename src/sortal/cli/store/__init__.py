"""`sortal store`: look after the results on disk. One command a file."""
