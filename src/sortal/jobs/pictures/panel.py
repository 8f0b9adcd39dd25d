"""Classifiers of a job side by side: what each said of every reported example, block by block."""

from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

import numpy as np

from sortal.data.labels import Outputs
from sortal.data.split import Split
from sortal.evaluation.aggregate import aggregate
from sortal.evaluation.maps.classifier_map import MappedClassifier
from sortal.evaluation.maps.dissimilarity import as_probabilities, scale_of
from sortal.evaluation.scores import evaluate
from sortal.jobs.results.result import MemberResult, Result
from sortal.jobs.results.results import JobResults, require_examples
from sortal.metrics.registry import is_mapped
from sortal.store.segments.segment import Place

POLES = {"optimal": "Optimal", "naive": "Naive"}
"""Methods of the references, and what they are called where none was trained."""

_BLOCK_NUMBERS = 1 << 23
"""Numbers that a block holds at most."""

_NAMED = 3


@dataclass(frozen=True, slots=True, eq=False)
class _Fold:
    """The reported examples of one split, and the members that speak of them."""

    split: Split
    rows: np.ndarray = field(repr=False)
    """Rows of the dataset, ascending, of known label."""

    truth: np.ndarray = field(repr=False)
    members: tuple[MemberResult, ...]


@dataclass(frozen=True, slots=True, eq=False)
class Panel:
    """Classifiers of one target, best first, then the poles that no classifier is.

    Examples of all folds are pooled, each judged by the member that did not see it; of several
    seeds, the one with the median headline speaks. Arrays come in blocks of examples, with a row
    a classifier; the order of examples is the same for all.
    """

    results: JobResults
    target: str | None
    shown: tuple[Result, ...]
    computed: tuple[str, ...]
    """Poles that are made from the labels."""

    folds: tuple[_Fold, ...] = field(repr=False)
    notes: tuple[str, ...] = ()

    @classmethod
    def of(
        cls,
        results: JobResults,
        target: str | None = None,
        *,
        titles: Sequence[str] | None = None,
        poles: bool = True,
    ) -> "Panel":
        """Line up the classifiers that have spoken of every fold.

        Args:
            results: What the job came to.
            target: The independent target, None if there are none.
            titles: Only these, and the references; all if not given.
            poles: Whether references belong to it, and poles that none of them is are computed.

        Raises:
            NotFound: There is no such target or title.
            UserError: The job was imported as figures alone.
        """
        require_examples(results.record)
        if titles is not None:
            for title in titles:
                results.titled(title, target)
        listed = [r for r in results.ranked if r.target == target and not r.fold_of]
        wanted = [
            r for r in listed if (poles if r.is_reference else titles is None or r.title in titles)
        ]
        spoken = {id(result): results.speakers(result) for result in wanted}
        shown = tuple(r for r in wanted if _is_whole(results, spoken[id(r)]))
        methods = {_plain(result) for result in shown}
        lacking = [r.title for r in wanted if r not in shown]
        computed = tuple(pole for pole in POLES if poles and pole not in methods)
        folds = tuple(_folds(results, target, [spoken[id(result)] for result in shown]))
        return cls(results, target, shown, computed, folds, tuple(_told(lacking, computed)))

    @property
    def keys(self) -> list[list[str]]:
        """Keys of the members that speak, a list a fold, in the order of the classifiers."""
        return [[str(member.entry.key) for member in fold.members] for fold in self.folds]

    @property
    def mapped(self) -> list[MappedClassifier]:
        """Every classifier and pole, in order."""
        trained = [
            MappedClassifier(
                title=result.title,
                family=_plain(result),
                anchor=_plain(result) if _plain(result) in POLES else "",
            )
            for result in self.shown
        ]
        return trained + [
            MappedClassifier(title=POLES[pole], family=pole, anchor=pole, computed=True)
            for pole in self.computed
        ]

    @property
    def examples(self) -> int:
        """Reported examples, all folds together."""
        return sum(len(fold.rows) for fold in self.folds)

    def decided(self) -> Iterator[tuple[np.ndarray, np.ndarray]]:
        """Decisions and the truth, as codes.

        Yields:
            Shapes (classifiers, examples) and (examples,) of classes; (classifiers, examples,
            targets) and (examples, targets) of independent targets.
        """
        for fold in self.folds:
            usual = self._usual(fold.split)
            for block, truth in self._blocks(fold, "predicted"):
                poles = {"optimal": truth, "naive": np.broadcast_to(usual, truth.shape)}
                yield self._with_poles(block, poles), truth

    def right(self) -> Iterator[np.ndarray]:
        """Whether each is right, answer by answer; shape as the decisions', bool."""
        for decided, truth in self.decided():
            yield decided == truth

    def probabilities(self) -> Iterator[np.ndarray]:
        """Probabilities (classifiers, examples, outputs), float32; decision values are squashed."""
        for fold in self.folds:
            scales = self._scales(fold)
            usual = self._usual(fold.split)
            for block, truth in self._blocks(fold, "scores"):
                for row, scale in scales.items():
                    block[row] = as_probabilities(block[row], scale, self.results.outputs)
                poles = {
                    "optimal": self._certain(truth),
                    "naive": self._certain(np.broadcast_to(usual, truth.shape)),
                }
                yield self._with_poles(block, poles)

    @property
    def squashed(self) -> tuple[str, ...]:
        """Titles of those that give decision values."""
        return tuple(
            result.title
            for result, member in zip(self.shown, self.folds[0].members, strict=True)
            if not member.gives_probabilities
        )

    def figures(self) -> tuple[np.ndarray, list[str]]:
        """Figures of each, means over seeds and folds, shape (classifiers, figures); their names."""
        rows = [{k: v.mean for k, v in result.figures.items()} for result in self.shown]
        rows += self._figures_of_poles()
        names = [n for n in dict.fromkeys(n for row in rows for n in row) if is_mapped(n)]
        return np.array([[row.get(name, np.nan) for name in names] for row in rows]), names

    def _figures_of_poles(self) -> list[dict[str, float]]:
        if not self.computed:
            return []
        judged = []
        dataset = self.results.store.datasets.truth(self.results.record.dataset)
        weights = dataset.weights_for(self.target)
        for fold in self.folds:
            answers = {
                "optimal": fold.truth,
                "naive": np.broadcast_to(self._usual(fold.split), fold.truth.shape),
            }
            judged.append(
                evaluate(
                    np.stack([self._certain(answers[pole]) for pole in self.computed]),
                    self.results.labels.for_target(self.target).take(fold.rows),
                    None if weights is None else np.asarray(weights[fold.rows]),
                    probabilities=True,
                    resamples=0,
                    seed=0,
                )
            )
        every = [aggregate(of_pole) for of_pole in zip(*judged, strict=True)]
        return [{name: spread.mean for name, spread in one.items()} for one in every]

    def _blocks(self, fold: _Fold, array: str) -> Iterator[tuple[np.ndarray, np.ndarray]]:
        """Rows of the members out of their segments, and the truth, a block of examples at a time."""
        keys = [member.entry.key for member in fold.members]
        places = self.results.store.members.find(keys)
        of_segment: dict[str, list[tuple[int, Place]]] = defaultdict(list)
        for row, key in enumerate(keys):
            of_segment[places[key].segment].append((row, places[key]))
        count, width = len(fold.rows), int(np.prod(self._shape(array, fold.truth)[1:]))
        size = max(1, _BLOCK_NUMBERS // (max(1, len(keys)) * max(1, width)))
        for begin in range(0, count, size):
            truth = fold.truth[begin : begin + size]
            block = np.empty((len(keys), *self._shape(array, truth)), dtype=_TYPES[array])
            for segment, listed in of_segment.items():
                stored = getattr(self.results.store.members.segments.get(segment), array)
                first = stored.shape[1] - count + begin
                rows, places_in = zip(*((row, place.row) for row, place in listed), strict=True)
                block[list(rows)] = stored[list(places_in), first : first + len(truth)]
            yield block, truth

    def _shape(self, array: str, truth: np.ndarray) -> tuple[int, ...]:
        if array == "predicted" or truth.ndim == 2:
            return truth.shape
        return (len(truth), len(self.results.labels.classes))

    def _with_poles(self, block: np.ndarray, poles: dict[str, np.ndarray]) -> np.ndarray:
        """Lay the computed poles below the classifiers."""
        if not self.computed:
            return block
        extra = np.stack([poles[pole] for pole in self.computed]).astype(block.dtype)
        return np.concatenate([block, extra])

    def _certain(self, codes: np.ndarray) -> np.ndarray:
        """Probabilities of one who is sure of these answers."""
        if self.results.outputs is Outputs.INDEPENDENT:
            return codes.astype(np.float32)
        certain = np.eye(len(self.results.labels.classes), dtype=np.float32)
        return np.asarray(certain[codes])

    def _usual(self, split: Split) -> np.ndarray:
        """The most frequent answer of a split's training examples, by weight where they have one.

        Of the reported ones where all classifiers were trained elsewhere.
        """
        rows = split.train if len(split.train) else split.rows(self.results.part)
        labels = self.results.labels.for_target(self.target).take(rows)
        known = labels.known
        codes = np.asarray(labels.codes)[known]
        dataset = self.results.store.datasets.truth(self.results.record.dataset)
        given = dataset.weights_for(self.target)
        weights = np.ones(len(codes)) if given is None else np.asarray(given)[rows][known]
        if labels.outputs is Outputs.INDEPENDENT:
            yes, no = (np.maximum(weights @ (codes == answer), 0.0) for answer in (1, 0))
            return np.asarray(yes > no).astype(np.int64)
        sums = np.bincount(codes, weights, minlength=len(labels.classes))
        return np.asarray(sums.argmax())

    def _scales(self, fold: _Fold) -> dict[int, float]:
        """Scale of the decision values of those that give no probabilities, by row."""
        found = {}
        for row, member in enumerate(fold.members):
            if not member.gives_probabilities:
                key, last = [member.entry.key], slice(-len(fold.rows), None)
                scores = self.results.store.members.scores(key)[0][last]
                right = self.results.store.members.predicted(key)[0][last] == fold.truth
                # As of one more answer of each kind: nobody is always right.
                accuracy = (np.count_nonzero(right) + 1) / (right.size + 2)
                found[row] = scale_of(scores, accuracy, self.results.outputs)
        return found


_TYPES = {"predicted": np.int16, "scores": np.float32}


def _plain(result: Result) -> str:
    """Name of the method, without the fingerprint that a user's own carries behind an `@`."""
    return result.method.partition("@")[0]


def _is_whole(results: JobResults, members: Sequence[MemberResult]) -> bool:
    """Whether a result has a member with figures for every fold."""
    headline = results.headline
    folds = {
        member.entry.fold
        for member in members
        if not np.isnan(member.scores[results.part].figures[headline])
    }
    return folds == {split.fold for split in results.splits}


def _folds(
    results: JobResults, target: str | None, spoken: Sequence[Sequence[MemberResult]]
) -> Iterator[_Fold]:
    labels = results.labels.for_target(target)
    for split in results.splits:
        rows = split.rows(results.part)
        rows = rows[labels.known[rows]]
        members = tuple(
            next(member for member in members if member.entry.fold == split.fold)
            for members in spoken
        )
        yield _Fold(split, rows, np.asarray(labels.codes[rows]), members)


def _told(lacking: Sequence[str], computed: Sequence[str]) -> Iterator[str]:
    if lacking:
        named = ", ".join(lacking[:_NAMED]) + (", ..." if len(lacking) > _NAMED else "")
        yield f"Left out, for they have no figures on some fold: {len(lacking)} ({named})."
    if computed:
        names = " and ".join(POLES[pole] for pole in computed)
        yield f"No classifier of the job is {names}: computed from the labels."
