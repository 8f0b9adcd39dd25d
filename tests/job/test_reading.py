import json
import os
import string
from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sortal.job.models import Job
from sortal.job.problems import JobError, Problem
from sortal.job.read import JobFile, read_job, read_mapping

HERE = Path(__file__).parent
GOLDEN = sorted(path for path in (HERE / "golden").iterdir() if ".expected" not in path.name)
SOUND = "data: {source: a.csv}\nclassifiers: [{method: svm}]\n"


def read_text(folder: Path, text: str | bytes, name: str = "job.yaml") -> JobFile:
    file = folder / name
    file.write_bytes(text if isinstance(text, bytes) else text.encode())
    return read_job(file)


def problems_in(folder: Path, text: str | bytes, name: str = "job.yaml") -> list[Problem]:
    with pytest.raises(JobError) as caught:
        read_text(folder, text, name)
    return list(caught.value.problems)


@pytest.mark.parametrize("path", GOLDEN, ids=lambda path: path.name)
def test_golden_files_read_as_expected(path):
    file = read_job(path)
    expected = json.loads(path.with_suffix(".expected.json").read_text())
    assert file.job.model_dump(mode="json") == expected
    assert file.problems == ()


@pytest.mark.parametrize("path", GOLDEN, ids=lambda path: path.name)
def test_a_job_survives_the_way_through_json(path):
    job = read_job(path).job
    assert Job.model_validate_json(job.model_dump_json()) == job


def test_five_mistakes_are_five_problems_on_their_lines():
    with pytest.raises(JobError) as caught:
        read_job(HERE / "five_mistakes.yaml")
    told = [(problem.line, problem.path, problem.nearest) for problem in caught.value.problems]
    assert told == [
        (5, "data.lable", "label"),
        (6, "data.scaling", "standard"),
        (9, "data.split.folds", ""),
        (10, "data.split.stratified", ""),
        (12, "classifiers[0].method", ""),
    ]
    text = str(caught.value)
    assert "five_mistakes.yaml: 5 problems" in text
    assert "expected a whole number of 2 or more, got 'five'." in text
    assert "got 'yes', which is text: write true." in text


def test_comments_in_json_leave_lines_right():
    lines = (HERE / "golden" / "parts.json").read_text().splitlines()
    positions = read_job(HERE / "golden" / "parts.json").positions
    for path in ("data.source", "data.split.kind", "data.subset", "bootstrap"):
        assert f'"{path.split(".")[-1]}"' in lines[positions.line(path) - 1]
    assert '"b.npz"' in lines[positions.line(["data", "source", "train", 1]) - 1]


def test_a_byte_order_mark_and_windows_line_ends_change_nothing(tmp_path):
    plain = read_text(tmp_path, SOUND)
    windows = read_text(tmp_path, b"\xef\xbb\xbf" + SOUND.replace("\n", "\r\n").encode())
    assert windows.job == plain.job
    assert windows.text == plain.text
    assert windows.positions == plain.positions


@pytest.mark.parametrize(
    ("text", "name", "line", "words"),
    [
        ("", "job.yaml", 1, "got an empty file"),
        ("# nothing\n", "job.yml", 1, "got an empty file"),
        ("", "job.json", 1, "got an empty file"),
        ("- data\n", "job.yaml", 1, "a block with the keys title, data"),
        ("just text", "job.yaml", 1, "got 'just text'"),
        ("data:\n  a: [1, 2\nb: 3\n", "job.yaml", 3, "valid YAML"),
        ('a: 1\nb: "no end\n\n\n', "job.yaml", 2, "valid YAML"),
        ("a: 1\n\tb: 2\n", "job.yaml", 2, "column 1"),
        ("a: 1\nb: \x01\n", "job.yaml", 2, "special characters"),
        ('{"data": 1,\n "b" 2}', "job.json", 2, "valid JSON"),
        ("a: 1\n---\nb: 2\n", "job.yaml", 2, "another document"),
        ("a: *x\n", "job.yaml", 1, "undefined alias"),
        (b"a: 1\nb: \xff\n", "job.yaml", 2, "got the byte 0xff at offset 8"),
        ("[" * 500, "job.yaml", 1, "maximum depth"),
        ('a: "\\UFFFFFFFF"', "job.yaml", 1, "text that can be read"),
    ],
)
def test_what_is_no_job_is_told_with_its_line(tmp_path, text, name, line, words):
    (problem,) = problems_in(tmp_path, text, name)
    assert problem.line == line
    assert words in str(problem)
    assert problem.file == str(tmp_path / name)


@pytest.mark.parametrize(
    ("value", "words"),
    [
        ("!foo 3", "a value without a tag, got the tag !foo"),
        ("!!set {a}", "a map or list without a tag"),
        ("!!int x", "a number, got 'x'"),
        ("!!python/object:os.system {}", "without a tag"),
        ("9" * 400, "at most 300 digits"),
        ("&a [*a]", "an alias of something it is part of"),
        ("{[1]: 2}", "a name as key, got [1]"),
        ("{x: 1, x: 2}", "each key once, got 'x' again (first on line 3)"),
        ("{<<: 3}", "a map after <<"),
        ('"\\ud800"', "text of whole characters"),
    ],
)
def test_yaml_that_has_no_plain_value_is_told(tmp_path, value, words):
    text = f"data: {{source: a}}\nclassifiers: [{{method: svm, parameters:\n {{p: {value}}}}}]"
    (problem,) = problems_in(tmp_path, text)
    assert words in str(problem)
    assert problem.line == 3
    assert problem.path.startswith("classifiers[0].parameters")


def test_aliases_that_multiply_are_stopped(tmp_path):
    rows = ["a0: &a0 [x, x, x, x, x, x, x, x, x, x]"]
    rows += [f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 10)}]" for n in range(1, 9)]
    (problem,) = problems_in(tmp_path, "\n".join(rows))
    assert "aliases that multiply" in problem.got


@pytest.mark.parametrize("bare", ["svm", "'svm'", "NaN", "01", "[svm]", ""])
def test_json_is_held_to_json(tmp_path, bare):
    text = '{"data": {"source": "a"}, "classifiers": [{"method": "m", "parameters":\n{"p": %s}}]}'
    (problem,) = problems_in(tmp_path, text % bare, "job.json")
    assert (problem.line, "text in double quotes" in problem.expected) == (2, True)


def test_indented_blocks_are_no_json(tmp_path):
    (problem,) = problems_in(tmp_path, SOUND, "job.json")
    assert problem.expected == "JSON between { } or [ ]"


def test_repeated_keys_are_all_told_with_the_line_of_the_repeat(tmp_path):
    text = "data: {source: a}\nseed: 1\nseed: 2\nclassifiers: [{method: m}]\nseed: 3\n"
    assert [(p.path, p.line) for p in problems_in(tmp_path, text)] == [("seed", 3), ("seed", 5)]


def test_paths_that_cannot_be_read_are_told(tmp_path):
    (tmp_path / "iris.yaml").write_text(SOUND)
    (tmp_path / "folder.yaml").mkdir()
    for name, words in [
        ("irsi.yaml", "Did you mean 'iris.yaml'?"),
        ("folder.yaml", "got the folder"),
        ("job.toml", "a file that ends in .yaml, .yml, .json"),
        ("no/such.yaml", "got no file"),
    ]:
        with pytest.raises(JobError, match=words.replace("?", r"\?")):
            read_job(tmp_path / name)


WRONG = [
    ({"source": 5}, "data.source", "a file name, a list of file names, or a map of train"),
    ({"source": ["a", 5]}, "data.source[1]", "a file name, got 5"),
    ({"source": []}, "data.source", "got an empty list"),
    ({"source": {"trian": "a"}}, "data.source.trian", "Did you mean 'train'?"),
    ({"source": {"train": 3}}, "data.source.train", "a file name, or a list of file names"),
    (
        {"subset": 1.5},
        "data.subset",
        "a whole number of 1 or more, or a number above 0 and up to 1",
    ),
    ({"subset": True}, "data.subset", "got true"),
    ({"subset": [1]}, "data.subset", "got [1]"),
    ({"split": 3}, "data.split", "a block whose kind is one of random, group, column"),
    ({"split": {"kind": "foldz"}}, "data.split.kind", "Did you mean 'folds'?"),
    ({"split": {"kind": "folds", "folds": 1}}, "data.split.folds", "a whole number of 2 or more"),
    ({"split": {"kind": "column"}}, "data.split.column", "a column name, got nothing"),
    ({"split": {"test": 1}}, "data.split.test", "a number from 0 to below 1, got 1"),
    ({"classes": ["a"]}, "data.classes", "a list of 2 or more"),
    ({"classes": [None, "a"]}, "data.classes[0]", "text, a number, or true or false"),
    ({"weight": "w" * 200}, None, ""),
    ({"weight": ["w" * 200]}, "data.weight", "..."),
    ({3: 4}, "data.3", "one of source, columns"),
]


@pytest.mark.parametrize(("block", "path", "words"), WRONG, ids=lambda value: str(value)[:30])
def test_each_wrong_value_is_one_sentence(block, path, words):
    job = {"data": {"source": "a.csv", **block}, "classifiers": [{"method": "svm"}]}
    if path is None:
        assert read_mapping(job).problems == ()
        return
    with pytest.raises(JobError) as caught:
        read_mapping(job)
    (problem,) = caught.value.problems
    assert (problem.path, problem.line) == (path, None)
    assert words in str(problem)
    assert len(problem.got) <= 75


@pytest.mark.parametrize("seeds", ["x", 0, 1.5, [], [1.5], [-1], {"a": 1}, None])
def test_seeds_are_a_number_or_a_list(seeds):
    job = {"data": {"source": "a"}, "classifiers": [{"method": "svm", "seeds": seeds}]}
    if seeds is None:
        assert read_mapping(job).job.classifiers[0].seeds is None
        return
    with pytest.raises(JobError) as caught:
        read_mapping(job)
    assert len(caught.value.problems) == 1


def test_python_values_are_taken_as_their_plain_kin():
    job = {
        "data": {
            "source": Path("a.csv"),
            "subset": np.float64(0.5),
            "exclude": ("x", np.str_("y")),
        },
        "classifiers": ({"method": "svm", "seeds": np.int64(3)},),
    }
    file = read_mapping(job)
    assert file.job.data.source == os.fspath(Path("a.csv"))
    assert file.job.data.exclude == ["x", "y"]
    assert file.job.classifiers[0].seeds == 3
    assert file.positions.line("data") is None


def test_keys_are_text_wherever_a_job_comes_from(tmp_path):
    weights = {"0": 1, "true": 2, "0x1": 3}
    job = {"data": {"source": "a"}, "classifiers": [{"method": "m", "parameters": {"w": weights}}]}
    python = json.loads(json.dumps(job))
    python["classifiers"][0]["parameters"]["w"] = {0: 1, True: 2, "0x1": 3}
    yaml = "data: {source: a}\nclassifiers: [{method: m, parameters: {w: {0: 1, true: 2, 0x1: 3}}}]"
    assert read_mapping(python).job == read_mapping(job).job == read_text(tmp_path, yaml).job


def test_values_that_contain_themselves_are_refused():
    job: dict[str, object] = {}
    job["data"] = job
    with pytest.raises(JobError, match="a cycle"):
        read_mapping(job)


def test_the_nearest_existing_line_stands_for_what_is_not_there():
    positions = read_job(HERE / "golden" / "iris.yaml").positions
    assert positions.line("classifiers[0].parameters.n_neighbors.stop") == 13
    assert positions.line("classifiers[1].parameters.C.base") == 17
    assert positions.line(["classifiers", 1, "parameters", "gamma"]) == 16
    assert positions.line("nothing.like[3].it") == 1


def test_problems_found_later_get_their_lines():
    file = read_job(HERE / "golden" / "iris.yaml")
    late = Problem(path="classifiers[1].parameters.C", expected="x", got="y")
    (placed,) = file.placed([late])
    assert placed.line == 17
    assert placed.file.endswith("iris.yaml")


tokens = st.sampled_from(
    [
        "data",
        "source",
        "classifiers",
        "method",
        ":",
        "-",
        "{",
        "}",
        "[",
        "]",
        ",",
        '"',
        "'",
        "#",
        "//",
        "/*",
        "*/",
        "&a",
        "*a",
        "!",
        "!!int",
        "|",
        ">",
        "?",
        "%",
        "---",
        "<<:",
        "\\",
        "\\u12",
        "1e3",
        "0x",
        "~",
        "=",
        "é",
        "2024-99-99",
        "\n",
        "  ",
        ": ",
        "- ",
        "? ",
        "\t",
        "\x00",
        "\u2028",
        "\ufeff",
    ]
)


@settings(max_examples=300)
@given(
    text=st.one_of(st.text(), st.lists(tokens, max_size=25).map("".join)),
    name=st.sampled_from(["a.yaml", "a.json"]),
)
def test_no_text_fails_other_than_with_problems(tmp_path_factory, text, name):
    _read_or_refuse(tmp_path_factory.getbasetemp() / name, text.encode("utf-8", "surrogatepass"))


@settings(max_examples=150)
@given(content=st.binary(max_size=60))
def test_no_bytes_fail_other_than_with_problems(tmp_path_factory, content):
    _read_or_refuse(tmp_path_factory.getbasetemp() / "bytes.yaml", content)


plain_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(string.printable, max_size=5),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(
                ["source", "split", "kind", "random", "PartFiles", "str", "seeds", "train"]
            )
            | st.integers(0, 3),
            inner,
            max_size=3,
        )
    ),
    max_leaves=8,
)


@settings(max_examples=300)
@given(data=plain_values, split=plain_values, classifiers=plain_values, extra=plain_values)
def test_no_mapping_fails_other_than_with_problems(data, split, classifiers, extra):
    block = {"source": data, "split": split, "subset": extra}
    for job in (
        {"data": data, "classifiers": classifiers, "seed": extra},
        {"data": block, "classifiers": [classifiers, {"method": "m", "seeds": extra}]},
    ):
        refusal = _refusal(lambda job=job: read_mapping(job))
        places = [(problem.path, problem.expected) for problem in refusal]
        assert len(set(places)) == len(places)


def _refusal(read: Callable[[], object]) -> Sequence[Problem]:
    try:
        read()
    except JobError as error:
        return error.problems or pytest.fail("refused without a reason")
    return ()


def _read_or_refuse(file: Path, content: bytes) -> None:
    file.write_bytes(content)
    last = content.count(b"\n") + content.count(b"\r") + 1
    assert all(1 <= (problem.line or 1) <= last for problem in _refusal(lambda: read_job(file)))
