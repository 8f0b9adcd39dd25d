"""How plots are drawn: style, axes, panels, files."""
