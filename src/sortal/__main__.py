"""`python -m sortal` is the `sortal` command."""

import os
import sys

_ABOVE = os.path.dirname(os.path.dirname(__file__))  # noqa: PTH120 - pathlib would come too late

# `python -m` puts the working directory first, where a user's random.py must not stand in for the
# library's; the `sortal` command does not look there either.
if not sys.flags.safe_path and sys.path[0] == os.getcwd() != _ABOVE:  # noqa: PTH109
    del sys.path[0]

from sortal.cli.main import main  # noqa: E402 - nothing of ours is imported before

if __name__ == "__main__":
    main()
