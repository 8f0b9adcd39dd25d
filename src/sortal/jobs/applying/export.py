"""Take one trained network out of a store and write it for other programs."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from sortal.data.preparing.preparer import Preparer
from sortal.errors import UserError
from sortal.export.formats import Format, format_of
from sortal.export.portable import Portable
from sortal.export.write import check_extra, write
from sortal.jobs.results.result import MemberResult, Result
from sortal.methods import registry
from sortal.methods.neural.model import TrainedStack
from sortal.store.files.atomic import replacing
from sortal.store.records.job_record import EnsembleEntry
from sortal.store.store import Store


@dataclass(frozen=True, slots=True)
class Exported:
    """A written file."""

    path: Path
    form: Format
    notes: tuple[str, ...]
    """Sentences that a user should read."""


def export_result(
    store: Store,
    results: Sequence[Result],
    path: Path,
    form: str | None = None,
    *,
    seed: int | None = None,
    fold: int | None = None,
    with_scaler: bool | None = None,
) -> Exported:
    """Write one member of a result; the file appears whole or not at all.

    Args:
        store: Where the member is.
        results: Those of one title.
        path: The file to write; one that is there is replaced.
        form: Name of its format; told from the ending of the path if None.
        seed: Of several seeds, the one to write.
        fold: Of several folds, the one to write.
        with_scaler: Whether the file itself scales; None: where the format can.

    Raises:
        OptionError: The path does not end as the format does.
        MissingExtra: The format needs a package that is not installed.
        UserError: It is no single network, or the format cannot carry it.
    """
    chosen = format_of(path, form)
    if not path.parent.is_dir():
        raise UserError(f"export: the folder {path.parent} does not exist.")
    check_extra(chosen)
    portable = load_portable(store, _one(results, seed, fold))
    with replacing(path) as unfinished:
        notes = write(portable, unfinished, chosen, with_scaler=with_scaler)
    return Exported(path, chosen, notes)


def load_portable(store: Store, member: MemberResult) -> Portable:
    """Load a member with everything that its use elsewhere needs.

    Raises:
        UserError: It is no network, or its model was not stored.
    """
    record, entry = member.record, member.entry
    if isinstance(entry, EnsembleEntry):
        raise UserError(
            f"{entry.title} is an ensemble, and one network is exported at a time: "
            "export the classifiers that it averages."
        )
    if record.calibration:
        raise UserError(
            f"{entry.title} is calibrated, and no format carries the calibration; "
            "train it without `calibrate` to export it."
        )
    if record.model is None:
        reason = record.not_savable.rstrip(".")
        raise UserError(f"{entry.title}: its model was not stored ({reason}).")
    segment = store.members.segments.get(store.members.find([entry.key])[entry.key].segment)
    model = registry.find(record.method).load(segment.model_folder(record.model))
    if not isinstance(model, TrainedStack):
        raise UserError(
            f"{entry.title} is a model of {record.method}: only networks, such as mlp, can "
            "be exported; there is no format for other methods yet."
        )
    target = entry.target
    return Portable.of(
        model.pick((record.key_in_model,)),
        Preparer.load(segment.folder / "preparer"),
        record.inputs,
        classes=record.classes if target is None else (target,),
        title=entry.title,
        dropout=entry.parameters.get("dropout", 0.0),
    )


def _one(results: Sequence[Result], seed: int | None, fold: int | None) -> MemberResult:
    """The one member meant."""
    title = results[0].title
    if len(results) > 1:
        targets = ", ".join(repr(result.target) for result in results)
        raise UserError(
            f"{title} is {len(results)} networks, one a target: choose one with --target ({targets})."
        )
    members = list(results[0].members)
    for name, wanted in (("seed", seed), ("fold", fold)):
        known = sorted(
            {value for one in members if (value := getattr(one.entry, name)) is not None}
        )
        if wanted is not None:
            members = [one for one in members if getattr(one.entry, name) == wanted]
            if not members:
                listed = ", ".join(map(str, known)) or "none (there is one split)"
                raise UserError(f"{title}: expected one of the {name}s {listed}, got {wanted}.")
        elif len(known) > 1:
            raise UserError(
                f"{title} has {len(known)} {name}s, and one network is exported at a time: choose "
                f"one with --{name} ({', '.join(map(str, known))})."
            )
    return members[0]
