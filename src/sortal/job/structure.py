"""Rules that span several fields of a job, checked on plain values even where other fields are wrong."""

from collections.abc import Iterator
from typing import Any

from sortal.job.positions import Step, dotted
from sortal.job.problems import Problem
from sortal.job.type_names import nearest, short
from sortal.metrics import registry
from sortal.metrics.metric import plain_name

_LISTS = ("source", "label", "inputs", "exclude", "classes", "missing")


def conflicts(job: Any) -> list[Problem]:
    """Find fields that contradict each other.

    Args:
        job: The job as plain values; whatever has the wrong type is left to the types.

    Returns:
        Problems without lines.
    """
    if not isinstance(job, dict):
        return []
    data = job.get("data")
    rules = (_files, _shares, _groups, _targets, _numbers, _repeats)
    found = [problem for rule in rules if isinstance(data, dict) for problem in rule(data)]
    return [*found, *_titles(job), *_seeds(job), *_metrics(job), *_tuning(job)]


def _at(path: tuple[Step, ...], expected: str, got: str) -> Problem:
    return Problem(path=dotted(path), expected=expected, got=got)


def _kind(data: dict[Any, Any]) -> Any:
    """Kind of split, None where none is given: then parts that the source gives hold."""
    split = data.get("split")
    return split.get("kind", "random") if isinstance(split, dict) else None


def _files(data: dict[Any, Any]) -> Iterator[Problem]:
    kind, source = _kind(data), data.get("source")
    if isinstance(source, dict) and kind not in (None, "files"):
        expected = "files, because source maps parts to files"
        yield _at(("data", "split", "kind"), expected, short(kind))
    if isinstance(source, (str, list)) and kind == "files":
        expected = "a map of train, test and validation to files, because split is of kind files"
        yield _at(("data", "source"), expected, short(source))


def _numbers(data: dict[Any, Any]) -> Iterator[Problem]:
    thousands, decimal = data.get("thousands"), data.get("decimal")
    if thousands and thousands == decimal:
        expected = "another mark than data.decimal"
        yield _at(("data", "thousands"), expected, short(thousands))


def _shares(data: dict[Any, Any]) -> Iterator[Problem]:
    match data.get("split"):
        case dict(shares) if _kind(data) in ("random", "group"):
            test: Any = shares.get("test", 0.25)
            validation: Any = shares.get("validation", 0.0)
            sound = all(type(share) in (int, float) and share < 1 for share in (test, validation))
            if sound and test + validation >= 1 - 1e-9:
                expected = "test and validation that together leave examples to train on"
                yield _at(("data", "split"), expected, f"{test} and {validation}")


def _groups(data: dict[Any, Any]) -> Iterator[Problem]:
    if data.get("group") is not None:
        return
    match data.get("split"):
        case {"kind": "group"}:
            yield _at(
                ("data", "group"), "a column of groups, because split is of kind group", "nothing"
            )
        case {"kind": "folds", "by_group": True}:
            expected = "a column of groups, because split.by_group is true"
            yield _at(("data", "group"), expected, "nothing")


def _targets(data: dict[Any, Any]) -> Iterator[Problem]:
    label = data.get("label")
    single = isinstance(label, str) or (isinstance(label, list) and len(label) == 1)
    if data.get("targets") == "independent" and single:
        expected = "several label columns, because targets is independent"
        yield _at(("data", "label"), expected, short(label))


def _repeats(data: dict[Any, Any]) -> Iterator[Problem]:
    for key in _LISTS:
        if isinstance(data.get(key), list):
            yield from _repeated(data[key], ("data", key))


def _seeds(job: dict[Any, Any]) -> Iterator[Problem]:
    for place, block in _blocks(job):
        if isinstance(block.get("seeds"), list):
            yield from _repeated(block["seeds"], ("classifiers", place, "seeds"))


def _repeated(values: list[Any], path: tuple[Step, ...]) -> Iterator[Problem]:
    seen = set()
    for place, value in enumerate(values):
        known = (type(value), value if isinstance(value, (str, int)) else place)
        if known in seen:
            yield _at((*path, place), "each entry once", f"{short(value)} again")
        seen.add(known)


def _metrics(job: dict[Any, Any]) -> Iterator[Problem]:
    if isinstance(job.get("metrics"), list):
        yield from _repeated(job["metrics"], ("metrics",))


_OF_EVOLUTION = ("rounds", "population", "offspring")
_OF_OTHERS = ("trials", "batch")


def _tuning(job: dict[Any, Any]) -> Iterator[Problem]:
    """Options of a search that would be without effect, or that exclude each other."""
    match job.get("tuning"):
        case dict(tuning):
            yield from _metric(tuning, job)
            yield from _of_other_samplers(tuning)
            yield from _rungs(tuning)
            if tuning.get("validation") is not None and tuning.get("folds") is not None:
                got = f"{short(tuning['folds'])} beside it"
                yield _at(("tuning", "validation"), "a share, or `folds` instead", got)


def _metric(tuning: dict[Any, Any], job: dict[Any, Any]) -> Iterator[Problem]:
    """A metric that is neither built in nor listed by the job."""
    metric, paths = tuning.get("metric"), job.get("metrics")
    listed = [path for path in paths if isinstance(path, str)] if isinstance(paths, list) else []
    known = [*registry.names(), *map(plain_name, listed)]
    if isinstance(metric, str) and metric not in known:
        yield Problem(
            path="tuning.metric",
            expected=f"one of {', '.join(known)}",
            got=short(metric),
            nearest=nearest(metric, known),
        )


def _of_other_samplers(tuning: dict[Any, Any]) -> Iterator[Problem]:
    evolves = tuning.get("sampler", "tpe") == "evolution"
    for key in _OF_OTHERS if evolves else _OF_EVOLUTION:
        if tuning.get(key) is not None:
            expected = (
                f"a sampler other than evolution, which has no `{key}`"
                if evolves
                else f"the sampler evolution, which alone has `{key}`"
            )
            yield _at(("tuning", key), expected, short(tuning.get("sampler", "tpe")))


def _rungs(tuning: dict[Any, Any]) -> Iterator[Problem]:
    rungs = tuning.get("rungs")
    if not isinstance(rungs, dict):
        return
    lowest, highest = rungs.get("lowest"), rungs.get("highest")
    if type(lowest) is int and type(highest) is int and lowest >= highest:
        yield _at(("tuning", "rungs", "highest"), f"more than lowest, {lowest}", short(highest))
    if rungs.get("rule") == "hyperband":
        if tuning.get("sampler") == "evolution":
            expected = "halving, because evolution says itself how many candidates start"
            yield _at(("tuning", "rungs", "rule"), expected, "'hyperband'")
        elif tuning.get("batch") is not None:
            expected = "no `batch`, because hyperband says itself how many candidates start"
            yield _at(("tuning", "batch"), expected, short(tuning["batch"]))


def _titles(job: dict[Any, Any]) -> Iterator[Problem]:
    """Titles without a variable must differ; those with one are known once they are filled."""
    first: dict[str, int] = {}
    for place, block in _blocks(job):
        title = block.get("title")
        if not isinstance(title, str) or "{" in title:
            continue
        if title in first:
            came = f"{short(title)}, the title of classifiers[{first[title]}]"
            yield _at(("classifiers", place, "title"), "a title of its own", came)
        first.setdefault(title, place)


def _blocks(job: dict[Any, Any]) -> Iterator[tuple[int, dict[Any, Any]]]:
    classifiers = job.get("classifiers")
    for place, block in enumerate(classifiers if isinstance(classifiers, list) else []):
        if isinstance(block, dict):
            yield place, block
