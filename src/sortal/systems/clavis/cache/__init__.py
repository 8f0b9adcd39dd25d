"""Results that ClaVis itself computed, from its cache."""
