"""The Keras of 2020 that plugins were written for, on the Keras of today."""
