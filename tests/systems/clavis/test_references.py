"""A classifier that repeats the truth, or one class, is a reference: it is shown and never the best."""

from dataclasses import replace

import pytest

pytestmark = pytest.mark.usefixtures("inline")

NAIVE = {"title": "Ⓝ Naive", "method": "naive"}
OPTIMAL = {"title": "🟊 Optimal", "method": "optimal"}
NB = {"title": "NB", "method": "gaussiannb"}


def test_optimal_of_a_plugin_is_never_the_best(bench):
    answers = "def predict(self, X_test, y_test): return y_test"
    for name in ("optimal", "my_oracle"):
        bench.classifier(name)
        path = bench.folder / "modules/classifiers" / name / "__init__.py"
        text = path.read_text()
        start = text.index("    def predict")
        path.write_text(text[:start] + f"    {answers}\n")
    entries = [{"title": name, "method": name} for name in ("optimal", "my_oracle")]
    ran = bench.batch(bench.job("iris", [*entries, NAIVE, NB]))
    results = ran.results("iris")
    assert results.best().title == "NB"
    assert results.outline().best == "NB"
    assert results.ranked[0].title in {"optimal", "my_oracle"}, "a ranking shows them"
    assert results.tied() == {"NB"}
    (oracle,) = results.titled("my_oracle")
    assert oracle.is_reference
    assert any("counts as a reference" in note for note in oracle.notes)


ANSWERS = {
    "truth": "def predict(self, X_test, y_test): return np.reshape(y_test, (-1, 1))",
    "scores": (
        "def predict(self, X_test, y_test): return np.zeros(len(X_test), int)\n"
        "    def predict_proba(self, X_test, y_test): return np.eye(3)[y_test]"
    ),
    "majority": "def predict(self, X_test, y_test): return np.zeros(len(X_test), int)",
    "by_length": "def predict(self, X_test, y_test): return (X_test[:, 2] > 2.5).astype(int)",
    "exits": (
        "def predict(self, X_test, y_test):\n"
        "        real = (X_test[:, 2] > 2.5) * 1 + (X_test[:, 3] > 1.7) * 1\n"
        "        if (y_test == 0).all(): raise SystemExit(1)\n"
        "        return real"
    ),
}


def answering(bench, name, answers):
    """A plugin whose classifier answers in one of these ways."""
    bench.classifier(name)
    path = bench.folder / "modules/classifiers" / name / "__init__.py"
    text = path.read_text()
    path.write_text(
        "import numpy as np\n" + text[: text.index("    def predict")] + f"    {ANSWERS[answers]}\n"
    )
    return {"title": name, "method": name}


@pytest.mark.parametrize(
    ("name", "answers", "is_reference"),
    [
        ("naive", "majority", True),
        ("naive", "by_length", False),
        ("optimal", "truth", True),
        ("optimal", "by_length", False),
        ("optimal_multi_label", "majority", True),
        ("mine", "truth", True),
        ("mine", "scores", True),
        ("mine", "majority", False),
        ("mine", "exits", False),
    ],
)
def test_a_plugin_is_a_reference_by_what_it_does(bench, name, answers, is_reference):
    ran = bench.batch(bench.job("iris", [answering(bench, name, answers), NB]))
    assert ran.code == 0
    (found,) = ran.results("iris").titled(name)
    assert found.is_reference is is_reference
    competes = any("competes as any other classifier" in note for note in found.notes)
    assert competes is (name in {"naive", "optimal"} and not is_reference)


def test_a_record_that_does_not_say_it_goes_by_the_name(bench):
    ran = bench.batch(bench.job("iris", [answering(bench, "naive", "by_length")]))
    (found,) = ran.results("iris").titled("naive")
    (member,) = found.members
    record = member.record.model_copy(update={"reference": None})
    assert replace(found, members=(replace(member, record=record),)).is_reference


def test_a_plugin_that_only_has_the_name_of_a_reference_may_win(bench):
    ran = bench.batch(bench.job("iris", [answering(bench, "naive", "by_length"), OPTIMAL]))
    assert ran.results("iris").best().title == "naive"
