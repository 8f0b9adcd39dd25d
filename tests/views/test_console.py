"""What a person sees: tables that fit, errors that help, exit codes."""

import json
import subprocess
import sys

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.console import Console

from sortal.errors import Damaged, DataError, NotFound, TaskError
from sortal.job.problems import JobError, Problem
from sortal.views.console import ExitCode, echo, print_frame, print_rows, report_error, table

ROWS = [
    {
        "rank": rank,
        "title": f"random forest n_estimators={10**rank} max_features=sqrt",
        "method": "random_forest",
        "balanced_accuracy": 0.95 / rank,
        "low": 0.9 / rank,
        "high": 0.97 / rank,
        "log_loss": 0.1234,
        "fit_seconds": 12.5,
        "score_seconds": 0.01,
        "members": 3,
    }
    for rank in (1, 2, 3)
]


def lines_of(laid, width):
    console = Console(width=width, legacy_windows=False, color_system=None)
    with console.capture() as captured:
        console.print(laid)
    return captured.get().splitlines()


def squeezed(lines):
    return "".join("".join(lines).split())


def test_a_table_of_80_columns_cuts_nothing_and_names_omissions():
    lines = lines_of(table(ROWS, title="digits", width=80), 80)
    assert max(map(len, lines)) <= 80
    text = squeezed(lines)
    for word in ("n_estimators=1000", "max_features=sqrt", "0.950[0.900,0.970]"):
        assert word in text
    assert "no room for: score seconds, members" in "\n".join(lines)


def test_a_wide_table_shows_all_columns_each_row_on_one_line():
    lines = lines_of(table(ROWS, width=200), 200)
    assert len(lines) == 2 + len(ROWS)
    assert "score seconds" in lines[0]
    assert "no room" not in "\n".join(lines)


def test_numbers_are_to_the_right_and_text_to_the_left():
    lines = lines_of(table([{"name": "a", "n": 1}, {"name": "bcd", "n": 1000}]), 80)
    assert [line.rstrip() for line in lines[2:]] == ["a        1", "bcd   1000"]


def test_brackets_in_titles_are_no_markup():
    assert (
        "[bold]svm[/bold] :smile:"
        in lines_of(table([{"title": "[bold]svm[/bold] :smile:"}]), 80)[2]
    )


@given(
    st.lists(
        st.fixed_dictionaries(
            {
                "title": st.text("abc de=_", max_size=60),
                "n": st.integers(0, 10**9),
                "score": st.floats(0, 1) | st.none(),
                "text": st.text("xyz ", max_size=40),
            }
        ),
        max_size=4,
    ),
    st.integers(30, 120),
)
def test_no_line_is_wider_than_asked_and_no_number_is_broken(rows, width):
    lines = lines_of(table(rows, width=width), width)
    assert max(map(len, lines), default=0) <= width
    if any("n" in line.split() for line in lines[:1]):
        for row in rows:
            assert any(str(row["n"]) in line.split() for line in lines)


def test_an_empty_frame_is_an_empty_table():
    assert squeezed(lines_of(table(pl.DataFrame()), 80)) == ""


@pytest.mark.parametrize("form", ["table", "csv", "latex", "json"])
def test_a_frame_is_printed_in_the_form_asked_for(form, capsys, monkeypatch):
    monkeypatch.setenv("COLUMNS", "160")
    print_frame(pl.DataFrame(ROWS), form)
    out, err = capsys.readouterr()
    assert err == ""
    start = {"table": "rank ", "csv": "rank,title", "latex": r"\begin{tabular}", "json": "[\n"}[
        form
    ]
    assert out.startswith(start)
    if form == "json":
        assert json.loads(out) == ROWS


def test_an_unknown_form_is_refused():
    with pytest.raises(ValueError, match="expected table, csv, latex or json, got 'xml'"):
        print_frame(ROWS, "xml")


def test_a_piped_table_is_wide_and_a_given_width_is_kept(capsys, monkeypatch):
    monkeypatch.delenv("COLUMNS", raising=False)
    print_rows(ROWS)
    assert "members" in capsys.readouterr().out
    monkeypatch.setenv("COLUMNS", "60")
    print_rows(ROWS)
    out = capsys.readouterr().out
    assert max(map(len, out.splitlines())) <= 60
    assert "no room for" in out


def test_a_line_is_printed_as_it_is(capsys):
    echo("[red]x[/red] " + "y" * 200)
    assert capsys.readouterr().out == "[red]x[/red] " + "y" * 200 + "\n"


def test_what_the_user_did_wrong_is_said_plainly_on_stderr(capsys):
    report_error(NotFound("method", "svn", ["svm"]))
    out, err = capsys.readouterr()
    assert out == ""
    assert err == "error: no method named 'svn'. Did you mean 'svm'?\n"


def test_every_problem_of_a_job_is_listed_with_line_and_path(capsys):
    problems = [
        Problem(path="seed", expected="a whole number", got="'x'", line=9),
        Problem(
            path="classifiers[0].method", expected="a method", got="'svn'", nearest="svm", line=4
        ),
        Problem(path="", expected="a mapping", got="a list"),
    ]
    report_error(JobError(problems, file="job.yaml"))
    assert capsys.readouterr().err.splitlines() == [
        "error: job.yaml: 3 problems",
        "  the whole job",
        "      expected a mapping, got a list.",
        "  line 4, classifiers[0].method",
        "      expected a method, got 'svn'. Did you mean 'svm'?",
        "  line 9, seed",
        "      expected a whole number, got 'x'.",
    ]


@pytest.mark.parametrize(
    ("error", "hint"),
    [
        (Damaged("x.npy is short"), "put aside and computed anew"),
        (TaskError("a worker ended"), "run the same command again"),
        (ZeroDivisionError("division by zero"), "a fault of Sortal"),
    ],
)
def test_other_errors_come_with_what_helps(error, hint, capsys):
    report_error(error)
    first, second = capsys.readouterr().err.splitlines()
    assert str(error) in first
    assert hint in second


def test_long_errors_are_not_folded_so_that_paths_can_be_copied(capsys):
    path = "/data/" + "deep/" * 60 + "file.csv"
    report_error(DataError(f"{path}: expected a table [of numbers]"))
    assert f"{path}: expected a table [of numbers]" in capsys.readouterr().err


def test_exit_codes_are_the_documented_ones():
    assert {code.name: int(code) for code in ExitCode} == {
        "OK": 0,
        "SOME_FAILED": 1,
        "WRONG_INPUT": 2,
        "REQUEUE": 75,
        "INTERRUPTED": 130,
    }


def test_importing_the_console_loads_no_printing_library():
    script = (
        "import sys; import sortal.views.console\n"
        "print(*[n for n in ('rich', 'polars', 'numpy', 'pydantic') if n in sys.modules])"
    )
    done = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, check=True
    )
    assert done.stdout.strip() == ""
