"""What `sortal clavis available` lists, for a server: data sets and classifiers of plugins and built-in ones."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict
from pathlib import Path

from sortal.plugins.loading.known import with_plugins
from sortal.systems.clavis.available import Available
from sortal.systems.clavis.listing import items
from sortal.web.named import Named


@contextmanager
def with_described(folders: Sequence[Path]) -> Iterator[tuple[Named, ...]]:
    """Make the classifiers of some folders known while a block runs, and describe all that there is.

    Raises:
        UserError: A folder is none of plugins, or two plugins have one name.
    """
    with with_plugins(folders) as plugins:
        available = Available(plugins=plugins) if plugins else Available()
        yield tuple(Named(**asdict(one)) for one in items(available))
