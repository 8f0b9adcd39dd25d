"""Which column or array is what: features, label, weight, id, group, division."""

from collections import Counter
from collections.abc import Iterator, Set
from dataclasses import dataclass, replace

from sortal.data.readers.base import NAMES, Table
from sortal.data.readers.registry import TableOptions, unused_options
from sortal.data.readers.text.column_names import are_numbers, is_undivided, nameless_columns
from sortal.data.reading.source import DataSource, nearest
from sortal.job.models import (
    ColumnSplit,
    DataBlock,
    FilesSplit,
    FoldSplit,
    GivenFoldSplit,
    GroupSplit,
    PartFiles,
)
from sortal.job.positions import dotted
from sortal.job.problems import JobError, Problem

_NEAREST = 100_000
"""Most names that wrong ones are held against in search of the nearest, all wrong ones together."""

_SHOWN = 60
"""Most characters of a line that a problem shows."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Roles:
    """Names of columns (of a table) or arrays (of other files) by their use."""

    inputs: tuple[str, ...]
    """Columns that are features, or arrays that are inputs, in order."""

    labels: tuple[str, ...]
    independent: bool
    """Whether each label is a target of its own, of 0 and 1."""

    weight: str | None
    """The column of the weight of each example, for all targets alike."""

    target_weights: tuple[str | None, ...]
    """The column of weights of each target, in the order of `labels`, None for weight 1; empty if all
    targets share `weight`."""

    id: str | None
    group: str | None
    part: str | None
    fold: str | None

    @property
    def beside(self) -> tuple[str, ...]:
        """Everything but the inputs, each name once."""
        single = (self.weight, self.id, self.group, self.part, self.fold)
        others = (*self.labels, *self.target_weights, *single)
        return tuple(dict.fromkeys(name for name in others if name is not None))


def assign_roles(block: DataBlock, source: DataSource) -> Roles:
    """Match the names that a job gives with those that its first file has.

    Raises:
        JobError: All names that do not exist, and options that contradict each other or the data.
    """
    names = source.files[0].names
    labels = _labels(block, source)
    split = block.split
    roles = Roles(
        inputs=(),
        labels=labels,
        independent=isinstance(block.label, list),
        weight=block.weight if isinstance(block.weight, str) else None,
        target_weights=_target_weights(block, labels),
        id=block.id,
        group=block.group,
        part=split.column if isinstance(split, ColumnSplit) else None,
        fold=split.column if isinstance(split, GivenFoldSplit) else None,
    )
    taken, known = {*roles.beside, *block.exclude}, set(names)
    inputs = (
        tuple(dict.fromkeys(block.inputs))
        if block.inputs
        else tuple(name for name in names if name not in taken and not _names_columns(name, known))
    )
    kind = "column" if isinstance(source.files[0], Table) else "array"
    left_out = find_unnamed_columns(source) if not block.inputs else ()
    inputs = tuple(name for name in inputs if name not in left_out)
    problems = [
        *_unknown_names(block, source, kind),
        *_contradictions(block, roles),
        *_division_problems(block, source),
    ]
    if not labels:
        problems.append(_no_label(source, kind))
    if not inputs:
        problems.append(
            Problem(
                path="data.inputs",
                expected=f"at least one {kind} that is a feature",
                got=f"none: every {kind} of {source.files[0].path.name} has another use",
            )
        )
    if problems:
        raise JobError(problems)
    return replace(roles, inputs=inputs)


def find_unnamed_columns(source: DataSource) -> tuple[str, ...]:
    """Columns without a name, and those that pandas names so; they are features only if asked for."""
    first = source.files[0]
    return nameless_columns(first.names) if isinstance(first, Table) else ()


def unnamed_columns_note(block: DataBlock, roles: Roles, source: DataSource) -> Iterator[str]:
    """The sentence about columns that are left out of the features because they have no name."""
    names = source.files[0].names
    taken = {*roles.beside, *roles.inputs, *block.exclude}
    for name in find_unnamed_columns(source):
        if name not in taken:
            called = (
                f"the column {name!r}"
                if name
                else f"column {names.index(name) + 1}, which has no name,"
            )
            yield (
                f"{source.files[0].path.name}: {called} is left out, for it is likely the number of "
                f"the row; data.inputs, id or exclude can name it {name!r}."
            )


def _target_weights(block: DataBlock, labels: tuple[str, ...]) -> tuple[str | None, ...]:
    given = block.weight
    return tuple(given.get(label) for label in labels) if isinstance(given, dict) else ()


def _labels(block: DataBlock, source: DataSource) -> tuple[str, ...]:
    if block.label is not None:
        return (block.label,) if isinstance(block.label, str) else tuple(block.label)
    return (source.label,) if source.label in source.files[0].names else ()


def _names_columns(name: str, names: Set[str]) -> bool:
    """Whether an array only names the columns of another one."""
    return name.endswith(NAMES) and name.removesuffix(NAMES) in names


def _given_names(block: DataBlock) -> Iterator[tuple[str, str]]:
    """Every name in the block, with its place."""
    if isinstance(block.label, str):
        yield "data.label", block.label
    for key, listed in (
        ("label", block.label if isinstance(block.label, list) else None),
        ("inputs", block.inputs),
        ("exclude", block.exclude),
    ):
        for number, name in enumerate(listed or ()):
            yield f"data.{key}[{number}]", name
    for target, name in (block.weight if isinstance(block.weight, dict) else {}).items():
        yield dotted(["data", "weight", target]), name
    for key in ("weight", "id", "group"):
        one = getattr(block, key)
        if isinstance(one, str):
            yield f"data.{key}", one
    if isinstance(block.split, ColumnSplit | GivenFoldSplit):
        yield "data.split.column", block.split.column


def _unknown_names(block: DataBlock, source: DataSource, kind: str) -> Iterator[Problem]:
    first = source.files[0]
    article = "an" if kind == "array" else "a"
    known = set(first.names)
    unknown = [(path, name) for path, name in _given_names(block) if name not in known]
    for number, (path, name) in enumerate(unknown):
        yield Problem(
            path=path,
            expected=f"{article} {kind} of {first.path.name}",
            got=repr(name),
            # The search for a near name among tens of thousands takes a good part of a second.
            nearest=nearest(name, list(first.names)) if number * len(known) < _NEAREST else "",
        )
    if unknown and isinstance(first, Table) and is_undivided(first.names) and _is_text(first):
        yield Problem(
            path="data.delimiter",
            expected=f"the character between the fields of {first.path.name}",
            got=f"one that leaves the first line whole: {first.names[0][:_SHOWN]!r}",
        )
    if unknown and isinstance(first, Table) and block.columns is None and are_numbers(first.names):
        yield Problem(
            path="data.columns",
            expected=f"`numbered`, if the first line of {first.path.name} is an example already",
            got=f"nothing, so that its numbers are the names of the columns ({first.names[0]}, ...)",
        )


def _is_text(table: Table) -> bool:
    return not unused_options(table.path, TableOptions(delimiter=","))


def _contradictions(block: DataBlock, roles: Roles) -> Iterator[Problem]:
    excluded = set(block.exclude)
    for number, name in enumerate(block.inputs or ()):
        if name in roles.labels:
            yield Problem(
                path=f"data.inputs[{number}]",
                expected="features, of which the label is none",
                got=f"{name!r}, the label",
            )
        if name in excluded:
            yield Problem(
                path=f"data.inputs[{number}]",
                expected="a name that data.exclude does not hold",
                got=repr(name),
            )
    repeated = [name for name, count in Counter(roles.labels).items() if count > 1]
    if repeated:
        yield Problem(path="data.label", expected="each column once", got=f"{repeated[0]!r} twice")
    yield from _weight_problems(block, roles)
    if roles.independent and block.classes is not None:
        yield Problem(
            path="data.classes",
            expected="nothing, for a list of label columns has no classes to choose from",
            got=repr(block.classes),
        )


def _weight_problems(block: DataBlock, roles: Roles) -> Iterator[Problem]:
    """A map of weights needs independent targets, and names them."""
    if not isinstance(block.weight, dict):
        return
    if not roles.independent or block.targets != "independent":
        yield Problem(
            path="data.weight",
            expected="one column, for a map needs `targets: independent` and a list of labels",
            got="a map of targets to columns",
        )
        return
    for target in block.weight:
        if target not in roles.labels:
            yield Problem(
                path=dotted(["data", "weight", target]),
                expected="a column of data.label",
                got=repr(target),
                nearest=nearest(target, list(roles.labels)),
            )


def _division_problems(block: DataBlock, source: DataSource) -> Iterator[Problem]:
    split = block.split
    by_files = isinstance(block.source, PartFiles)
    needs_group = isinstance(split, GroupSplit) or (isinstance(split, FoldSplit) and split.by_group)
    if needs_group and block.group is None:
        yield Problem(
            path="data.group",
            expected=f"the column of groups that {split.kind} needs",
            got="nothing",
        )
    if isinstance(split, FilesSplit) and not by_files:
        yield Problem(
            path="data.source",
            expected="a map of train, validation and test to files (split.kind: files needs it)",
            got=repr(block.source),
        )
    if by_files and "split" in block.model_fields_set and not isinstance(split, FilesSplit):
        yield Problem(
            path="data.split.kind",
            expected="'files', for data.source gives each part its own files",
            got=repr(split.kind),
        )
    if by_files and not set(source.parts) - {"train"}:
        yield Problem(
            path="data.source",
            expected="files of train and of test or validation",
            got="train alone",
        )


def _no_label(source: DataSource, kind: str) -> Problem:
    first = source.files[0]
    if first.path.suffix.lower() == ".npy":
        return Problem(
            path="data.source",
            expected="a file with features and labels, such as .npz or a .npy of named fields",
            got=f"{first.path.name!r}, which holds one array without labels",
        )
    listed = ", ".join(map(repr, first.names[:8])) + (", ..." if len(first.names) > 8 else "")
    return Problem(
        path="data.label",
        expected=f"the {kind} that holds the class ({listed})",
        got="nothing",
    )
