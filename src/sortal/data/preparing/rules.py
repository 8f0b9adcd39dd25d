"""Rules of preparation: how missing values are filled and how values are scaled, input by input and column by column."""

import hashlib
import json
from dataclasses import asdict, dataclass
from typing import Any, Generic, TypeAlias, TypeVar, cast, get_args

from sortal.errors import OptionError
from sortal.job.preparation import Filling, Scaling


@dataclass(frozen=True, slots=True)
class ConstantFill:
    """Missing values become one number."""

    value: float


@dataclass(frozen=True, slots=True)
class NearestFill:
    """A missing value becomes the mean of the nearest training examples that have a value there."""

    neighbours: int = 5
    columns: tuple[str, ...] = ()
    """Columns in which distances are measured; empty for all columns of the input."""


Imputation: TypeAlias = Filling | ConstantFill | NearestFill

_KINDS: dict[str, type[ConstantFill] | type[NearestFill]] = {
    "constant": ConstantFill,
    "knn": NearestFill,
}

Rule = TypeVar("Rule", Scaling, Imputation)


@dataclass(frozen=True, slots=True)
class PerInput(Generic[Rule]):
    """A rule for each input, or for each of its columns."""

    inputs: tuple[tuple[str, tuple[Rule, ...]], ...]
    """Names of inputs with one rule, or with a rule a column."""

    def of(self, name: str, count: int) -> tuple[Rule, ...]:
        """Rules of the columns of an input."""
        rules = dict(self.inputs)[name]
        return rules if len(rules) == count else rules * count


Rules: TypeAlias = Rule | PerInput[Rule]


def rules_of(rules: Rules[Rule], name: str, count: int) -> tuple[Rule, ...]:
    """The rule of each of the `count` columns, or channels, of an input."""
    return rules.of(name, count) if isinstance(rules, PerInput) else (rules,) * count


def all_rules(rules: Rules[Rule]) -> tuple[Rule, ...]:
    """Every rule that some input has."""
    if isinstance(rules, PerInput):
        return tuple(dict.fromkeys(rule for _, several in rules.inputs for rule in several))
    return (rules,)


def simplified(rules: PerInput[Rule]) -> Rules[Rule]:
    """One rule where all inputs and columns have the same, so that it means what one word means."""
    several = all_rules(rules)
    if len(several) == 1:
        return several[0]
    inputs = ((name, own[:1] if len(set(own)) == 1 else own) for name, own in rules.inputs)
    return PerInput(tuple(inputs))


def rules_to_json(rules: Rules[Rule]) -> Any:
    """A word, an object with its kind, or a list of these for each input."""
    if isinstance(rules, PerInput):
        return {"inputs": {name: [_rule_to_json(one) for one in own] for name, own in rules.inputs}}
    return _rule_to_json(rules)


def scaling_from_json(stored: Any) -> Rules[Scaling]:
    """Read what `rules_to_json` made of scalings.

    Raises:
        OptionError: A word names no scaling.
    """
    rules = _from_json(stored, lambda word: _word("scaling", word, get_args(Scaling)))
    return cast("Rules[Scaling]", rules)


def imputation_from_json(stored: Any) -> Rules[Imputation]:
    """Read what `rules_to_json` made of imputations.

    Raises:
        OptionError: A word names no imputation.
    """

    def read(given: Any) -> Imputation:
        if isinstance(given, dict):
            options = {name: value for name, value in given.items() if name != "kind"}
            if "columns" in options:
                options["columns"] = tuple(options["columns"])
            return _KINDS[given["kind"]](**options)
        return cast("Imputation", _word("imputation", given, get_args(Filling)))

    return cast("Rules[Imputation]", _from_json(stored, read))


def text_of(rules: Rules[Rule]) -> str:
    """A short text that is equal for equal rules: a word, or a digest of what is more than a word."""
    if isinstance(rules, str):
        return rules
    stored = json.dumps(rules_to_json(rules)).encode()
    return f"rules-{hashlib.blake2b(stored, digest_size=8).hexdigest()}"


def _rule_to_json(rule: Any) -> Any:
    for kind, options in _KINDS.items():
        if isinstance(rule, options):
            return {"kind": kind, **asdict(rule)}
    return rule


def _from_json(stored: Any, read: Any) -> Any:
    if isinstance(stored, dict) and "inputs" in stored:
        inputs = stored["inputs"].items()
        return PerInput(tuple((name, tuple(map(read, rules))) for name, rules in inputs))
    return read(stored)


def _word(option: str, word: Any, known: tuple[str, ...]) -> Any:
    if word not in known:
        raise OptionError(option, word, f"one of {', '.join(known)}")
    return word
