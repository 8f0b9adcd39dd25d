"""Comments in JSON: blanked in place, so that every other character stays where it was.

Own code, because no JSON library that allows comments also tells the line of each value.
"""

import re

_QUOTED = r'"(?:[^"\\]|\\.)*(?:"|\\?\Z)'
_COMMENT = re.compile(rf"({_QUOTED})|//[^\n]*|/\*.*?(?:\*/|\Z)|(?<!\S)\#[^\n]*|\t", re.DOTALL)
_TRAILING = re.compile(rf"({_QUOTED})|,(?=\s*[\]}}])", re.DOTALL)


def blank_comments(text: str) -> str:
    r"""Replace comments, tabs and trailing commas of a JSON text by spaces.

    Comments are `// ...`, `/* ... */`, and `# ...` at the start of a line or after a
    space. Nothing inside double quotes is touched; length and line breaks stay.

    >>> blank_comments('{"a": 1, // one\n}')
    '{"a": 1        \n}'
    """
    return _TRAILING.sub(_blank, _COMMENT.sub(_blank, text))


def _blank(found: re.Match[str]) -> str:
    return found[0] if found[1] is not None else re.sub(r"[^\n]", " ", found[0])
