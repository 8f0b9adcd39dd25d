"""How the jobs of a store and the items of a job are shown on a terminal: sizes, hashes, one item whole."""

from collections.abc import Iterable, Sequence
from typing import Any

from sortal.jobs.results.result import Result
from sortal.jobs.results.results import JobResults
from sortal.jobs.store_contents import StoredClassifier, StoredJob, StoredPicture
from sortal.store.store import Store
from sortal.views.console import echo, print_frame, print_rows
from sortal.views.tables import format_bytes


def print_jobs(jobs: Iterable[StoredJob], *, title: str) -> None:
    """One row a job: data set, classifiers, projections and maps, size, hash of the data set."""
    rows = [
        {
            "#": number,
            "title": job.name,
            "dataset": job.dataset,
            "classifiers": sum(bool(one.keys) for one in job.classifiers),
            "projections": len(job.pictures),
            "size": format_bytes(job.bytes),
            "hash": job.fingerprint,
        }
        for number, job in enumerate(jobs, start=1)
    ]
    print_rows(rows, title=title)


def print_items(items: Sequence[StoredClassifier | StoredPicture], *, title: str) -> None:
    """One row an item: method, members, size, the folder that holds it."""
    print_rows([_item_row(number, item) for number, item in enumerate(items, 1)], title=title)


def print_item(store: Store, job: str, item: StoredClassifier | StoredPicture) -> None:
    """A classifier with its arguments, scores, confusion and members; a picture with its place."""
    if isinstance(item, StoredPicture):
        echo(f"{item.title}: {format_bytes(item.bytes)} in artifacts/{item.kind}/{item.name}")
    elif not item.keys:
        echo(f"{item.title} is not stored.")
    else:
        for result in JobResults.read(store, job).titled(item.title):
            _print_result(result)


def _item_row(number: int, item: StoredClassifier | StoredPicture) -> dict[str, Any]:
    if isinstance(item, StoredPicture):
        return {"#": number, "title": item.title, "method": "", "members": None,
                "size": format_bytes(item.bytes), "hash": item.name}  # fmt: skip
    first, *more = item.segments or ("not stored",)
    return {
        "#": number,
        "title": item.title,
        "method": item.method,
        "members": f"{len(item.keys)} of {item.members}",
        "size": format_bytes(item.bytes),
        "hash": first + (f" and {len(more)} more" if more else ""),
    }


def _print_result(result: Result) -> None:
    named = f"{result.title}, {result.target}" if result.target else result.title
    # What a job of another system asked for comes in its own words, beside those of the method.
    given = result.asked.get("arguments", {})
    ours = {"method": result.method, **result.parameters}
    tables = {f"arguments of {named}": given, f"parameters of {named}": ours}
    for title, values in tables.items():
        rows = [{"name": name, "value": str(value)} for name, value in values.items()]
        if rows:
            echo(title)  # a table folds its title to its own width, and this one is narrow
            print_rows(rows)
    print_frame(result.table(), title=f"scores on {result.part} examples")
    if result.confusion.size:
        classes = result.confusion_classes
        rows = [
            {
                "true class": name,
                **{f"as {other}": f"{value:g}" for other, value in zip(classes, row, strict=True)},
            }
            for name, row in zip(classes, result.confusion.tolist(), strict=True)
        ]
        print_rows(rows, title="confusion matrix")
    print_frame(result.member_table(), title="members")
