"""`sortal check`: what running a job will take, or every problem of it."""

from sortal.options import DEFAULT_STORE, CoresOption, JobArgument, PluginsOption, StoreOption
from sortal.plugins.loading.provide import with_plugins
from sortal.views.console import echo


def check(
    job: JobArgument,
    store: StoreOption = DEFAULT_STORE,
    cores: CoresOption = None,
    plugins: PluginsOption = None,
) -> None:
    """Tell every problem of a job, or what running it will take; nothing is run or written.

    Times, memory and disk are rough: right within a factor of a few.
    """
    from sortal.api import notebook

    with with_plugins(plugins or (), job):
        echo(str(notebook.check(job, store=store, cores=cores)))
