"""What a cache of ClaVis holds that is odd: it is told, what is sound is imported, and nothing is lost."""

import shlex

import pytest
from typer.testing import CliRunner

from sortal.cli.main import app
from sortal.store.store import Store

JOB = "iris - ClaVis"


@pytest.mark.parametrize("text", ["half \ud800", "\x1b]0;x\x07", "\x9b2J"])
def test_values_a_terminal_cannot_show_appear_by_their_numbers(cache, text):
    block = cache.data(path=text, inner=[{"path": text}])
    block.classifier("KNN", cache.iris(1), metric=text, inner=[{"path": text}])
    assert cache.bring().code == 0
    for command in (["store", "show", JOB], ["show", JOB], ["show", f"{JOB}/KNN"], ["list"]):
        ran = cache.sortal(*command)
        assert ran.code == 0
        assert all(line.isprintable() for line in ran.lines)


def test_unusable_entries_are_listed_and_the_rest_is_imported(cache):
    block = cache.data()
    block.classifier("sound", cache.iris(1))
    broken = [block.classifier(f"broken {n}", cache.iris(1)) for n in range(2)]
    for path in broken:
        path.write_text("{")
    ran = cache.bring()
    assert ran.code == 1
    assert "2 problems:" in ran.lines
    assert all(f"  {path.name}, line 1, column 2: expected JSON" in ran.out for path in broken)
    assert [result.title for result in ran.results(JOB).results] == ["sound"]


def test_a_matrix_too_large_to_draw_does_not_end_an_import(cache):
    block = cache.data("many", "nobody knows")
    most = {
        "accuracy": 1.0,
        "conf_matrix": [[10**15, 0], [0, 0]],
        "pre_rec_fs_supp": [1, 1, 1, None],
    }
    block.classifier("most", most)
    over = {**most, "accuracy": 0.01, "conf_matrix": [[10**15] * 100] * 100}
    path = block.classifier("over", over)
    ran = cache.bring()
    assert ran.code == 1
    assert f"{path.name}, test_scores.conf_matrix: expected at most 1e15 examples in all" in ran.out
    assert [result.title for result in ran.results("many - ClaVis").results] == ["most"]


def test_nothing_usable_is_a_refusal_and_makes_no_store(cache):
    cache.data().classifier("broken", cache.iris(1)).write_text("{")
    ran = cache.bring()
    assert ran.code == 2
    assert "nothing of this cache can be used" in ran.out
    assert "1 problem:" in ran.out
    assert not ran.store.exists()


def test_results_that_changed_are_told_and_kept(cache):
    block = cache.data()
    block.classifier("KNN", cache.iris(1))
    record = cache.bring().record(JOB)
    block.classifier("KNN", cache.iris(2))
    ran = cache.bring()
    assert ran.code == 1
    assert "the cache has other results of it than the store" in ran.out
    assert ran.record(JOB) == record
    assert cache.sortal("store", "rm", f"{JOB}/KNN").code == 0
    (knn,) = cache.bring().results(JOB).titled("KNN")
    assert knn.figures["accuracy"].mean == cache.iris(2)["accuracy"]


def test_commands_that_are_printed_can_be_pasted(cache, tmp_path):
    title, store = "It's $HOME", tmp_path / "my store"
    block = cache.data()

    def bring():
        return CliRunner(env={"COLUMNS": "200"}).invoke(
            app, ["clavis", "import", str(cache.folder), "--store", str(store)]
        )

    block.classifier(title, cache.iris(1))
    first = bring()
    block.classifier(title, cache.iris(2))
    second = bring()
    printed = [line.partition("sortal ")[2] for line in (first.output + second.output).splitlines()]
    show, remove, again = (shlex.split(one) for one in printed if one)
    option = ["--store", str(store)]
    assert show == again == ["show", JOB, *option]
    assert remove == ["store", "rm", f"{JOB}/{title}", *option]
    assert CliRunner().invoke(app, show).exit_code == 0
    assert CliRunner().invoke(app, remove).exit_code == 0
    assert bring().exit_code == 0


def test_what_differs_is_not_said_to_be_in_the_store(cache):
    block = cache.data()
    block.classifier("KNN", cache.iris(1))
    cache.bring()
    block.classifier("KNN", cache.iris(2))
    assert "nothing to import" not in cache.bring().out


@pytest.mark.parametrize("title", ["a/b: c?", "日本", "x" * 300, " blank ", "-dash"])
def test_any_title_of_a_job_is_one_in_the_store(cache, title):
    cache.data(title).classifier("KNN", cache.iris(1))
    ran = cache.bring()
    assert ran.code == 0
    (name,) = Store.open(ran.store).jobs.names()
    assert name.endswith("- ClaVis")
    assert cache.bring().record(name) == ran.record(name)
