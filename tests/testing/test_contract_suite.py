"""The contract suite finds what it is for: each of these methods breaks one promise."""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any, ClassVar

import numpy as np
import pytest

from sortal.data.inputs import Inputs
from sortal.methods.contract.base import Failed, Outcome, Population, Trained
from sortal.methods.one_at_a_time.gaussian import GaussianNB
from sortal.testing import contracts
from sortal.testing.contracts import Subject, all_checks
from sortal.testing.training import ContractBroken


class _Changed:
    """A model that can be changed in one respect."""

    def __init__(self, inner: Any) -> None:
        self._inner = inner
        self.members = inner.members

    def scores(self, inputs: Inputs) -> np.ndarray:
        return self._inner.scores(inputs)

    def pick(self, keys: tuple[str, ...]) -> "_Changed":
        return type(self)(self._inner.pick(keys))

    def save(self, folder: Path) -> None:
        self._inner.save(folder)


class _Rewrapping(GaussianNB):
    model: ClassVar[type[_Changed]] = _Changed

    def train(self, population: Population, *rest: Any) -> Iterator[Outcome]:
        for outcome in super().train(population, *rest):
            yield self.changed(outcome, population)

    def changed(self, outcome: Outcome, population: Population) -> Outcome:
        assert isinstance(outcome, Trained)
        return replace(outcome, model=self.model(outcome.model))

    def load(self, folder: Path) -> Any:
        return self.model(super().load(folder))


class Crowded(_Rewrapping):
    def changed(self, outcome, population):
        class Shifted(_Changed):
            def scores(self, inputs):
                return self._inner.scores(inputs) * (1 - 1e-9 * len(population.members))

        assert isinstance(outcome, Trained)
        return replace(outcome, model=Shifted(outcome.model))


class BlockNormalised(_Rewrapping):
    class model(_Changed):  # noqa: N801
        def scores(self, inputs):
            scores = super().scores(inputs)
            return scores - scores.mean(axis=1, keepdims=True) if len(inputs) else scores


class PickIgnoresOrder(_Rewrapping):
    class model(_Changed):  # noqa: N801
        def pick(self, keys):
            return type(self)(self._inner.pick(tuple(k for k in self.members if k in keys)))


class Twice(GaussianNB):
    def train(self, *args: Any) -> Iterator[Outcome]:
        for outcome in super().train(*args):
            yield outcome
            yield outcome


class Forgetful(GaussianNB):
    def train(self, population: Population, *rest: Any) -> Iterator[Outcome]:
        yield from super().train(replace(population, members=population.members[:1]), *rest)


class Credulous(_Rewrapping):
    def load(self, folder: Path) -> Any:
        import skops.io

        return skops.io.load(folder / "estimators.skops")


class Overconfident(_Rewrapping):
    class model(_Changed):  # noqa: N801
        def scores(self, inputs):
            return super().scores(inputs) * 2


class Narrow(_Rewrapping):
    class model(_Changed):  # noqa: N801
        def scores(self, inputs):
            scores = super().scores(inputs)
            return scores[:, :, scores.any(axis=(0, 1))] if len(inputs) else scores


class Deaf(GaussianNB):
    def train(self, population: Population, *rest: Any) -> Iterator[Outcome]:
        members = tuple(replace(member, weights="") for member in population.members)
        yield from super().train(replace(population, members=members), *rest)


class Panicking(GaussianNB):
    def train(self, population: Population, data: Any, control: Any) -> Iterator[Outcome]:
        for outcome in super().train(population, data, control):
            if control.stop_at:
                yield from (Failed(key, "stopped") for key in population.keys)
            else:
                yield outcome


@pytest.mark.parametrize(
    ("method", "check"),
    [
        (Crowded, contracts.check_members_do_not_depend_on_neighbours),
        (BlockNormalised, contracts.check_blocks_score_as_the_whole),
        (PickIgnoresOrder, contracts.check_picking_keeps_order),
        (Twice, contracts.check_each_member_comes_back_once),
        (Forgetful, contracts.check_each_member_comes_back_once),
        (Credulous, contracts.check_damaged_files_are_refused),
        (Overconfident, contracts.check_probabilities_are_probabilities),
        (Narrow, contracts.check_unseen_classes_keep_their_column),
        (Deaf, contracts.check_weights_act),
        (Panicking, contracts.check_interruption_keeps_what_is_done),
    ],
)
def test_a_broken_promise_is_found(method, check):
    parameters = ({}, {"var_smoothing": 0.1})
    check(Subject(method=GaussianNB(), parameters=parameters))
    with pytest.raises(ContractBroken):
        check(Subject(method=method(), parameters=parameters))


def test_every_check_says_what_it_holds():
    assert len(all_checks()) == 16
    assert all(check.__doc__ for check in all_checks())
