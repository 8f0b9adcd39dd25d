"""Sphinx builds the manual with this; nothing is fetched, and every warning is an error in CI."""

import sys
from importlib.metadata import version as installed
from pathlib import Path

HERE = Path(__file__).parent
sys.path.insert(0, str(HERE))

import generate  # noqa: E402 - it lies beside this file

generate.write(HERE / "reference" / "generated")

project = "Sortal"
author = "The Sortal developers"
copyright = author
release = version = installed("sortal")
extensions = ["myst_parser"]
myst_enable_extensions = ["colon_fence", "deflist"]
myst_heading_anchors = 4
exclude_patterns = ["_build", "reference/generated"]
nitpicky = True

html_theme = "pydata_sphinx_theme"
html_title = "Sortal"
html_show_sourcelink = False
html_copy_source = False
html_theme_options = {
    "show_prev_next": True,
    "show_toc_level": 2,
    "navigation_with_keys": False,
    "footer_start": ["copyright"],
    "footer_end": [],
}
