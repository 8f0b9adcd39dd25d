"""Checks of the contract between a method and Sortal, for every author of a method.

Each check takes a `Subject`, returns if all is well, raises `ContractBroken` with a sentence
if not, and `NotApplicable` if the method has nothing that it could look at. With pytest:

    @pytest.mark.parametrize("check", all_checks(), ids=lambda check: check.__name__)
    def test_my_method_keeps_the_contract(check):
        check(Subject(method=MyMethod(), parameters=({"depth": 1}, {"depth": 2})))
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from itertools import count
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, TypeAlias

import numpy as np

from sortal.data.inputs import Inputs
from sortal.data.labels import Outputs
from sortal.data.prepared import Prepared
from sortal.data.split import Part
from sortal.errors import Damaged, NotSavable
from sortal.methods.contract.base import Axis, Member, Method, Model, Shape
from sortal.testing.data import TEST, TRAINING, VALIDATION, make_members, make_prepared
from sortal.testing.training import (
    ContractBroken,
    Driver,
    NotApplicable,
    require,
    train_all,
    train_completely,
)

_ROUNDING = 1e-6
"""Slack of probabilities and of scores in blocks: linear algebra rounds by the size of a block."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Subject:
    """A method under test."""

    method: Method
    parameters: tuple[Mapping[str, Any], ...]
    """At least two different sets of parameters that train quickly."""

    tolerance: float = 0.0
    """Largest difference of scores that rounding may cause between a member trained alone and
    trained beside others; 0 asks for equal bits."""

    failing: Mapping[str, Any] | None = None
    """Parameters that are valid and cannot be trained on 54 examples of 6 features."""

    weighs_by_class: bool = True
    """Whether heavier examples of a class raise its scores."""

    draws_by_weight: bool = False
    """Whether members draw examples by weight, so that weights of one draw others than none."""

    def members(self, **options: Any) -> tuple[Member, ...]:
        """A member of each set of parameters, with two seeds each where seeds may be shared."""
        seeds = (3, 4) if Axis.SEED in self.method.shares else (3,)
        return make_members(self.method, self.parameters, seeds=seeds, **options)

    def data(self, outputs: Outputs | None = None, **options: Any) -> Prepared:
        """Data of a kind that the method can learn."""
        return make_prepared(outputs or min(self.method.outputs), **options)


Check: TypeAlias = Callable[[Subject], None]


def all_checks() -> tuple[Check, ...]:
    """Every check of this file, in its order."""
    return tuple(value for name, value in globals().items() if name.startswith("check_"))


def check_each_member_comes_back_once(subject: Subject) -> None:
    """Every member becomes part of exactly one model, with scores for every output."""
    data, members = subject.data(), subject.members()
    became = train_completely(subject.method, members, data)
    inputs = data.inputs(Part.TEST)
    for member in members:
        scores = became.scores(member.key, inputs)
        require(scores.shape == (TEST, 3), f"scores of one member have shape {scores.shape}.")
        require(np.isfinite(scores).all(), f"{member.key} has scores that are not finite.")


def check_members_do_not_depend_on_neighbours(subject: Subject) -> None:
    """A member trained alone scores as it does beside others."""
    data, members = subject.data(), subject.members()
    inputs = data.inputs(Part.TEST)
    together = train_completely(subject.method, members, data)
    backwards = train_completely(subject.method, members[::-1], data)
    for member in members:
        alone = train_completely(subject.method, (member,), data)
        expected = alone.scores(member.key, inputs)
        for became in (together, backwards):
            _require_equal(
                became.scores(member.key, inputs),
                expected,
                subject.tolerance,
                f"{member.key} scores otherwise beside other members",
            )


def check_training_again_gives_the_same(subject: Subject) -> None:
    """The same members and data give the same scores."""
    data, members = subject.data(), subject.members()
    first, second = (train_completely(subject.method, members, data) for _ in range(2))
    for member in members:
        before, again = (one.scores(member.key, data.inputs(Part.TEST)) for one in (first, second))
        _require_equal(again, before, 0.0, f"{member.key} scores otherwise when trained again")


def check_blocks_score_as_the_whole(subject: Subject) -> None:
    """Scores do not depend on how examples are cut into blocks; no example gives no score."""
    model, inputs = _model(subject)
    whole = model.scores(inputs)
    for size in (1, 5):
        blocks = np.concatenate([model.scores(block) for block in inputs.blocks(size)], axis=1)
        _require_equal(blocks, whole, _ROUNDING, f"scores in blocks of {size} differ")
    none = model.scores(inputs.take(slice(0, 0)))
    require(none.shape == (whole.shape[0], 0, whole.shape[2]), f"no example scores {none.shape}.")


def check_picking_keeps_order(subject: Subject) -> None:
    """`pick` gives the members that were asked for, in that order."""
    model, inputs = _model(subject)
    keys = tuple(reversed(model.members))
    picked = model.pick(keys)
    require(picked.members == keys, f"asked for {keys}, picked {picked.members}.")
    scores = model.scores(inputs)
    _require_equal(picked.scores(inputs), scores[::-1], _ROUNDING, "picked members score otherwise")
    last = model.pick(keys[:1])
    _require_equal(last.scores(inputs), scores[-1:], _ROUNDING, "a picked member scores otherwise")


def check_stored_models_score_the_same(subject: Subject) -> None:
    """What was saved and loaded, whole or picked, scores as before."""
    model, inputs = _model(subject)
    for kept in (model, model.pick(model.members[-1:])):
        with TemporaryDirectory() as name:
            _save(kept, Path(name))
            loaded = subject.method.load(Path(name))
            require(loaded.members == kept.members, "a loaded model has other members.")
            _require_equal(
                loaded.scores(inputs), kept.scores(inputs), 0.0, "a loaded model scores otherwise"
            )


def check_damaged_files_are_refused(subject: Subject) -> None:
    """Each file, when it is missing, cut short or overwritten, makes loading raise `Damaged`."""
    model, _ = _model(subject)
    with TemporaryDirectory() as name:
        folder = Path(name)
        _save(model, folder)
        for path in sorted(path for path in folder.rglob("*") if path.is_file()):
            content = path.read_bytes()
            path.unlink()
            _require_damaged(subject.method, folder, f"{path.name} is missing")
            for what, text in (
                ("cut short", content[: len(content) // 2]),
                ("empty", b""),
                ("overwritten", b"\x00garbage" * 9),
            ):
                path.write_bytes(text)
                _require_damaged(subject.method, folder, f"{path.name} is {what}")
            path.write_bytes(content)
        subject.method.load(folder)


def check_unsavable_models_leave_nothing(subject: Subject) -> None:
    """A model that refuses to be saved leaves its folder empty."""
    model, _ = _model(subject)
    with TemporaryDirectory() as name:
        try:
            model.save(Path(name))
        except NotSavable as refusal:
            require(str(refusal), "a model refuses to be saved without a reason.")
            require(not list(Path(name).iterdir()), "a refused save left files.")
            return
    raise NotApplicable("its models can be saved.")


def check_probabilities_are_probabilities(subject: Subject) -> None:
    """They lie in [0, 1], and sum to one where classes exclude each other."""
    certain = [one for one in subject.members() if subject.method.probabilities(one.parameters)]
    if not certain:
        raise NotApplicable("it gives no probabilities.")
    for outputs in sorted(subject.method.outputs):
        data = subject.data(outputs)
        became = train_completely(subject.method, certain, data)
        for member in certain:
            scores = became.scores(member.key, data.inputs(Part.TEST))
            low, high = scores.min(), scores.max()
            require(low >= 0 and high <= 1, f"probabilities go from {low} to {high}.")
            if outputs is Outputs.EXCLUSIVE:
                sums = scores.sum(axis=1)
                _require_equal(sums, np.ones(TEST), _ROUNDING, "probabilities do not sum to one")


def check_unseen_classes_keep_their_column(subject: Subject) -> None:
    """A class that no training example has gets a column, and is never the answer."""
    for outputs, absent in [(one, n) for one in sorted(subject.method.outputs) for n in (0, 2)]:
        data, members = subject.data(outputs, absent=absent), subject.members()
        became = train_completely(subject.method, members, data)
        inputs = data.inputs(Part.TRAIN)
        for member in members:
            scores = became.scores(member.key, inputs)
            require(scores.shape[1] == 3, f"{scores.shape[1]} columns for 3 outputs ({outputs}).")
            if outputs is Outputs.EXCLUSIVE:
                chosen = scores.argmax(axis=1) == absent
            else:
                threshold = 0.5 if subject.method.probabilities(member.parameters) else 0.0
                chosen = scores[:, absent] > threshold
            require(not chosen.any(), f"class {absent} was answered though never seen ({outputs}).")


def check_each_target_can_be_learnt_alone(subject: Subject) -> None:
    """A member of one target has one column, whichever other targets train beside it."""
    if Outputs.INDEPENDENT not in subject.method.outputs:
        raise NotApplicable("it learns no independent targets.")
    shared = Axis.TARGET in subject.method.shares
    classes = subject.data(Outputs.INDEPENDENT).dataset.labels.classes
    whole = subject.data(Outputs.INDEPENDENT)
    members = subject.members(targets=classes)
    together = train_completely(subject.method, members, whole) if shared else None
    for target in classes:
        data = whole if shared else subject.data(Outputs.INDEPENDENT, target=target)
        mine = tuple(member for member in members if member.target == target)
        became = train_completely(subject.method, mine, data)
        for member in mine:
            scores = became.scores(member.key, data.inputs(Part.TEST))
            require(scores.shape == (TEST, 1), f"one target has scores {scores.shape}.")
            if together:
                beside = together.scores(member.key, data.inputs(Part.TEST))
                text = f"target {target!r} scores otherwise beside other targets"
                _require_equal(beside, scores, subject.tolerance, text)


def check_weights_of_one_change_nothing(subject: Subject) -> None:
    """Members that see weights of one are as those that see none."""
    _require_weights(subject)
    if subject.draws_by_weight:
        raise NotApplicable("it draws examples by weight.")
    data = subject.data(weights=np.ones(TRAINING + VALIDATION + TEST))
    without = train_completely(subject.method, subject.members(), data)
    weighted = train_completely(subject.method, subject.members(weights="given"), data)
    for member in subject.members():
        _require_equal(
            weighted.scores(member.key, data.inputs(Part.TEST)),
            without.scores(member.key, data.inputs(Part.TEST)),
            max(subject.tolerance, _ROUNDING),
            "weights of one change scores",
        )


def check_weights_act(subject: Subject) -> None:
    """Heavy examples of one class raise its scores, for members that see weights and no others."""
    _require_weights(subject)
    codes = subject.data(Outputs.EXCLUSIVE).dataset.labels.codes
    data = subject.data(Outputs.EXCLUSIVE, weights=np.where(codes == 2, 10.0, 1.0))
    plain = subject.data(Outputs.EXCLUSIVE)
    unweighted = train_completely(subject.method, subject.members(), plain)
    blind = train_completely(subject.method, subject.members(), data)
    weighted = train_completely(subject.method, subject.members(weights="given"), data)
    raised = []
    for member in subject.members():
        expected = unweighted.scores(member.key, plain.inputs(Part.TEST))
        seen = blind.scores(member.key, data.inputs(Part.TEST))
        text = "weights change a member that should not see them"
        _require_equal(seen, expected, subject.tolerance, text)
        heavy = weighted.scores(member.key, data.inputs(Part.TEST))
        raised.append(heavy[:, 2].mean() > expected[:, 2].mean())
    if subject.weighs_by_class:
        require(any(raised), "ten times the weight of a class raises its scores in no member.")


def check_interruption_keeps_what_is_done(subject: Subject) -> None:
    """Asked to end at any report, a method yields complete members only, and can be run again."""
    data, members = subject.data(), subject.members()
    inputs = data.inputs(Part.TEST)
    full = train_completely(subject.method, members, data)
    for report in count(1):
        driver = Driver(stop_at=report)
        became = train_all(subject.method, members, data, driver)
        require(driver.reports, "training reports no progress.")
        if len(driver.reports) < report or report > 3:
            return
        for key in became.trained:
            _require_equal(
                became.scores(key, inputs),
                full.scores(key, inputs),
                subject.tolerance,
                f"{key} came back incomplete from an interrupted training",
            )
        require(not became.failed, "an interruption counts as failure.")


def check_a_failing_member_fails_alone(subject: Subject) -> None:
    """A member that cannot be trained is `Failed` with a reason; the others are as without it."""
    if subject.failing is None:
        raise NotApplicable("no valid parameters are known that cannot be trained.")
    data = subject.data()
    sound = subject.members()
    (broken,) = make_members(subject.method, [subject.failing])
    broken = replace(broken, key="broken")
    became = train_all(subject.method, (broken, *sound), data)
    require(set(became.failed) == {"broken"}, f"failed: {', '.join(became.failed) or 'none'}.")
    full = train_completely(subject.method, sound, data)
    for member in sound:
        beside, without = (one.scores(member.key, data.inputs(Part.TEST)) for one in (became, full))
        text = "a failing neighbour changes scores"
        _require_equal(beside, without, subject.tolerance, text)


def check_costs_are_estimates(subject: Subject) -> None:
    """Costs are positive, and no smaller for more examples."""
    for member in subject.members():
        small, large = (
            subject.method.cost(member, Shape(examples=n, scored=n, features=6, outputs=3))
            for n in (100, 10_000)
        )
        for name in ("seconds", "memory_bytes", "disk_bytes"):
            low, high = getattr(small, name), getattr(large, name)
            require(0 <= low <= high < np.inf, f"cost in {name}: {low} for 100, {high} for 10,000.")


def _model(subject: Subject) -> tuple[Model, Inputs]:
    """The model that holds most members, and examples to score."""
    data = subject.data()
    became = train_completely(subject.method, subject.members(), data)
    return max(became.trained.values(), key=lambda model: len(model.members)), data.inputs(
        Part.TEST
    )


def _require_weights(subject: Subject) -> None:
    if not subject.method.weights_allowed:
        raise NotApplicable("it does not train with weights.")


def _require_equal(got: np.ndarray, expected: np.ndarray, tolerance: float, text: str) -> None:
    require(got.shape == expected.shape, f"{text}: shape {got.shape}, not {expected.shape}.")
    difference = float(np.abs(got - expected).max(initial=0.0))
    require(difference <= tolerance, f"{text}, by up to {difference:.3g}.")


def _save(model: Model, folder: Path) -> None:
    try:
        model.save(folder)
    except NotSavable as refusal:
        raise NotApplicable(f"it is not stored: {refusal}") from refusal


def _require_damaged(method: Method, folder: Path, what: str) -> None:
    try:
        method.load(folder)
    except Damaged:
        return
    except Exception as error:
        text = f"{what}, and loading raises {type(error).__name__} instead of Damaged: {error}"
        raise ContractBroken(text) from error
    require(False, f"{what}, and loading does not notice.")
