"""Classifiers and data sets that users write as ClaVis's page shows, loaded from folders that they name."""
