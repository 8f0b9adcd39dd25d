"""Classifiers of scikit-learn, fitted one after another in one warm process."""
