"""What a job may be called: text that is a file name on every system, and needs no care in a path."""

import re
from hashlib import blake2b

PATTERN = r"[A-Za-z0-9(\[][A-Za-z0-9._ ()\[\]+,=-]*"
LONGEST = 120
WORDS = (
    f"up to {LONGEST} letters of A to Z, digits, spaces and . _ - + , = ( ) [ ], the first a letter, a "
    "digit or a bracket"
)

_STRANGE = re.compile(r"[^A-Za-z0-9._ ()\[\]+,=-]")
_NO_START = "._ -+,=)]"


def is_title(text: str) -> bool:
    """Whether a job may be called so.

    >>> is_title("[Test] digits (CV)"), is_title("a/b")
    (True, False)
    """
    return len(text) <= LONGEST and re.fullmatch(PATTERN, text) is not None


def as_title(text: str) -> str:
    """A text as far as a title can hold it; empty if nothing is left.

    >>> as_title("T2tt(550,520)/2017")
    'T2tt(550,520)_2017'
    """
    return _STRANGE.sub("_", text).lstrip(_NO_START)[:LONGEST]


def store_name(title: str) -> str:
    """What the store calls a job: its title, or one of plain letters that stands for it.

    >>> store_name("MNIST Experiment 1")
    'MNIST Experiment 1'
    """
    if is_title(title):
        return title
    plain = as_title(title)[:100] or "job"
    return f"{plain}-{blake2b(title.encode(), digest_size=4).hexdigest()}"
