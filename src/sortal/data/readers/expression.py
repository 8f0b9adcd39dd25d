"""The language of aliases and cuts: arithmetic, comparisons and a few functions over columns.

Written as in C++, Python or SQL: `pt > 30 && abs(eta) < 2.4`, `not (n == 0 or met <= 50)`,
`process in ('Wj', 'TT')`, `sqrt(px**2 + py**2)`, `Jet_pt[0]`, `min(mt, 200)`. Nothing of it is run as
code of any other language. From tightest to loosest bind: `NAME[k]`, `**` and `^` (power, from
the right), `-` and `!`, `* / %`, `+ -`, comparisons, `not`, `and` or `&&`, `or` or `||`. Text stands in
single or double quotes, a name that is no plain word in backquotes.
"""

import re
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from typing import TypeAlias

from sortal.errors import DataError, suggest

FUNCTIONS = {
    "abs": 1, "sqrt": 1, "exp": 1, "log": 1, "log10": 1, "log2": 1, "floor": 1, "ceil": 1,
    "sin": 1, "cos": 1, "tan": 1, "asin": 1, "acos": 1, "atan": 1, "sinh": 1, "cosh": 1, "tanh": 1,
    "atan2": 2, "hypot": 2, "pow": 2, "min": 2, "max": 2, "where": 3,
}  # fmt: skip
"""Functions and how many values each takes; `log` is the natural one, `where(a, b, c)` is b where
a is true, else c."""

_DEEPEST = 50
_LONGEST = 1000
_TOKEN = re.compile(
    r"""\s*(?:(?P<number>(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?)(?![\w.])
    |(?P<text>'[^']*'|"[^"]*")
    |`(?P<quoted>[^`]+)`
    |(?P<word>[^\W\d][\w.]*)
    |(?P<sign>\*\*|&&|\|\||[=!<>]=|<>|[-+*/%^!<>=(),\[\]]))""",
    re.VERBOSE,
)
_WORDS = {"and": "&&", "or": "||", "not": "not", "in": "in", "true": "true", "false": "false"}
_SAME = {"=": "==", "<>": "!=", "^": "**"}
_COMPARISONS = ("==", "!=", "<", "<=", ">", ">=")
_LEVELS = (("+", "-"), ("*", "/", "%"))


@dataclass(frozen=True, slots=True)
class Number:
    """A number, or true and false as 1 and 0."""

    value: float


@dataclass(frozen=True, slots=True)
class Name:
    """A column, or an element of each list of one."""

    name: str
    element: int | None = None

    @property
    def column(self) -> str:
        """What a table is asked for."""
        return self.name if self.element is None else f"{self.name}[{self.element}]"


@dataclass(frozen=True, slots=True)
class Among:
    """Whether the text of a column is one of some; `x == 'a'` is this too."""

    name: Name
    texts: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Applied:
    """An operator or a function and what it is applied to."""

    function: str
    to: tuple["Node", ...]


Node: TypeAlias = Number | Name | Among | Applied


class BadExpression(DataError):
    """An alias or a cut that cannot be used; `option` says which."""

    def __init__(self, option: str, expected: str, got: str, nearest: str = "") -> None:
        self.option, self.expected, self.got, self.nearest = option, expected, got, nearest
        hint = f" Did you mean {nearest!r}?" if nearest else ""
        super().__init__(f"{option}: expected {expected}, got {got}.{hint}")


def parse(text: str, option: str) -> Node:
    """Read an expression.

    Args:
        text: The expression.
        option: What errors call it, such as `cut`.

    Raises:
        BadExpression: It is none; the sentence says at which character.
    """
    return _Parser(text, option).whole()


def from_inside(node: Node) -> list[Node]:
    """Every part of an expression, each after the parts that it is applied to.

    A list and no recursion, for a sum of hundreds is as deep as it is long.
    """
    found, left = list[Node](), [node]
    while left:
        found.append(left.pop())
        if isinstance(found[-1], Applied):
            left.extend(found[-1].to)
    return found[::-1]


def names(node: Node) -> Iterator[Name]:
    """Every name in an expression, from left to right, as often as it stands there."""
    for part in from_inside(node):
        if isinstance(part, Name):
            yield part
        elif isinstance(part, Among):
            yield part.name


def needed_aliases(aliases: Mapping[str, str], wanted: Collection[str]) -> dict[str, str]:
    """Those aliases that some columns are made of, in the order given."""
    needed = set[str]()
    front = [name for name in wanted if name in aliases]
    while front:
        name = front.pop()
        needed.add(name)
        inside = {one.name for one in names(parse(aliases[name], name))}
        front.extend(sorted(one for one in inside if one in aliases and one not in needed))
    return {name: text for name, text in aliases.items() if name in needed}


@dataclass(frozen=True, slots=True)
class _Token:
    kind: str
    text: str
    at: int


class _Parser:
    """Recursive descent, one method a level of binding."""

    def __init__(self, text: str, option: str) -> None:
        self._text, self._option = text, option
        self._tokens = list(self._split())
        if len(self._tokens) > _LONGEST:
            raise BadExpression(
                option, f"{_LONGEST} names and signs at most", str(len(self._tokens))
            )
        self._next = 0
        self._depth = 0

    def whole(self) -> Node:
        node = self._either()
        if self._now.kind != "end":
            raise self._bad("an operator or the end", self._now)
        return node

    def _split(self) -> Iterator[_Token]:
        at = 0
        while self._text[at:].strip():
            found = _TOKEN.match(self._text, at)
            at += len(self._text[at:]) - len(self._text[at:].lstrip())
            if found is None:
                raise self._bad_sign(at)
            kind = str(found.lastgroup)
            text = found[kind]
            if kind == "word" and text.lower() in _WORDS:
                kind, text = "sign", _WORDS[text.lower()]
            yield _Token(kind, _SAME.get(text, text) if kind == "sign" else text, at)
            at = found.end()
        yield _Token("end", "the end", len(self._text))

    def _bad_sign(self, at: int) -> BadExpression:
        sign = self._text[at]
        hint = f" (for {sign!r} write {sign * 2!r})" if sign in "&|" else ""
        return self._bad(
            f"numbers, names, text in quotes and operators{hint}", _Token("", sign, at)
        )

    def _bad(self, expected: str, token: _Token) -> BadExpression:
        got = token.text if token.kind == "end" else f"{token.text!r} at character {token.at + 1}"
        return BadExpression(self._option, expected, f"{got} of {self._text!r}")

    @property
    def _now(self) -> _Token:
        return self._tokens[self._next]

    def _take(self, *signs: str) -> str:
        """Step over the next sign if it is one of these; empty if it is not."""
        token = self._now
        if token.kind != "sign" or token.text not in signs:
            return ""
        self._next += 1
        return token.text

    def _need(self, sign: str) -> None:
        if not self._take(sign):
            raise self._bad(repr(sign), self._now)

    def _either(self) -> Node:
        self._deeper()
        node = self._both()
        while self._take("||"):
            node = _applied("||", node, self._both())
        self._depth -= 1
        return node

    def _both(self) -> Node:
        node = self._negated()
        while self._take("&&"):
            node = _applied("&&", node, self._negated())
        return node

    def _negated(self) -> Node:
        if not self._take("not"):
            return self._compared()
        self._deeper()
        node = _applied("!", self._negated())
        self._depth -= 1
        return node

    def _compared(self) -> Node:
        left = self._text_or_sum()
        token = self._now
        if not isinstance(left, str) and self._take("in"):
            return self._among(left, token, self._listed())
        if not isinstance(left, str) and self._take("not"):
            self._need("in")
            return _applied("!", self._among(left, token, self._listed()))
        sign = self._take(*_COMPARISONS)
        if not sign:
            return self._no_text(left, token)
        right = self._text_or_sum()
        if self._now.kind == "sign" and self._now.text in _COMPARISONS:
            raise self._bad("'&&' between two comparisons", self._now)
        if isinstance(left, str):
            left, right = right, left
        if not isinstance(right, str):
            return _applied(sign, self._no_text(left, token), right)
        if sign not in {"==", "!="}:
            raise self._bad("'==' or '!=' with text", token)
        node = self._among(self._no_text(left, token), token, (right,))
        return node if sign == "==" else _applied("!", node)

    def _among(self, left: Node, token: _Token, given: tuple[str | float, ...]) -> Node:
        texts = tuple(one for one in given if isinstance(one, str))
        if texts and (not isinstance(left, Name) or len(texts) < len(given)):
            raise self._bad("a column to compare with text", token)
        if isinstance(left, Name) and texts:
            return Among(left, texts)
        node: Node = Number(0.0)
        for one in given:
            node = _applied("||", node, Applied("==", (left, Number(float(one)))))
        return node

    def _listed(self) -> tuple[str | float, ...]:
        self._need("(")
        listed: list[str | float] = []
        while not listed or self._take(","):
            token = self._now
            one = self._text_or_sum()
            if isinstance(one, Applied) and one.function == "neg" and isinstance(one.to[0], Number):
                one = Number(-one.to[0].value)
            if not isinstance(one, str | Number):
                raise self._bad("numbers or texts to choose from", token)
            listed.append(one if isinstance(one, str) else one.value)
        self._need(")")
        return tuple(listed)

    def _text_or_sum(self) -> Node | str:
        if self._now.kind == "text":
            self._next += 1
            return self._tokens[self._next - 1].text[1:-1]
        return self._joined(0)

    def _no_text(self, node: Node | str, token: _Token) -> Node:
        if isinstance(node, str):
            raise self._bad("a comparison of this text with a column", token)
        return node

    def _joined(self, level: int) -> Node:
        if level == len(_LEVELS):
            return self._signed()
        node = self._joined(level + 1)
        while sign := self._take(*_LEVELS[level]):
            node = _applied(sign, node, self._joined(level + 1))
        return node

    def _signed(self) -> Node:
        sign = self._take("-", "+", "!")
        if not sign:
            return self._power()
        self._deeper()
        inner = self._signed()
        self._depth -= 1
        return inner if sign == "+" else _applied("neg" if sign == "-" else "!", inner)

    def _power(self) -> Node:
        node = self._value()
        if not self._take("**"):
            return node
        self._deeper()
        node = _applied("**", node, self._signed())
        self._depth -= 1
        return node

    def _value(self) -> Node:
        token = self._now
        if self._take("("):
            node = self._either()
            self._need(")")
            return node
        if sign := self._take("true", "false"):
            return Number(float(sign == "true"))
        if token.kind not in {"number", "word", "quoted"}:
            raise self._bad("a value", token)
        self._next += 1
        if token.kind == "number":
            return Number(float(token.text))
        if token.kind == "word" and self._take("("):
            return self._call(token)
        return self._element(token)

    def _element(self, token: _Token) -> Node:
        if not self._take("["):
            return Name(token.text)
        number = self._now
        if number.kind != "number" or not number.text.isdecimal():
            raise self._bad("the number of an element, from 0", number)
        self._next += 1
        self._need("]")
        return Name(token.text, int(number.text))

    def _call(self, token: _Token) -> Node:
        name = token.text.lower()
        if name not in FUNCTIONS:
            raise self._bad(f"a function that there is.{suggest(name, FUNCTIONS)}", token)
        to = [self._either()]
        while self._take(","):
            to.append(self._either())
        self._need(")")
        if len(to) != FUNCTIONS[name]:
            raise self._bad(f"{FUNCTIONS[name]} values for {name!r}, not {len(to)}", token)
        return _applied(name, *to)

    def _deeper(self) -> None:
        self._depth += 1
        if self._depth > _DEEPEST:
            raise self._bad("an expression less deep", self._now)


def _applied(function: str, *to: Node) -> Node:
    return Applied(function, to)
