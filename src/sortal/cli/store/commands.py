"""The list of the commands of `sortal store`, in the order of its help."""

import typer

from sortal.cli.store import check, gc, ls, merge, rm, show

app = typer.Typer(
    no_args_is_help=True,
    rich_markup_mode=None,
    short_help="List, check, merge and clean the store.",
    help="""Look after the store: what it holds, whether it is sound, what may go.

    A store is a folder. It may be copied, and several may be merged into one.""",
)

add = app.command
add("ls", short_help="List the store's jobs, or the items of one, with sizes and hashes.")(
    ls.list_contents
)
add("show", short_help="Show a job's file, its runs, its failures, or one of its results.")(
    show.show
)
add("check", short_help="Read every byte, and name what is damaged.")(check.check)
add("rm", short_help="Delete a job, one of its results, its pictures, or all of a dataset.")(rm.rm)
add("merge", short_help="Copy what another store holds.")(merge.merge)
add("gc", short_help="Free the disk of what nothing needs.")(gc.gc)
