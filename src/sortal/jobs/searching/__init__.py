"""The search for parameters: a job whose classifiers are asked for round by round."""
