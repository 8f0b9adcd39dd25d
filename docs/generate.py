"""Write the parts of the manual that are made from the code itself: jobs, methods, commands."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import typer
from typer.testing import CliRunner

from sortal.cli.main import app
from sortal.data.labels import Outputs
from sortal.job.schema import reference
from sortal.job.type_names import describe
from sortal.methods import registry
from sortal.methods.contract.base import Method
from sortal.metrics.metric import Metric
from sortal.metrics.registry import METRICS
from sortal.systems.clavis.builtin import classifiers, datasets

SOURCES = {
    "optimal": "A definition: the labels of the data are its scores.",
    "naive": "A definition: frequencies of the training labels.",
    "kneighbors": "Cover and Hart 1967, doi:10.1109/TIT.1967.1053964.",
    "logistic": "Cox 1958, doi:10.1111/j.2517-6161.1958.tb00292.x.",
    "svm": (
        "Cortes and Vapnik 1995, doi:10.1007/BF00994018; the solver is LIBSVM, Chang and Lin 2011, "
        "doi:10.1145/1961189.1961199."
    ),
    "gaussiannb": (
        "Hastie, Tibshirani and Friedman 2009, section 6.6.3, doi:10.1007/978-0-387-84858-7."
    ),
    "lda": (
        "Fisher 1936, doi:10.1111/j.1469-1809.1936.tb02137.x; `shrinkage: auto` is that of Ledoit "
        "and Wolf 2004, doi:10.1016/S0047-259X(03)00096-4."
    ),
    "qda": "Hastie, Tibshirani and Friedman 2009, section 4.3, doi:10.1007/978-0-387-84858-7.",
    "gaussianprocess": (
        "Rasmussen and Williams 2006, *Gaussian Processes for Machine Learning*, chapter 3 "
        "(Laplace's approximation)."
    ),
    "decisiontree": "Breiman, Friedman, Olshen and Stone 1984, doi:10.1201/9781315139470.",
    "randomforest": "Breiman 2001, doi:10.1023/A:1010933404324.",
    "extratrees": "Geurts, Ernst and Wehenkel 2006, doi:10.1007/s10994-006-6226-1.",
    "adaboost": (
        "Freund and Schapire 1997, doi:10.1006/jcss.1997.1504; more than two classes: Zhu, Zou, "
        "Rosset and Hastie 2009, doi:10.4310/SII.2009.v2.n3.a8."
    ),
    "histgradientboosting": "Friedman 2001, doi:10.1214/aos/1013203451.",
    "xgboost": "Chen and Guestrin 2016, doi:10.1145/2939672.2939785.",
    "mlp": (
        "Rumelhart, Hinton and Williams 1986, doi:10.1038/323533a0; Adam is Kingma and Ba 2015, "
        "arXiv:1412.6980, and AdamW Loshchilov and Hutter 2019, arXiv:1711.05101."
    ),
    "realmlp": (
        "Holzmüller, Grinsztajn and Steinwart 2024, arXiv:2407.04491; the temperature is that of "
        "Guo, Pleiss, Sun and Weinberger 2017, arXiv:1706.04599. How it compares is told "
        "[below](#how-realmlp-compares)."
    ),
    "cnn": (
        "LeCun, Bottou, Bengio and Haffner 1998, doi:10.1109/5.726791; dropout is Srivastava et al. "
        "2014, normalisation Ioffe and Szegedy 2015, arXiv:1502.03167."
    ),
    "lstm": (
        "Hochreiter and Schmidhuber 1997, doi:10.1162/neco.1997.9.8.1735, with the forget gates of "
        "Gers, Schmidhuber and Cummins 2000, doi:10.1162/089976600300015015."
    ),
}
"""Where each method is described."""

_SAME = "only the data and a warm process"

SHARED = {
    "optimal": "the truth, sorted once",
    "naive": "one count of the classes",
    "kneighbors": "one search, as deep as the largest `n_neighbors`",
    "logistic": _SAME,
    "svm": _SAME,
    "gaussiannb": _SAME,
    "lda": _SAME,
    "qda": _SAME,
    "gaussianprocess": _SAME,
    "decisiontree": _SAME,
    "randomforest": "the trees: smaller forests are prefixes of the largest",
    "extratrees": "the trees: smaller forests are prefixes of the largest",
    "adaboost": "the rounds: shorter ones are stages of the longest",
    "histgradientboosting": "the rounds: shorter ones are stages of the longest",
    "xgboost": "the binned features, and rounds where all else is equal",
    "mlp": "batched steps of networks of one shape, and their minibatches",
    "realmlp": "batched steps of networks of one shape, their minibatches and scaling",
    "cnn": "steps of networks of one shape, and their minibatches",
    "lstm": "steps of networks of one shape, and their minibatches",
}
"""What the members of one population share."""

_WIDTH = 88


def write(folder: Path) -> None:
    """Write every generated part into a folder, which is created; unchanged files stay untouched."""
    folder.mkdir(parents=True, exist_ok=True)
    for name, text in parts().items():
        path = folder / f"{name}.md"
        # Sphinx reads a page again when a file that it includes is newer.
        if not path.exists() or path.read_text(encoding="utf-8") != text:
            path.write_text(text, encoding="utf-8")


def parts() -> dict[str, str]:
    """Every generated part by the name of its file, as Markdown."""
    return {
        "job": reference(),
        "methods": "\n".join(_methods()),
        "command": "\n".join(_commands()),
        "metrics": "\n".join(_metrics()),
        "clavis": "\n".join(_clavis()),
    }


def _metrics() -> Iterator[str]:
    header = ("metric", "title", "labels", "best", "needs probabilities")
    yield from _table(header, [_metric_row(metric) for metric in METRICS])


def _metric_row(metric: Metric) -> tuple[str, ...]:
    labels = "exclusive and independent" if metric.outputs == "both" else metric.outputs
    return (
        f"`{metric.name}`",
        metric.title,
        f"{labels}, a single target too" if metric.single_target else labels,
        "largest" if metric.greater_is_better else "smallest",
        _yes(value=metric.needs_probabilities),
    )


def _methods() -> Iterator[str]:
    found = [registry.find(name) for name in registry.method_names()]
    header = ("method", "members share", "may differ in", "weights", "missing", "probabilities")
    yield from _table(header, [_row(method) for method in found])
    for method in found:
        yield from _method(method)


def _row(method: Method) -> tuple[str, ...]:
    return (
        f"[`{method.name}`](#{method.name})",
        SHARED[method.name],
        ", ".join(sorted(method.shares)) or "nothing else",
        _yes(value=method.weights_allowed),
        _yes(value=method.missing_allowed),
        _yes(value=method.probabilities(method.Parameters())),
    )


def _method(method: Method) -> Iterator[str]:
    yield f"({method.name})="
    yield f"## `{method.name}`\n"
    yield f"{_sentences(method)}\n"
    kinds = " and ".join(sorted(outputs.value for outputs in method.outputs))
    if method.outputs != frozenset(Outputs):
        yield f"Labels: {kinds} only.\n"
    yield f"Source: {SOURCES[method.name]}\n"
    fields = method.Parameters.model_fields
    if not fields:
        yield "No parameters.\n"
        return
    rows = [
        (
            f"`{name}`",
            describe(field.annotation, field.metadata),
            _default(field.get_default(call_default_factory=True)),
            " ".join((field.description or "").split()),
        )
        for name, field in fields.items()
    ]
    yield from _table(("parameter", "values", "default", "meaning"), rows)


def _clavis() -> Iterator[str]:
    """Classifiers and data sets of ClaVis."""
    yield "## Classifiers\n"
    rows = [
        (f"`{name}`", one.declaration.short, one.declaration.description)
        for name, one in classifiers.BUILT_IN.items()
    ]
    yield from _table(("name", "short", "what it is"), rows)
    yield "## Parameters\n"
    parameters = [
        (
            f"`{name}`",
            f"`{one.name}`",
            one.expected(),
            f"`{json.dumps(one.default)}`",
            one.description,
        )
        for name, built_in in classifiers.BUILT_IN.items()
        for one in built_in.declaration.parameters
    ]
    yield from _table(("classifier", "parameter", "values", "default", "meaning"), parameters)
    yield "## Data sets\n"
    found = [
        (f"`{one.name}`", one.description, str(len(one.class_names)), _yes(value=bool(one.needs)))
        for one in datasets.BUILT_IN.values()
    ]
    yield from _table(("name", "what it is", "classes", "to download"), found)


def _sentences(method: Method) -> str:
    """The docstring of a method's class, its paragraphs kept."""
    paragraphs = (type(method).__doc__ or method.summary).split("\n\n")
    return "\n\n".join(" ".join(paragraph.split()) for paragraph in paragraphs)


def _commands() -> Iterator[str]:
    """The help of every command, as it prints it."""
    runner = CliRunner()
    for words in command_lines():
        called = " ".join(["sortal", *words])
        shown = runner.invoke(
            app, [*words, "--help"], prog_name="sortal", terminal_width=_WIDTH, color=False
        )
        text = "\n".join(line.rstrip() for line in shown.output.strip().splitlines())
        yield f"## `{called}`\n\n```text\n{text}\n```\n"


def command_lines() -> list[list[str]]:
    """Words after `sortal` of every command, the bare command first."""
    return list(_below([], typer.main.get_command(app)))


def _below(words: list[str], command: Any) -> Iterator[list[str]]:
    yield words
    for name, inner in getattr(command, "commands", {}).items():
        yield from _below([*words, name], inner)


def _table(header: tuple[str, ...], rows: list[tuple[str, ...]]) -> Iterator[str]:
    yield "| " + " | ".join(header) + " |"
    yield "|" + "---|" * len(header)
    for row in rows:
        yield "| " + " | ".join(cell.replace("|", "\\|") for cell in row) + " |"
    yield ""


def _default(value: Any) -> str:
    return "none" if value is None else f"`{value}`"


def _yes(*, value: bool) -> str:
    return "yes" if value else "no"
