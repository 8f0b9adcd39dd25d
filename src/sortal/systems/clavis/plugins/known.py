"""`--plugins DIR`: classifiers of users' folders as methods of the jobs that a command runs."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from sortal.console import note

if TYPE_CHECKING:
    from sortal.systems.clavis.plugins.load import Plugins


@contextmanager
def with_plugins(folders: Sequence[Path]) -> Iterator["Plugins | None"]:
    """Make the classifiers of some folders known while a block runs.

    What cannot be used is told with its reason, and so is what stands before a built-in method;
    a job that names what cannot be used is refused, also if a built-in method has that name.

    Yields:
        What the folders hold; None if there are none.

    Raises:
        UserError: A folder is none of plugins, or two plugins have one name.
    """
    if not folders:
        yield None
        return
    from sortal.methods.provided import providing_by_plain_name
    from sortal.methods.registry import method_names
    from sortal.systems.clavis.plugins.load import load

    plugins = load(folders)
    for broken in plugins.broken:
        note(broken.text)
    for notice in (*plugins.notices, *plugins.shadowing(method_names())):
        note(notice)
    with providing_by_plain_name(plugins.providers, plugins.unusable):
        yield plugins
