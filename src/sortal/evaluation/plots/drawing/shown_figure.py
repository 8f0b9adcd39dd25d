"""A figure that a notebook shows when it is the last expression of a cell.

This module loads matplotlib; import it where figures are drawn.
"""

import io

from matplotlib.figure import Figure

from sortal.evaluation.plots.drawing.style import in_any_script


class ShownFigure(Figure):
    """A figure that shows itself in a notebook, though pyplot does not know it.

    Where pyplot is in use too, the notebook has its own way to show any figure, and takes that.
    """

    def _repr_png_(self) -> bytes:
        written = io.BytesIO()
        with in_any_script():
            self.savefig(written, format="png", dpi=self.dpi)
        return written.getvalue()
