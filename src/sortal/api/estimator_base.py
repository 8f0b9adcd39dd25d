"""A method behind scikit-learn's interface: what the estimators of all methods have in common."""

import warnings
from typing import Any, ClassVar

import numpy as np
from pydantic import ValidationError
from sklearn.base import BaseEstimator, ClassifierMixin
from sklearn.utils.metaestimators import available_if
from sklearn.utils.validation import _check_sample_weight, check_is_fitted, validate_data

from sortal.data.inputs import Inputs
from sortal.data.labels import Outputs
from sortal.data.preparing.array_shapes import unmasked
from sortal.errors import OptionError, UserError
from sortal.evaluation.scores import predict_labels
from sortal.job.validation import problems_of
from sortal.methods import registry
from sortal.methods.contract.base import Failed, Member, Method, Parameters
from sortal.methods.contract.train_one import LabelCodes, make_training_data, train_alone

_BLOCK = 50_000
"""Examples that are scored at a time."""

_LARGEST_SEED = 2**31 - 1


class EstimatorError(UserError, ValueError):
    """An estimator cannot do what it is asked to; also a `ValueError`, as scikit-learn expects."""


class TrainingNote(UserWarning):
    """Something that training noticed, such as that it did not converge."""


class AbstractEstimator(ClassifierMixin, BaseEstimator):  # type: ignore[misc]  # scikit-learn has no types
    """What the estimators of all methods have in common."""

    method_name: ClassVar[str]
    """Name in the registry."""

    def predict(self, X: Any) -> np.ndarray:
        """Decide by the scores.

        Returns:
            A class per example, or 0 and 1 of shape (examples, targets).
        """
        scores = self._scores(X)
        codes = predict_labels(scores[None], self._truth.outputs, probabilities=self._probable)[0]
        return self._truth.decoded(codes)

    @available_if(lambda self: self._is_probable())  # type: ignore[untyped-decorator]
    def predict_proba(self, X: Any) -> np.ndarray:
        """Probabilities, shape (examples, classes), or (examples, targets) that each is true."""
        return self._scores(X)

    @available_if(lambda self: not self._is_probable())  # type: ignore[untyped-decorator]
    def decision_function(self, X: Any) -> np.ndarray:
        """Decision values, shape (examples, classes) or (examples, targets).

        Of two classes only the second's come, shape (examples,).
        """
        scores = self._scores(X)
        if self._truth.outputs is Outputs.EXCLUSIVE and len(self.classes_) == 2:
            return np.asarray((scores[:, 1] - scores[:, 0]) / 2)
        return scores

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        method = registry.find(self.method_name)
        tags.input_tags.allow_nan = method.missing_allowed
        tags.classifier_tags.multi_label = Outputs.INDEPENDENT in method.outputs
        tags.classifier_tags.poor_score = self.method_name in registry.REFERENCES
        return tags

    def _learn(self, X: Any, y: Any, weights: Any) -> Any:
        method, parameters = self._found(), self._checked()
        if isinstance(y, np.ma.MaskedArray) and np.ma.getmaskarray(y).any():
            raise EstimatorError(
                "y: expected a class for each example, got masked ones; leave them out."
            )
        X = _with_gaps(X)
        matrix, labels = validate_data(
            self,
            X,
            y,
            dtype=[np.float64, np.float32],
            ensure_all_finite=self._finite(method),
            multi_output=True,
        )
        if weights is not None:
            weights = _check_sample_weight(weights, matrix, dtype=np.float64)
        truth = LabelCodes.of(labels, method.outputs)
        member = Member(
            key=self.method_name,
            method=self.method_name,
            parameters=parameters,
            seed=self._drawn_seed(),
            weights="" if weights is None else "given",
            calibration=self.calibrate or "",
        )
        names = getattr(self, "feature_names_in_", None)
        outcome = train_alone(method, member, make_training_data(matrix, truth, weights, names))
        if isinstance(outcome, Failed):
            raise _cannot_train(outcome, matrix)
        self.notes_ = outcome.notes.get(member.key, ())
        for note in self.notes_:
            warnings.warn(f"{self.method_name}: {note}", TrainingNote, stacklevel=3)
        self._truth, self._probable = truth, method.probabilities(parameters)
        self.classes_, self.model_ = truth.values, outcome.model
        return self

    def _scores(self, X: Any) -> np.ndarray:
        check_is_fitted(self)
        matrix = validate_data(
            self,
            _with_gaps(X),
            reset=False,
            dtype=[np.float64, np.float32],
            ensure_all_finite=self._finite(self._found()),
        )
        inputs = Inputs({"features": matrix}, np.arange(len(matrix)))
        parts = [self.model_.scores(block)[0] for block in inputs.blocks(_BLOCK)]
        return np.concatenate(parts).astype(np.float64, copy=False)

    def _found(self) -> Method:
        try:
            return registry.find(self.method_name, self.calibrate or "")
        except OptionError as error:
            raise EstimatorError(str(error)) from error

    def _drawn_seed(self) -> int:
        """The seed of this training; a RandomState draws another one each time."""
        if isinstance(self.random_state, np.random.RandomState):
            return int(self.random_state.randint(_LARGEST_SEED))
        return int(self.seed if self.random_state is None else self.random_state)

    def _checked(self) -> Parameters:
        """The method's parameters as they are now."""
        _check_seed("seed", self.seed)
        if not (self.random_state is None or isinstance(self.random_state, np.random.RandomState)):
            _check_seed("random_state", self.random_state)
        model = registry.find(self.method_name).Parameters
        values = {name: _plain(getattr(self, name)) for name in model.model_fields}
        try:
            return model.model_validate(values)
        except ValidationError as error:
            problems = problems_of(error, values, model, path=self.method_name)
            raise EstimatorError("\n".join(map(str, problems))) from error

    def _is_probable(self) -> bool:
        if hasattr(self, "model_"):
            return bool(self._probable)
        # Asked by hasattr: what is wrong with parameters is for `fit` to say.
        try:
            return self._found().probabilities(self._checked())
        except EstimatorError:
            return True

    @staticmethod
    def _finite(method: Method) -> bool | str:
        return "allow-nan" if method.missing_allowed else True


class PlainEstimator(AbstractEstimator):
    """Base for methods that cannot use example weights."""

    def fit(self, X: Any, y: Any) -> Any:
        """Train.

        Args:
            X: Features, shape (examples, features).
            y: A class per example, or several targets as 0 and 1, shape (examples, targets).

        Raises:
            EstimatorError: A parameter has a value that it cannot take, or nothing can be learnt.
        """
        return self._learn(X, y, None)


class WeightedEstimator(AbstractEstimator):
    """Base for methods that use example weights."""

    def fit(self, X: Any, y: Any, sample_weight: Any = None) -> Any:
        """Train.

        Args:
            X: Features, shape (examples, features).
            y: A class per example, or several targets as 0 and 1, shape (examples, targets).
            sample_weight: Weight of each example, shape (examples,); all weigh the same if None.

        Raises:
            EstimatorError: A parameter has a value that it cannot take, or nothing can be learnt.
        """
        return self._learn(X, y, sample_weight)


def _cannot_train(failed: Failed, matrix: np.ndarray) -> EstimatorError:
    shape = f"n_samples={len(matrix)}, n_features={matrix.shape[1]}"
    error = EstimatorError(f"{failed.key} cannot be trained ({shape}): {failed.reason}")
    if failed.traceback:
        error.add_note(failed.traceback)
    return error


def _check_seed(name: str, value: Any) -> None:
    seed = _plain(value)
    if not isinstance(seed, int) or isinstance(seed, bool) or not 0 <= seed <= _LARGEST_SEED:
        raise EstimatorError(
            f"{name}: expected a whole number from 0 to {_LARGEST_SEED}, got {seed!r}."
        )


def _plain(value: Any) -> Any:
    """A number as Python has it: grids and random draws give numpy's."""
    return value.item() if isinstance(value, np.generic) else value


def _with_gaps(X: Any) -> Any:
    """A masked array with NaN where it is masked, which scikit-learn would not look at."""
    return unmasked(X) if isinstance(X, np.ma.MaskedArray) else X
