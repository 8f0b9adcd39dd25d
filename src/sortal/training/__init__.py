"""The population trainer: members stacked along a leading axis, one loop."""
