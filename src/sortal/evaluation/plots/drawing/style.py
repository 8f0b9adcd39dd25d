"""What figures share: colours, the look of an experiment, and how a figure becomes a file."""

import warnings
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, get_args

from sortal.errors import MissingExtra, OptionError

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

COLOURS = ("#0072B2", "#D55E00", "#009E73", "#CC79A7", "#E69F00", "#56B4E9", "#000000", "#999933")
"""Okabe and Ito's, which remain distinct to colour-blind readers, and one more."""

FILLS = ("#56B4E9", "#E69F00", "#009E73", "#CC79A7", "#999933", "#0072B2")
"""Those of them that black points and lines stand out from."""

MARKS = ("o", "s", "D", "^", "v", "P", "X")
LINES = ("-", "--", "-.", ":")

Style = Literal["plain", "hep"]

_TEXT_POINTS = 14.0
"""Size of text in the `hep` style: mplhep's is meant for figures of ten inches, twice ours."""

_METADATA: dict[str, dict[str, None]] = {
    ".png": {"Software": None},
    ".pdf": {"CreationDate": None, "Producer": None, "Creator": None},
    ".svg": {"Date": None, "Creator": None},
}
"""What matplotlib would write of the day and of itself, by kind of file."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Look:
    """The style of a figure, and what stands above its axes."""

    style: Style = "plain"
    """`plain`, or `hep` for fonts and ticks as CMS has them; this needs the extra `hep`."""

    experiment: str = ""
    """Written in bold, as `CMS`."""

    status: str = ""
    """Written in italics behind it, as `Simulation Preliminary`."""

    luminosity_text: str = ""
    """Written to the right, as `35.9 fb$^{-1}$ (13 TeV)`."""

    def __post_init__(self) -> None:
        if self.style not in get_args(Style):
            raise OptionError("style", self.style, " or ".join(get_args(Style)))


PLAIN = Look()


@contextmanager
def in_any_script() -> Iterator[None]:
    """Draw titles of any script: a letter that the font lacks is a box, and no warning."""
    with warnings.catch_warnings():
        warnings.filterwarnings(
            "ignore", message="Glyph .* missing from font", category=UserWarning
        )
        yield


@contextmanager
def drawing_style(look: Look) -> Iterator[None]:
    """Draw with a look; matplotlib's own parameters are what they were afterwards.

    Raises:
        MissingExtra: The look is of style `hep`, and mplhep is not installed.
    """
    from matplotlib import rc_context

    with rc_context(_parameters(look)):
        yield


def _parameters(look: Look) -> Any:
    """What matplotlib's parameters are while drawing; its stubs name every key, so no type."""
    if look.style == "plain":
        return {}
    try:
        import mplhep
    except ImportError:
        raise MissingExtra("the figure style 'hep'", "hep") from None
    found = {k: v for k, v in mplhep.style.CMS.items() if not k.startswith("figure.")}
    scale = _TEXT_POINTS / found["font.size"]
    in_points = (".size", ".pad", ".linewidth", ".width")
    sizes = {k: v * scale for k, v in found.items() if k.endswith(in_points)}
    return {**found, **sizes}


def write_above(axes: "Axes", look: Look, heading: str = "") -> None:
    """Write the look's texts above the axes, and the heading above those.

    Args:
        axes: The uppermost of a figure.
        look: What is written.
        heading: In words, to the left.
    """
    from matplotlib import rcParams

    size = rcParams["font.size"]
    named = [(look.experiment, {"weight": "bold", "size": 1.25 * size})]
    named.append((look.status, {"style": "italic", "size": size}))
    _place_above(axes, named, right=False)
    _place_above(axes, [(look.luminosity_text, {"size": size})], right=True)
    if heading:
        texts = look.experiment or look.status or look.luminosity_text
        pad = size * (2.1 if texts else 0.6)
        axes.set_title(heading, loc="left", fontsize=1.1 * size, pad=pad)


def _place_above(
    axes: "Axes", texts: Sequence[tuple[str, dict[str, object]]], *, right: bool
) -> None:
    """Put texts side by side over one end of the axes; empty ones take no room."""
    from matplotlib.artist import Artist
    from matplotlib.offsetbox import AnchoredOffsetbox, HPacker, TextArea
    from matplotlib.transforms import ScaledTranslation

    areas: list[Artist] = [TextArea(text, textprops=how) for text, how in texts if text]
    if areas:
        raised = ScaledTranslation(0, 4 / 72, axes.figure.dpi_scale_trans)
        anchored = AnchoredOffsetbox(
            "lower right" if right else "lower left",
            child=HPacker(children=areas, align="baseline", pad=0, sep=5),
            pad=0,
            borderpad=0,
            frameon=False,
            bbox_to_anchor=(1.0 if right else 0.0, 1.0),
            bbox_transform=axes.transAxes + raised,
        )
        axes.add_artist(anchored)


def save(figure: "Figure", path: Path, look: Look = PLAIN, *, dpi: int = 150) -> Path:
    """Write a figure; the same figure becomes the same bytes on any day.

    Args:
        figure: What one of this package's functions drew.
        path: Ends with .png, .pdf or .svg; its folder exists, an older file is replaced.
        look: The one that the figure was drawn with: parts of it are asked for only now.
        dpi: Points per inch, of PNG.

    Returns:
        The path.

    Raises:
        OptionError: The path ends otherwise.
        MissingExtra: The look is of style `hep`, and mplhep is not installed.
    """
    from matplotlib import rc_context

    kind = path.suffix.lower()
    if kind not in _METADATA:
        raise OptionError("figure", path.name, f"a file name with {', '.join(_METADATA)}")
    # Fonts of type 3, matplotlib's own choice, are refused by journals.
    fixed: Any = {"svg.hashsalt": "sortal", "pdf.fonttype": 42, "savefig.bbox": None}
    # Whole or not at all: a figure that cannot be drawn leaves an older file as it is.
    unfinished = path.with_name(f".{path.stem}.unfinished{kind}")
    try:
        with drawing_style(look), rc_context(fixed), in_any_script():
            figure.savefig(unfinished, dpi=dpi, metadata=_METADATA[kind])
        unfinished.replace(path)
    finally:
        unfinished.unlink(missing_ok=True)
    return path
