"""Names that become file names, checked so that none can leave its folder."""

import hashlib
import re
from collections.abc import Sequence

from sortal.errors import OptionError

_NAME = re.compile(r"[A-Za-z0-9_([-][A-Za-z0-9._ ()\[\]+,=-]{0,199}")
_HASH = re.compile(r"[0-9a-f]{32}")


def check_name(kind: str, name: str) -> str:
    """Return `name` if it can be a file name on every system.

    Raises:
        OptionError: It is empty, too long, starts with a dot or a space, or holds
            anything but letters, digits, spaces and `. _ - + , = ( ) [ ]`.
    """
    if not _NAME.fullmatch(name):
        raise OptionError(
            f"name of a {kind}",
            name,
            "1 to 200 letters, digits, spaces or . _ - + , = ( ) [ ], the first no dot and no space",
        )
    return name


def segment_name(keys: Sequence[str]) -> str:
    """Hash the keys of a segment's members, in their order: 32 hexadecimal digits."""
    return hashlib.blake2b("\n".join(keys).encode(), digest_size=16).hexdigest()


def is_segment_name(name: str) -> bool:
    """Whether a folder's name may be that of a segment."""
    return _HASH.fullmatch(name) is not None
