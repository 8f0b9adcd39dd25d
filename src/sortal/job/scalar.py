"""One scalar of a YAML or JSON text as a plain value."""

import re

from ruamel.yaml.nodes import ScalarNode

from sortal.job.type_names import short

TAG = "tag:yaml.org,2002:"
"""What the tags of YAML's own types begin with."""

_LONGEST_NUMBER = 300
_JSON_WORD = re.compile(r"true|false|null|-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?")


class UnsupportedNode(Exception):
    """A node that has no plain value; whoever walks over the nodes knows its place."""

    def __init__(self, expected: str, got: str) -> None:
        self.expected, self.got = expected, got
        super().__init__(f"expected {expected}, got {got}")


def read_scalar(node: ScalarNode, *, is_json: bool) -> str | int | float | bool | None:
    """Give a scalar its value; dates stay text.

    Raises:
        Refused: A tag of no plain type, a number that is none, or a bare word in JSON.
    """
    text: str = node.value
    if is_json and node.style != '"' and not _JSON_WORD.fullmatch(text):
        wanted = "text in double quotes, a number, true, false or null"
        raise UnsupportedNode(wanted, short(text or None))
    match str(node.tag).removeprefix(TAG):
        case "str" | "timestamp" | "value" | "merge":
            return _text(text)
        case "null":
            return None
        case "bool":  # `yes` is only tagged so where the file asks for YAML 1.1
            return {"true": True, "false": False}.get(text.lower(), text)
        case "int" | "float" as kind:
            return _number(kind, text)
    raise UnsupportedNode("a value without a tag", f"the tag {node.tag}")


def _text(text: str) -> str:
    """Join surrogate pairs, which is how JSON escapes characters beyond the first 65536."""
    try:
        return text.encode("utf-16", "surrogatepass").decode("utf-16")
    except UnicodeDecodeError as error:
        raise UnsupportedNode("text of whole characters", short(text)) from error


def _number(kind: str, text: str) -> int | float:
    bare = text.replace("_", "").lower()
    if len(bare) > _LONGEST_NUMBER:
        raise UnsupportedNode(f"at most {_LONGEST_NUMBER} digits", short(text))
    try:
        if kind == "float":
            return float(bare.replace(".inf", "inf").replace(".nan", "nan"))
        return int(bare, 0 if re.match(r"[+-]?0[box]", bare) else 10)
    except ValueError as error:
        raise UnsupportedNode("a number", short(text)) from error
