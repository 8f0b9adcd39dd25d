"""`sortal import` as a person calls it: files become classifiers of a job, shown and deleted."""

import json

import pytest

TRUTH = ["cat", "dog"] * 20


@pytest.fixture(scope="module")
def files(home):
    rows = [
        f"e{number},{kind},{int(kind == 'cat') * 0.6 + 0.2},{int(kind == 'dog') * 0.6 + 0.2}"
        for number, kind in enumerate(TRUTH)
    ]
    (home / "sure.csv").write_text("\n".join(["name,truth,cat,dog", *rows]) + "\n")
    said = [f"e{number},{kind},cat" for number, kind in enumerate(TRUTH)]
    (home / "always cat.csv").write_text("\n".join(["name,truth,class", *said]) + "\n")
    return home


@pytest.fixture
def imported(sortal, files):
    return sortal(
        "import", "sure.csv", "always cat.csv", "--job", "pets", "--id", "name", "--label", "truth"
    )


def test_files_become_ranked_classifiers_of_a_new_job(imported, sortal):
    assert imported.code == 0
    assert "pets on 40 test examples" in imported.out
    assert imported.out.rstrip().endswith(
        ("imported 2 classifiers into the new job pets.", "of pets is in the store already.")
    )
    rows = json.loads(sortal("show", "pets", "-f", "json").out)
    assert [row["title"] for row in rows] == ["sure", "always cat"]
    assert rows[0]["balanced_accuracy"] == 1.0
    assert "pets" in sortal("list").out
    assert "note        imported" in sortal("show", "pets/sure").out
    assert "imported sure from sure.csv" in sortal("store", "show", "pets").out


def test_predicting_is_refused_by_name(imported, sortal):
    said = sortal("predict", "pets/sure", "sure.csv", "--out", "out.csv")
    assert said.code == 2
    assert "sure cannot be applied" in said.err


def test_a_file_that_does_not_match_names_line_and_column(imported, sortal, home):
    (home / "bad.csv").write_text("name,truth,class\ne0,cat,cat\ne1,cat,dog\n")
    said = sortal("import", "bad.csv", "--job", "pets", "--id", "name", "--label", "truth")
    assert said.code == 2
    assert "bad.csv, line 3, column 'truth': expected 'dog'" in said.err


def test_one_is_deleted_by_its_title(imported, sortal):
    said = sortal("store", "rm", "pets/always cat")
    assert said.code == 0
    assert "deleted 'pets/always cat', 1 member" in said.out
    rows = json.loads(sortal("show", "pets", "-f", "json").out)
    assert [row["title"] for row in rows] == ["sure"]


def test_what_is_found_out_of_a_file_is_said(sortal, home):
    rows = [f"e{n};{kind};{'0,8;0,2' if n % 2 else '0,3;0,7'}" for n, kind in enumerate(TRUTH)]
    text = "\n".join(["id;label;cat;dog", *rows]) + "\n"
    (home / "excel.csv").write_text(text, encoding="utf-16")
    made = sortal("import", "excel.csv", "--job", "sheets")
    assert made.code == 0
    said = "note: excel.csv: read as UTF-16 text with semicolons and decimal commas."
    assert said in made.out + made.err
