"""The language of aliases and cuts: arithmetic, comparisons and a few functions over columns.

Written as in C++, Python or SQL: `pt > 30 && abs(eta) < 2.4`, `not (n == 0 or met <= 50)`,
`process in ('Wj', 'TT')`, `sqrt(px**2 + py**2)`, `Jet_pt[0]`, `min(mt, 200)`. From tightest to
loosest bind: `NAME[k]`, `**` and `^` (power, from the right), `-` and `!`, `* / // %`, `+ -`,
comparisons, `not`, `and` or `&&`, `or` or `||`. Text stands in single or double quotes, a name that
is no plain word in backquotes.

Python's parser makes the tree, for this is how its operators bind. It is shown operators alone, with
`_` for every name, number and text; nothing is compiled, let alone run.
"""

import ast
import re
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import reduce
from typing import TypeAlias

from sortal.errors import DataError, suggest

FUNCTIONS = {
    "abs": 1, "sqrt": 1, "exp": 1, "log": 1, "log10": 1, "log2": 1, "floor": 1, "ceil": 1,
    "sin": 1, "cos": 1, "tan": 1, "asin": 1, "acos": 1, "atan": 1, "sinh": 1, "cosh": 1, "tanh": 1,
    "atan2": 2, "hypot": 2, "pow": 2, "min": 2, "max": 2, "where": 3,
}  # fmt: skip
"""Functions and how many values each takes; `log` is the natural one, `where(a, b, c)` is b where
a is true, else c."""

_DEEPEST = 80
_LONGEST = 1000
_DIGITS = 300
"""Digits of a whole number that a float64 can come near to."""

_TOKEN = re.compile(
    r"""(?P<number>(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?)(?![\w.])
    |(?P<truth>(?ai:true|false))(?![\w.])
    |(?P<text>'[^']*'|"[^"]*")
    |(?P<infix>\*\*|//|&&|\|\||[=!<>]=|<>|[-+*/%^<>=,]|(?ai:and|or)(?![\w.])|(?ai:not\s+in|in)(?=\s*[(\[]))
    |(?P<prefix>!|(?ai:not)(?![\w.]))
    |(?P<open>[(\[])
    |(?P<close>[)\]])
    |(?P<name>[^\W\d][\w.]*|`[^`]+`)
    |(?P<end>\Z)
    |(?P<stray>\S)""",
    re.VERBOSE,
)
_VALUES = frozenset({"number", "truth", "text", "name"})
_PYTHON = {"&&": "and", "||": "or", "!": "~", "=": "==", "<>": "!=", "^": "**"}
_WIDTH = 8
"""Columns that Python is shown for each token, so that a column tells which token it is."""
_CLOSING = {"(": "')'", "[": "']'"}


@dataclass(frozen=True, slots=True)
class Number:
    """A number, an integer where it is written as one; true and false are 1 and 0."""

    value: int | float


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
class Membership:
    """Whether the text of a column is one of some; `x == 'a'` is this too."""

    name: Name
    texts: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Operation:
    """An operator, by its name in Python's `ast`, or a function, and what it is applied to."""

    function: str
    to: tuple["Node", ...]


Node: TypeAlias = Number | Name | Membership | Operation


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
    return _ExpressionReader(text, option).whole()


def walk_inside_out(node: Node) -> list[Node]:
    """Every part of an expression, each after the parts that it is applied to.

    A list and no recursion, for a sum of hundreds is as deep as it is long.
    """
    found, left = list[Node](), [node]
    while left:
        found.append(left.pop())
        if isinstance(found[-1], Operation):
            left.extend(found[-1].to)
    return found[::-1]


def find_names(node: Node) -> Iterator[Name]:
    """Every name in an expression, from left to right, as often as it stands there."""
    for part in walk_inside_out(node):
        if isinstance(part, Name):
            yield part
        elif isinstance(part, Membership):
            yield part.name


def needed_aliases(aliases: Mapping[str, str], wanted: Collection[str]) -> dict[str, str]:
    """Those aliases that some columns are made of, in the order given."""
    needed = set[str]()
    front = [name for name in wanted if name in aliases]
    while front:
        name = front.pop()
        needed.add(name)
        inside = {one.name for one in find_names(parse(aliases[name], name))}
        front.extend(sorted(one for one in inside if one in aliases and one not in needed))
    return {name: text for name, text in aliases.items() if name in needed}


class _ExpressionReader(ast.NodeVisitor):
    """Python's tree as ours; each `visit_` is a kind of node that an expression may have."""

    def __init__(self, text: str, option: str) -> None:
        self._text, self._option = text, option
        self._tokens = list(_TOKEN.finditer(text))
        self._depth = 0

    def whole(self) -> Node:
        self._check_tokens()
        shown = "".join(f"{_shown(token):{_WIDTH}}" for token in self._tokens[:-1])
        try:
            tree = ast.parse(shown, mode="eval")
        except SyntaxError as error:
            column = (error.offset or 0) - 1 if error.lineno == 1 else -1
            raise self._misplaced(column // _WIDTH) from None
        except (RecursionError, MemoryError):
            raise self._bad("an expression less deep", 0) from None
        return self.visit(tree.body)

    def visit(self, node: ast.AST) -> Node:
        self._depth += 1
        if self._depth > _DEEPEST:
            raise self._bad("an expression less deep", node)
        made: Node = super().visit(node)
        self._depth -= 1
        return made

    def generic_visit(self, node: ast.AST) -> Node:
        raise self._bad("one value", node)

    def visit_Name(self, node: ast.Name) -> Node:
        token = self._tokens[_place(node)]
        match token.lastgroup:
            case "text":
                raise self._bad("a comparison of this text with a column", node)
            case "number":
                return Number(_number(token[0]))
            case "truth":
                return Number(int(token[0].lower() == "true"))
        return Name(token[0].strip("`"))

    def visit_BoolOp(self, node: ast.BoolOp) -> Node:
        return _chained(node.op, [self.visit(one) for one in node.values])

    def visit_UnaryOp(self, node: ast.UnaryOp) -> Node:
        inner = self.visit(node.operand)
        return inner if isinstance(node.op, ast.UAdd) else _applied(node.op, inner)

    def visit_BinOp(self, node: ast.BinOp) -> Node:
        signs = [node]
        # A loop, for a sum of hundreds is as deep as it is long.
        while isinstance(signs[-1].left, ast.BinOp):
            signs.append(signs[-1].left)
        made = self.visit(signs[-1].left)
        for one in reversed(signs):
            made = _applied(one.op, made, self.visit(one.right))
        return made

    def visit_Compare(self, node: ast.Compare) -> Node:
        left, right, sign = node.left, node.comparators[0], node.ops[0]
        if len(node.ops) > 1:
            before = range(_place(node.comparators[1]) - 1, 0, -1)
            place = next(one for one in before if self._tokens[one].lastgroup == "infix")
            raise self._bad("'&&' between two comparisons", place)
        if isinstance(sign, ast.In | ast.NotIn):
            made = self._among(left, getattr(right, "elts", None) or [right])
        elif self._is_text(left) or self._is_text(right):
            column, text = (right, left) if self._is_text(left) else (left, right)
            if not isinstance(sign, ast.Eq | ast.NotEq):
                raise self._bad("'==' or '!=' with text", text)
            made = self._among(column, [text])
        else:
            return _applied(sign, self.visit(left), self.visit(right))
        return _applied(ast.Not(), made) if isinstance(sign, ast.NotIn | ast.NotEq) else made

    def visit_Call(self, node: ast.Call) -> Node:
        name = self._tokens[_place(node)][0].lower() if isinstance(node.func, ast.Name) else ""
        if name not in FUNCTIONS:
            raise self._bad(f"a function that there is.{suggest(name, FUNCTIONS)}", node)
        to = [self.visit(one) for one in (*node.args, *node.keywords)]
        if len(to) != FUNCTIONS[name]:
            raise self._bad(f"{FUNCTIONS[name]} values for {name!r}, not {len(to)}", node)
        return Operation(name, tuple(to))

    def visit_Subscript(self, node: ast.Subscript) -> Node:
        match self.visit(node.value), self.visit(node.slice):
            case Name(name, None), Number(element) if float(element).is_integer():
                return Name(name, int(element))
        raise self._bad("the number of an element, from 0, of a name", node.slice)

    def _among(self, left: ast.expr, given: Sequence[ast.expr]) -> Node:
        value, texts = self.visit(left), [one for one in given if self._is_text(one)]
        if not texts:
            return _chained(ast.Or(), [_applied(ast.Eq(), value, self.visit(one)) for one in given])
        if not isinstance(value, Name) or len(texts) < len(given):
            raise self._bad("a column to compare with text", texts[0])
        return Membership(value, tuple(self._tokens[_place(one)][0][1:-1] for one in texts))

    def _is_text(self, node: ast.expr) -> bool:
        return isinstance(node, ast.Name) and self._tokens[_place(node)].lastgroup == "text"

    def _check_tokens(self) -> None:
        """Refuse what Python would place less well, or not on every machine."""
        lone = re.search("[\ud800-\udfff]", self._text)
        if lone:
            got = f"half of one at character {lone.start() + 1}"
            raise BadExpression(self._option, "whole characters", got)
        if len(self._tokens) > _LONGEST:
            got = str(len(self._tokens) - 1)
            raise BadExpression(self._option, f"{_LONGEST} names and signs at most", got)
        depth = 0
        for place, token in enumerate(self._tokens):
            if token.lastgroup == "stray":
                hint = f" (for {token[0]!r} write {token[0] * 2!r})" if token[0] in "&|" else ""
                raise self._bad(f"numbers, names, text in quotes and operators{hint}", place)
            if token.lastgroup in _VALUES | {"prefix"} and self._ends_value(place - 1):
                raise self._bad("an operator or the end", place)
            depth += (token.lastgroup == "open") - (token.lastgroup == "close")
            if depth > _DEEPEST:
                raise self._bad("an expression less deep", place)

    def _ends_value(self, place: int) -> bool:
        return self._tokens[place].lastgroup in _VALUES | {"close"}

    def _misplaced(self, place: int) -> BadExpression:
        """A sentence for where Python's grammar has no use for a token; -1 is the end."""
        last = len(self._tokens) - 1
        closing = _CLOSING.get(self._tokens[place][0])
        place = last if closing or place < 0 else place
        expected = closing or "an operator or the end"
        return self._bad(expected if self._ends_value(place - 1) else "a value", place)

    def _bad(self, expected: str, at: int | ast.AST) -> BadExpression:
        token = self._tokens[at if isinstance(at, int) else _place(at)]
        got = f"{token[0]!r} at character {token.start() + 1}" if token[0] else "the end"
        return BadExpression(self._option, expected, f"{got} of {self._text!r}")


def _number(written: str) -> int | float:
    is_whole = written.isdecimal() and len(written) <= _DIGITS
    return int(written) if is_whole else float(written)


def _shown(token: re.Match[str]) -> str:
    sign = " ".join(token[0].lower().split())
    return "_" if token.lastgroup in _VALUES else _PYTHON.get(sign, sign)


def _place(node: ast.AST) -> int:
    """Which token a node starts with."""
    return int(getattr(node, "col_offset", 0)) // _WIDTH


def _applied(sign: ast.AST, *to: Node) -> Node:
    return Operation(type(sign).__name__, to)


def _chained(sign: ast.AST, parts: Sequence[Node]) -> Node:
    return reduce(lambda made, part: _applied(sign, made, part), parts)
