"""What a user says of how a text file is written."""

from dataclasses import dataclass, fields

from sortal.errors import OptionError

OF_USERS = ("delimiter", "decimal", "thousands", "encoding", "comment")
"""Options that are found out from the file where the user does not give them."""


@dataclass(frozen=True, slots=True, kw_only=True)
class TextOptions:
    """How to read a text file; what is None is found out from its first lines."""

    delimiter: str | None = None
    """Character between the fields of a text file; a space for runs of spaces and tabs."""

    decimal: str | None = None
    """Decimal mark in the numbers of a text file, a point or a comma."""

    thousands: str | None = None
    """Mark between groups of three digits in a text file; empty for none."""

    encoding: str | None = None
    """Encoding of a text file, by a name that Python knows."""

    comment: str | None = None
    """Lines of a text file that begin with it are left out; empty for none."""

    missing: tuple[str | float, ...] | None = None
    """Texts and numbers that mean that a value is missing, beside the empty field; if None, those
    of `sortal.data.readers.base.MISSING` in the unquoted fields of text files."""

    words: tuple[str, ...] = ()
    """Columns of text files whose fields are names: how they are written says nothing of numbers."""

    features: tuple[str, ...] | None = None
    """The only columns of text files that hold numbers; any but `words` if None."""

    is_strict: bool = False
    """True if nothing is found out from text files: UTF-8, the separator that the ending stands for,
    decimal points."""

    def __post_init__(self) -> None:
        """Refuse what a strict reader would not look at."""
        given = [name for name in OF_USERS if getattr(self, name) is not None]
        if self.is_strict and given:
            raise OptionError(given[0], getattr(self, given[0]), "nothing for a strict reader")


TEXT_OPTIONS = tuple(one.name for one in fields(TextOptions))
"""Names of all options of text files."""
