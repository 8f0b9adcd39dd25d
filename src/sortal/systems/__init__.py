"""The published systems that Sortal stands in for, each with its own files and words."""
