"""Networks as Keras describes them, and the files of its formats; Keras itself is not needed."""
