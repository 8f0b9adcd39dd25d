"""The first slip of the pen in a JSON text, and its cure: a comma, colon, quote or bracket.

Own code, because parsers name the place where they gave up, not the mistake before it.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass

from sortal.job.comments import blank_comments

_TOKEN = re.compile(r'"(?:[^"\\\n]|\\.)*"|"[^\n]*|[\[\]{},:]|[^\s\[\]{},:"]+')
_CLOSES = {"}": "{", "]": "["}


@dataclass(frozen=True, slots=True)
class JsonMistake:
    """What is wrong, and where."""

    index: int
    """Character of the text at which it is to be mended, from 0."""

    text: str
    """What is missing or too much, as `a comma is missing at the end of line 5`."""


@dataclass(frozen=True, slots=True)
class _Token:
    text: str
    start: int
    end: int


@dataclass(slots=True)
class _Open:
    """A bracket that is open, and what may come next in it."""

    bracket: _Token
    awaits: str = "first"
    """What may come: `first` (an entry or the end), `entry`, `colon`, `value`, `comma` (or the end)."""

    last: _Token | None = None


def find_json_mistake(text: str) -> JsonMistake | None:
    r"""Look for the first thing that brackets, quotes, commas or colons do not allow.

    What stands between them is not looked at: whether a word is a value, the parser says.

    Args:
        text: JSON, with comments and commas before closing brackets allowed.

    >>> find_slip('{\n  "a": 1 // one\n  "b": 2\n}').text
    'a comma is missing at the end of line 2'
    """
    return _MistakeSearch(text).run()


class _MistakeSearch:
    """Walks over the tokens with the brackets that are open."""

    def __init__(self, text: str) -> None:
        self._text, self._blanked = text, blank_comments(text)
        self._open: list[_Open] = []
        self._is_done = False

    def run(self) -> JsonMistake | None:
        """The first slip, None where there is none."""
        if not self._blanked.lstrip().startswith(("{", "[", "}", "]")):
            return None  # whatever it is, it is no JSON with a slip
        for token in _tokens(self._blanked):
            slip = self._take(token)
            if slip:
                return slip
        if not self._open:
            return None
        bracket = self._open[-1].bracket
        return JsonMistake(
            bracket.start, f"the {bracket.text} of line {self._line(bracket)} is not closed"
        )

    def _take(self, token: _Token) -> JsonMistake | None:
        if token.text.startswith('"') and not _is_closed(token.text):
            return JsonMistake(token.start, f"a quote is not closed on line {self._line(token)}")
        if self._is_done:
            return JsonMistake(token.start, f"{token.text} comes after the end")
        if token.text in _CLOSES:
            return self._close(token)
        if token.text in (",", ":"):
            return self._separate(token)
        return self._enter(token)

    def _enter(self, token: _Token) -> JsonMistake | None:
        """A value, a key, or a bracket that opens."""
        if self._open:
            around = self._open[-1]
            if around.awaits == "comma":
                return self._missing("a comma", around)
            if around.awaits == "colon":
                return self._missing("a colon", around)
            is_key = around.bracket.text == "{" and around.awaits in ("first", "entry")
            around.awaits, around.last = ("colon" if is_key else "comma"), token
        if token.text in ("{", "["):
            self._open.append(_Open(token))
        elif not self._open:
            self._is_done = True
        return None

    def _close(self, token: _Token) -> JsonMistake | None:
        if not self._open:
            return JsonMistake(token.start, f"a {token.text} too many")
        closed = self._open.pop()
        if closed.bracket.text != _CLOSES[token.text]:
            line = self._line(closed.bracket)
            return JsonMistake(
                token.start, f"{token.text} closes the {closed.bracket.text} of line {line}"
            )
        if closed.awaits == "colon":
            return self._missing("a colon", closed)
        if self._open:
            self._open[-1].last = token
        else:
            self._is_done = True
        return None

    def _separate(self, token: _Token) -> JsonMistake | None:
        around = self._open[-1] if self._open else None
        fitting = {",": ("comma", "value"), ":": ("colon",)}[token.text]
        if around and around.awaits in fitting:  # of a value left out the parser knows the key
            around.awaits = "entry" if token.text == "," else "value"
            around.last = token
            return None
        if around and around.awaits == "colon":
            return self._missing("a colon", around)
        return JsonMistake(token.start, f"a {token.text} too many")

    def _missing(self, what: str, around: _Open) -> JsonMistake:
        """Something is missing behind the last token: at the end of its line, or within it."""
        last = around.last or around.bracket
        line = self._line(last)
        rest = self._blanked[last.end :].partition("\n")[0]
        behind = (
            f"behind {last.text} on line {line}" if rest.strip() else f"at the end of line {line}"
        )
        return JsonMistake(last.end, f"{what} is missing {behind}")

    def _line(self, token: _Token) -> int:
        return self._text.count("\n", 0, token.start) + 1


def _is_closed(text: str) -> bool:
    return re.fullmatch(r'"(?:[^"\\\n]|\\.)*"', text) is not None


def _tokens(text: str) -> Iterator[_Token]:
    for found in _TOKEN.finditer(text):
        yield _Token(found[0], found.start(), found.end())
