"""Titles and names of users as figures can show them: of some width at most, and letter for letter."""

import unicodedata

_SHARE_IN_FRONT = 0.65
"""Titles often differ at their ends, so a part of the room is kept for the end."""


def shorten_text(text: str, most: int) -> str:
    r"""Cut a text in its middle so that it fits, and keep it from being read as a formula.

    Args:
        text: A title or name.
        most: Letters of usual width that have room; a letter of Chinese takes two.

    >>> fitted("a long title of a classifier, C=0.1", 20)
    'a long title…, C=0.1'
    >>> fitted("costs 5$ or 6$", 20)
    'costs 5\\$ or 6\\$'
    """
    line = " ".join(text.split())
    line = "".join(letter if letter.isprintable() else "\ufffd" for letter in line)
    if _width(line) > most:
        front = _head(line, round(_SHARE_IN_FRONT * (most - 1)))
        end = _head(line[::-1], most - 1 - _width(front))[::-1]
        line = f"{front}…{end}"
    return line.replace("$", r"\$")


def _head(text: str, most: int) -> str:
    """The longest beginning of a text that fits."""
    width = 0
    for place, letter in enumerate(text):
        width += _width(letter)
        if width > most:
            return text[:place]
    return text


def _width(text: str) -> int:
    return sum(2 if unicodedata.east_asian_width(letter) in "WF" else 1 for letter in text)
