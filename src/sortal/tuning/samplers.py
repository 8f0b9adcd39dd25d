"""Samplers under one contract: they are asked for candidates and told what became of them.

A sampler depends on its seed and on what it was told alone, so that a search that is run
again asks the same questions again.
"""

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, Literal, Protocol

from sortal.tuning.space import Candidate, Choices, EvaluatedCandidate, Range, Space

if TYPE_CHECKING:
    from optuna import Study, Trial
    from optuna.samplers import BaseSampler

Kind = Literal["random", "tpe", "cmaes"]
_CLASSIFIER = "classifier"


class Sampler(Protocol):
    """Who proposes candidates, round by round."""

    def ask(self, count: int) -> tuple[Candidate, ...]:
        """Propose the next round, each candidate once.

        Args:
            count: Candidates to propose, for samplers whose rounds have no size of their own. Fewer
                come where some are equal.
        """
        ...

    def tell(self, judged: Sequence[EvaluatedCandidate]) -> None:
        """Learn what became of the whole round that was asked for last, in its order."""
        ...


class OptunaSampler:
    """Random draws, TPE or CMA-ES, as Optuna has them (Akiba et al. 2019, doi:10.1145/3292500.3330701).

    TPE: Bergstra et al. 2011; CMA-ES: Hansen 2016, arXiv:1604.00772. The classifier is one more
    choice for random draws and TPE. CMA-ES knows numbers alone: each classifier has a search
    of its own, which take turns, and choices are drawn at random beside it. The first
    candidates are the initial values of each classifier.
    """

    def __init__(self, kind: Kind, spaces: Sequence[Space], *, seed: int) -> None:
        """Set up.

        Args:
            kind: Who proposes.
            spaces: What may be chosen of each classifier.
            seed: Seed of all draws.
        """
        self._spaces, self._apart = tuple(spaces), kind == "cmaes"
        kinds = range(len(self._spaces))
        self._fixed = [Candidate(kind=k, values={}) for k in kinds if not spaces[k].dimensions]
        self._free = [k for k in kinds if spaces[k].dimensions]
        count = len(self._free) if self._apart else 1
        self._studies = [_study(kind, seed + number) for number in range(count)]
        for number, k in enumerate(self._free):
            study = self._studies[number if self._apart else 0]
            study.enqueue_trial(self._told(k, spaces[k].initial))
        self._turn = 0
        self._open: list[tuple[Study, Trial, Candidate]] = []

    def ask(self, count: int) -> tuple[Candidate, ...]:
        """Propose so many candidates; equal ones are asked once and all learn of it.

        Classifiers of which nothing is tuned stand before those of the first round.
        """
        fixed, self._fixed = self._fixed, []
        self._open = [self._propose() for _ in range(count if self._free else 0)]
        return tuple(dict.fromkeys([*fixed, *(candidate for _, _, candidate in self._open)]))

    def tell(self, judged: Sequence[EvaluatedCandidate]) -> None:
        """Pass on what became of them: complete, pruned at a budget, or failed."""
        from optuna.trial import TrialState

        found = {one.candidate: one for one in judged}
        for study, trial, candidate in self._open:
            one = found[candidate]
            if one.value is None:
                study.tell(trial, state=TrialState.FAIL)
            elif one.pruned_at is not None:
                trial.report(one.value, one.pruned_at)
                study.tell(trial, state=TrialState.PRUNED)
            else:
                study.tell(trial, one.value)
        self._open = []

    def _propose(self) -> "tuple[Study, Trial, Candidate]":
        number = self._turn % len(self._studies)
        self._turn += 1
        study = self._studies[number]
        trial = study.ask()
        kind = self._free[number]
        if not self._apart:
            kind = trial.suggest_categorical(_CLASSIFIER, self._free)
        values = {
            name: _suggest(trial, f"{kind}.{name}", dimension)
            for name, dimension in self._spaces[kind].dimensions.items()
        }
        return study, trial, Candidate(kind=kind, values=values)

    def _told(self, kind: int, values: Mapping[str, Any]) -> dict[str, Any]:
        """Values of one classifier as Optuna knows them."""
        told = {} if self._apart else {_CLASSIFIER: kind}
        for name, dimension in self._spaces[kind].dimensions.items():
            value = values[name]
            if isinstance(dimension, Choices):  # Optuna takes no lists for choices
                value = [*map(repr, dimension.values)].index(repr(value))
            told[f"{kind}.{name}"] = value
        return told


def _suggest(trial: "Trial", name: str, dimension: Range | Choices) -> Any:
    if isinstance(dimension, Choices):
        places = list(range(len(dimension.values)))
        return dimension.values[trial.suggest_categorical(name, places)]
    if dimension.whole:
        return trial.suggest_int(name, int(dimension.low), int(dimension.high), log=dimension.log)
    return trial.suggest_float(name, dimension.low, dimension.high, log=dimension.log)


def _study(kind: Kind, seed: int) -> "Study":
    import warnings

    import optuna

    optuna.logging.set_verbosity(optuna.logging.WARNING)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", optuna.exceptions.ExperimentalWarning)
        sampler = _sampler(kind, seed)
    return optuna.create_study(direction="maximize", sampler=sampler)


def _sampler(kind: Kind, seed: int) -> "BaseSampler":
    from optuna import samplers

    match kind:
        case "random":
            return samplers.RandomSampler(seed=seed)
        case "tpe":
            # Candidates of one round are proposed before any is told: the liar spreads them.
            return samplers.TPESampler(seed=seed, constant_liar=True)
        case "cmaes":
            return samplers.CmaEsSampler(seed=seed, warn_independent_sampling=False)
