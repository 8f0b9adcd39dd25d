"""The classifiers and data sets that ClaVis ships, by their names, on methods and data of ours."""
