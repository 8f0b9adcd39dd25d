"""Text of a job file to plain values, with the line of every key and element.

YAML is composed to nodes by ruamel and no further: its constructors raise errors
without positions on scalars such as 2024-99-99, and stop at the first repeated key.
"""

import re
from bisect import bisect_left
from dataclasses import dataclass, field
from typing import Any

from ruamel.yaml import YAML
from ruamel.yaml.error import YAMLError
from ruamel.yaml.nodes import CollectionNode, MappingNode, Node, ScalarNode, SequenceNode

from sortal.job.comments import blank_comments
from sortal.job.json_mistake import JsonMistake, find_json_mistake
from sortal.job.positions import Positions, Step, dotted
from sortal.job.problems import Problem
from sortal.job.scalar import TAG, UnsupportedNode, read_scalar
from sortal.job.type_names import short

_PLAIN = (TAG + "map", TAG + "seq")
_DEEPEST = 60
_MOST = 200_000
"""Values in one file; aliases of aliases can multiply a few lines to billions."""


class _TooLarge(Exception):
    """Ends the walk; never leaves this module."""


@dataclass(frozen=True, slots=True)
class Parsed:
    """What a text says, as far as it could be read."""

    data: Any
    """Plain dicts, lists, texts, numbers, booleans and None; None where the syntax is wrong."""

    positions: Positions
    problems: list[Problem]

    repeated: list[Problem] = field(default_factory=list)
    """Keys that stand again, where the last of them counts."""


def parse(text: str, *, is_json: bool = False, last_counts: bool = False) -> Parsed:
    """Read a YAML 1.2 text, or a JSON text with comments.

    Args:
        text: Line breaks are newlines alone.
        is_json: Hold the text to JSON: comments, tabs and trailing commas are allowed,
            bare words and indented blocks are not.
        last_counts: True if a repeated key takes its last value, as parsers of JSON do; else
            it is a problem.
    """
    reader = _NodeReader(text, is_json, last_counts)
    yaml = YAML(typ="safe", pure=True)
    yaml.max_depth = _DEEPEST
    yaml.composer.warn_double_anchors = False
    data = None
    try:
        root = yaml.compose(blank_comments(text) if is_json else text)
        data = None if root is None else reader.value(root, ())
    except YAMLError as error:
        reader.reject(error)
    except (ValueError, OverflowError) as error:  # an escape beyond the last character of Unicode
        reader.refuse((), "text that can be read", str(error), 0)
    except _TooLarge:
        reader.refuse((), f"at most {_MOST} values", "aliases that multiply to more", 0)
    slip = find_json_mistake(text) if is_json and reader.problems else None
    if slip:  # in words of JSON, and at the place where it is to be mended
        data, reader.problems = None, []
        reader.stumble(slip)
    return Parsed(data, Positions(reader.lines), reader.problems, reader.repeated)


@dataclass(slots=True)
class _NodeReader:
    """Walks over the nodes of one text and collects lines and problems."""

    text: str
    is_json: bool
    last_counts: bool = False
    lines: dict[str, int] = field(default_factory=lambda: {"": 1})
    problems: list[Problem] = field(default_factory=list)
    repeated: list[Problem] = field(default_factory=list)
    breaks: list[int] = field(default_factory=list)
    open: set[int] = field(default_factory=set)
    """Nodes around the current one: an alias may name one of them."""

    count: int = 0

    def __post_init__(self) -> None:
        self.breaks = [found.start() for found in re.finditer("\n", self.text)]

    def line(self, index: int) -> int:
        """Line of a character; ruamel's own count takes rare characters for line breaks."""
        return bisect_left(self.breaks, index) + 1

    def refuse(self, path: tuple[Step, ...], expected: str, got: str, index: int) -> None:
        """Note a problem."""
        self.problems.append(
            Problem(path=dotted(path), expected=expected, got=got, line=self.line(index))
        )

    def stumble(self, slip: JsonMistake) -> None:
        """Note what of JSON's own signs is missing or too much."""
        column = slip.index - self.text.rfind("\n", 0, slip.index)
        self.refuse((), "valid JSON", f"an error at column {column}: {slip.text}", slip.index)

    def reject(self, error: YAMLError) -> None:
        """Note why the text is not YAML at all."""
        mark = getattr(error, "problem_mark", None)
        opened = getattr(error, "context_mark", None)
        # An unclosed quote or bracket is noticed at the end, but to be mended where it opens.
        if opened is not None and (mark is None or mark.index >= len(self.text.rstrip())):
            mark = opened
        index = mark.index if mark is not None else getattr(error, "position", 0)
        column = index - self.text.rfind("\n", 0, index)
        reason = getattr(error, "problem", None) or getattr(error, "reason", None) or str(error)
        context = getattr(error, "context", None)
        detail = f"{context}: {reason}" if context else str(reason)
        expected = "valid JSON" if self.is_json else "valid YAML"
        self.refuse((), expected, f"an error at column {column} ({detail.splitlines()[0]})", index)

    def value(self, node: Node, path: tuple[Step, ...]) -> Any:
        """Turn a node into a plain value; None, with a problem noted, where it has none."""
        self.count += 1
        if self.count > _MOST:
            raise _TooLarge
        try:
            if id(node) in self.open:
                raise UnsupportedNode("a value", "an alias of something it is part of")
            self.open.add(id(node))
            try:
                return self._inner(node, path)
            finally:
                self.open.discard(id(node))
        except UnsupportedNode as refused:
            self.refuse(path, refused.expected, refused.got, node.start_mark.index)
            return None

    def _inner(self, node: Node, path: tuple[Step, ...]) -> Any:
        if isinstance(node, ScalarNode):
            return read_scalar(node, is_json=self.is_json)
        if not isinstance(node, CollectionNode) or node.tag not in _PLAIN:
            raise UnsupportedNode("a map or list without a tag", f"the tag {node.tag}")
        if self.is_json and not node.flow_style:
            raise UnsupportedNode("JSON between { } or [ ]", "text without them")
        if isinstance(node, MappingNode):
            return self._mapping(node, path)
        return self._list(node, path)

    def _list(self, node: CollectionNode, path: tuple[Step, ...]) -> list[Any]:
        values = []
        for place, element in enumerate(node.value):
            self.lines[dotted((*path, place))] = self.line(element.start_mark.index)
            values.append(self.value(element, (*path, place)))
        return values

    def _mapping(self, node: MappingNode, path: tuple[Step, ...]) -> dict[str, Any]:
        merged: dict[str, Any] = {}
        own: dict[str, Any] = {}
        for key_node, value_node in node.value:
            if key_node.tag == TAG + "merge":
                merged = self._merge(value_node, path) | merged
                continue
            line = self.line(key_node.start_mark.index)
            key = self._key(key_node, path)
            if key is None:
                continue
            inner = (*path, key)
            if key in own:
                got = f"{short(key)} again (first on line {self.lines[dotted(inner)]})"
                found = Problem(path=dotted(inner), expected="each key once", got=got, line=line)
                if not self.last_counts:
                    self.problems.append(found)
                    continue
                self.repeated.append(found)
            self.lines[dotted(inner)] = line
            own[key] = self.value(value_node, inner)
        return merged | own

    def _key(self, node: Node, path: tuple[Step, ...]) -> str | None:
        """Read a key, as text whatever it looks like: so it is in JSON, and so jobs are stored."""
        before = len(self.problems)
        key = self.value(node, path)
        if isinstance(node, ScalarNode) and key is not None:
            return key if isinstance(key, str) else str(node.value)
        if len(self.problems) == before:
            self.refuse(path, "a name as key", short(key), node.start_mark.index)
        return None

    def _merge(self, node: Node, path: tuple[Step, ...]) -> dict[str, Any]:
        """Read what `<<` brings in; of a list, the earlier map wins."""
        parts = node.value if isinstance(node, SequenceNode) else [node]
        merged: dict[str, Any] = {}
        for part in reversed(parts):
            if isinstance(part, MappingNode):
                merged |= self.value(part, path) or {}
            else:
                self.refuse(path, "a map after <<", "something else", part.start_mark.index)
        return merged
