"""References and the classifiers of scikit-learn: every one that ClaVis ships."""

from typing import Any

from sortal.plugins.declaration import Checked, Declaration, Declared
from sortal.plugins.given_data import GivenData
from sortal.systems.clavis.builtin.translation import (
    BuiltIn,
    LabelKind,
    Translate,
    Translated,
    renamed,
    seed_declared,
)


def _built_in(
    names: tuple[str, str, str],
    parameters: tuple[Declared, ...],
    translate: Translate,
    kind: LabelKind = LabelKind.ANY,
) -> BuiltIn:
    name, short, description = names
    declaration = Declaration(
        name=name, short=short, description=description, parameters=parameters
    )
    return BuiltIn(declaration=declaration, translate=translate, kind=kind)


def _whole(name: str, description: str, least: int, greatest: int, default: int) -> Declared:
    return Declared(
        name=name,
        description=description,
        type="integer",
        range=(least, greatest),
        default=default,
    )


def _trees(greatest: int) -> tuple[Declared, ...]:
    return (_whole("n_estimators", "Number of estimators", 1, greatest, 100), seed_declared())


_SVM_PARAMETERS = (
    Declared(
        name="kernel",
        description="Kernel",
        type="string",
        range=("linear", "poly", "rbf", "sigmoid"),
        default="rbf",
    ),
    _whole("degree", "Degree of the kernel poly", 0, 10, 3),
    Declared(
        name="C",
        description="Inverse strength of the penalty",
        type="float",
        range=(0, 100),
        default=1.0,
    ),
    seed_declared(),
)

_PERCEPTRON_PARAMETERS = (
    Declared(
        name="hidden_layer_sizes",
        description="Units of each hidden layer",
        type="array",
        items=Declared(name="units", type="integer", range=(1, 100_000), default=100),
        default=[100],
    ),
    Declared(
        name="solver",
        description="How weights are found",
        type="string",
        range=("lbfgs", "sgd", "adam"),
        default="adam",
    ),
    Declared(
        name="activation",
        description="Activation function",
        type="string",
        range=("identity", "logistic", "tanh", "relu"),
        default="relu",
    ),
    seed_declared(),
)  # fmt: skip


def _svm(checked: Checked, source: GivenData) -> Translated:  # noqa: ARG001 - the same for any data
    """Leave out what has no effect, so that configurations of one meaning share a result.

    Without probabilities no random number is drawn, and only the kernel poly has a degree.
    """
    chosen: dict[str, Any] = {name: checked.values[name] for name in ("kernel", "C")}
    if chosen["kernel"] == "poly":
        chosen["degree"] = checked.values["degree"]
    return Translated(method="svm", parameters={**chosen, "gamma": "scale"})


def _perceptron(checked: Checked, source: GivenData) -> Translated:  # noqa: ARG001
    names = ("hidden_layer_sizes", "solver", "activation")
    return Translated(
        method="sklearn.neural_network.MLPClassifier",
        parameters={name: checked.values[name] for name in names},
        seed=checked.values["random_state"],
    )


CLASSIFIERS: tuple[BuiltIn, ...] = (
    _built_in(
        ("optimal", "Optimal", "Reference: every example gets its true class"),
        (),
        renamed("optimal"),
    ),
    _built_in(
        (
            "optimal_multi_label",
            "Optimal",
            "Reference: every example gets all its true classes",
        ),
        (),
        renamed("optimal"),
        LabelKind.SEVERAL,
    ),
    _built_in(
        ("naive", "Naïve", "Reference: always the most frequent class of the training examples"),
        (),
        renamed("naive"),
    ),
    _built_in(
        ("kneighbors", "KNN", "k nearest neighbours"),
        (_whole("n_neighbors", "Number of neighbours that vote", 1, 1000, 5),),
        renamed("kneighbors", n_neighbors="n_neighbors"),
    ),
    _built_in(("gaussiannb", "GNB", "Gaussian naive Bayes"), (), renamed("gaussiannb")),
    _built_in(("qda", "QDA", "Quadratic discriminant analysis"), (), renamed("qda")),
    _built_in(("decisiontree", "DT", "Decision tree"), (seed_declared(),), renamed("decisiontree")),
    _built_in(
        ("gaussianprocess", "GP", "Gaussian process"),
        (seed_declared(),),
        renamed("gaussianprocess"),
    ),
    _built_in(
        ("adaboost", "Ada", "AdaBoost"),
        _trees(1000),
        renamed("adaboost", n_estimators="n_estimators"),
    ),
    _built_in(
        ("randomforest", "RF", "Random forest"),
        _trees(100_000),
        renamed("randomforest", n_estimators="n_estimators"),
    ),
    _built_in(
        ("random_forest_multi_label", "RF", "Random forests, one for each of several classes"),
        _trees(1000),
        # The method `randomforest` would grow one forest for all classes together.
        renamed("sklearn.ensemble.RandomForestClassifier", n_estimators="n_estimators"),
        LabelKind.SEVERAL,
    ),
    _built_in(("svm", "SVM", "Support vector machine"), _SVM_PARAMETERS, _svm),
    _built_in(
        ("svm_multi_label", "SVM", "Support vector machines, one for each of several classes"),
        _SVM_PARAMETERS,
        _svm,
        LabelKind.SEVERAL,
    ),
    _built_in(
        ("mlpc", "MLPC", "Multi-layer perceptron of scikit-learn"),
        _PERCEPTRON_PARAMETERS,
        _perceptron,
    ),
)
"""In the order of the manual: references, then from plain to intricate."""
