"""`sortal clavis available`: what jobs can name, each with its parameters and a configuration to copy."""

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from sortal.errors import NotFound
from sortal.evaluation.maps.parameters import PROJECTIONS, ProjectionMethod
from sortal.job.type_names import describe
from sortal.options import TableFormat
from sortal.plugins.dataset import DatasetPlugin
from sortal.plugins.declaration import Declaration
from sortal.systems.clavis.available import Available
from sortal.systems.clavis.batch.jobfile import BatchDataBlock
from sortal.systems.clavis.builtin import classifiers as built_in_classifiers
from sortal.systems.clavis.builtin import datasets as built_in_datasets
from sortal.systems.clavis.builtin.datasets import BuiltInData
from sortal.views.console import echo, print_frame, print_rows

BUILT_IN = "built in"
_COLUMNS = ("parameter", "values", "default", "meaning")


@dataclass(frozen=True, slots=True, kw_only=True)
class Item:
    """Something that a job can name."""

    kind: str
    """`classifier`, `data set` or `projection`."""

    name: str
    what: str

    source: str
    """Folder of its plugin, or that it is built in."""

    parameters: tuple[Mapping[str, str], ...] = ()
    """Rows of a table."""

    place: str
    """Where in a job it is named."""

    example: Mapping[str, Any]
    """What a job says there, every value the default."""

    remarks: tuple[str, ...] = ()


def items(available: Available) -> Iterator[Item]:
    """All that jobs can name; what stands behind a plugin of its name, or a broken one, is left out."""
    plugins = available.plugins
    for plugin in plugins.classifiers.values():
        yield _classifier(plugin.declaration, str(plugin.folder))
    for name, built_in in built_in_classifiers.BUILT_IN.items():
        if name not in plugins.classifiers and not plugins.is_broken("classifier", name):
            yield _classifier(built_in.declaration, BUILT_IN)
    for data in plugins.datasets.values():
        yield _dataset(data, str(data.folder))
    for name, table in built_in_datasets.BUILT_IN.items():
        if name not in plugins.datasets and not plugins.is_broken("data set", name):
            yield _dataset(table, BUILT_IN)
    yield from map(_projection, PROJECTIONS.values())


def find(available: Available, name: str) -> list[Item]:
    """What a name stands for: a classifier and a data set may have the same.

    Raises:
        NotFound: Nothing has that name.
        UserError: The plugin that seems meant cannot be used.
    """
    every = list(items(available))
    if found := [one for one in every if one.name == name]:
        return found
    if available.plugins.is_broken("classifier", name):
        available.plugins.classifier(name)
    if available.plugins.is_broken("data set", name):
        available.plugins.dataset(name)
    raise NotFound("classifier, data set or projection", name, [one.name for one in every])


def list_all(available: Available, form: TableFormat) -> None:
    """Print one row each."""
    rows = [
        {"kind": one.kind, "name": one.name, "what": one.what, "from": one.source}
        for one in items(available)
    ]
    print_frame(rows, form)


def show(available: Available, name: str, form: TableFormat) -> None:
    """Print what a name stands for: parameters, and what to copy into a job; as CSV the former alone.

    Raises:
        NotFound: Nothing has that name.
        UserError: The plugin that seems meant cannot be used.
    """
    for one in find(available, name):
        if form is not TableFormat.TABLE:
            print_frame(list(one.parameters), form, columns=_COLUMNS)
            continue
        echo(f"{one.kind} {one.name}: {one.what} ({one.source})")
        for remark in one.remarks:
            echo(remark)
        if one.parameters:
            echo()
            print_rows(list(one.parameters), _COLUMNS)
        echo()
        echo(f"{one.place}:")
        echo(json.dumps(one.example, indent=2, ensure_ascii=False))


def _classifier(about: Declaration, source: str) -> Item:
    rows = tuple(
        {
            "parameter": one.name,
            "values": one.expected(),
            "default": json.dumps(one.default, ensure_ascii=False),
            "meaning": one.description,
        }
        for one in about.parameters
    )
    return Item(
        kind="classifier",
        name=about.name,
        what=about.description or about.short,
        source=source,
        parameters=rows,
        place="an entry of classifiers",
        example={"title": about.short, "method": about.name, **about.defaults()},
    )


def _dataset(about: DatasetPlugin | BuiltInData, source: str) -> Item:
    block = BatchDataBlock.model_validate({"title": about.name, "dataset": about.name})
    needs = about.needs if isinstance(about, BuiltInData) else ""
    classes = f"classes: {', '.join(about.class_names)}"
    return Item(
        kind="data set",
        name=about.name,
        what=about.description,
        source=source,
        place="the data of a job",
        example=block.model_dump(exclude_none=True),
        remarks=(classes, *([f"its file: {needs}"] if needs else [])),
    )


def _projection(about: type[ProjectionMethod]) -> Item:
    fields = about.model_fields
    rows = tuple(
        {
            "parameter": name,
            "values": describe(field.annotation, field.metadata),
            "default": json.dumps(field.default),
            "meaning": " ".join((field.description or "").split()),
        }
        for name, field in fields.items()
    )
    return Item(
        kind="projection",
        name=about.method,
        what=about.summary,
        source=BUILT_IN,
        parameters=rows,
        place="an entry of projections",
        example={"title": about.method, **about().meaning()},
    )
