"""`--plugins DIR`: classifiers of users' folders as methods of the jobs that a command runs."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from sortal.views.console import note

if TYPE_CHECKING:
    from sortal.plugins.loading.load import Plugins
    from sortal.plugins.loading.needed import NeededPlugins


@contextmanager
def with_plugins(folders: Sequence[Path], job: Path | None = None) -> Iterator["Plugins | None"]:
    """Make the classifiers and metrics of some folders known while a block runs.

    What cannot be used is told with its reason, and so is what stands before a built-in method;
    a job that names what cannot be used is refused, also if a built-in method has that name.

    Args:
        folders: Folders of plugins.
        job: A job file: only plugins that it names are loaded. All if not given, or if it cannot
            be read, which whoever reads it tells.

    Yields:
        What the folders hold; None if there are none.

    Raises:
        UserError: A folder is none of plugins, or two plugins have one name.
    """
    if not folders:
        yield None
        return
    from sortal.jobs.user_metrics.load import providing_metrics
    from sortal.methods.contract.user_methods import providing_by_plain_name
    from sortal.methods.registry import method_names
    from sortal.plugins.loading.load import load

    plugins = load(folders, None if job is None else _named_in(job), method_names())
    for broken in plugins.broken:
        note(broken.text)
    for notice in (*plugins.notices, *plugins.shadowing(method_names())):
        note(notice)
    with (
        providing_by_plain_name(plugins.providers, plugins.unusable),
        providing_metrics(plugins.folders),
    ):
        yield plugins


def _named_in(job: Path) -> "NeededPlugins | None":
    from sortal.plugins.loading.needed import NeededPlugins

    try:
        return NeededPlugins.in_text(job.read_text(encoding="utf-8-sig", errors="replace"))
    except OSError:
        return None
