"""Tables as people have them are read as they were meant, or refused with a sentence."""

import csv
import gzip
import io
from dataclasses import dataclass

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sortal.data.readers.column_values import numbers
from sortal.data.readers.registry import TableOptions, open_file
from sortal.errors import DataError

ROWS = [("0.25", "1.5", "no"), ("-3.125", "2.5", "yes"), ("12.5", "0", "no")]
READ = {"long": [0.25, -3.125, 12.5], "wide": [1.5, 2.5, 0], "good": ["no", "yes", "no"]}


def text_of(separator: str, decimal: str = ".", end: str = "\n", quote: str = "") -> str:
    rows = [(a.replace(".", decimal), b.replace(".", decimal), c) for a, b, c in ROWS]
    lines = [("long", "wide", "good"), *rows]
    return "".join(separator.join(f"{quote}{f}{quote}" for f in row) + end for row in lines)


def read(path, content: str | bytes, **options) -> tuple[dict[str, list], tuple[str, ...]]:
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    table = open_file(path, TableOptions(words=("good",), **options))
    whole: dict[str, list] = {name: [] for name in table.names}
    for batch in table.batches(table.names, 2):
        for name in table.names:
            column = batch[name]
            whole[name] += column.to_pylist() if name == "good" else numbers(column).tolist()
    return whole, table.notes


@pytest.mark.parametrize(
    ("name", "content", "said"),
    [
        ("a.csv", text_of(","), ""),
        ("a.csv", text_of(",", end="\r\n"), ""),
        ("a.csv", text_of(",", end="\r"), ""),
        ("a.csv", "\ufeff" + text_of(","), ""),
        ("a.csv", "\n\r\n\n" + text_of(","), ""),
        ("a.csv", "\n  \n\t\n" + text_of(","), ""),
        ("a.csv", text_of(",", quote='"'), ""),
        ("a.csv", text_of(" , "), ""),
        ("a.tsv.csv", text_of(","), ""),
        ("a.csv.tsv", text_of("\t"), ""),
        ("A.TSV", text_of("\t"), ""),
        ("a.csv", text_of("\t"), "read with tabs"),
        ("a.tsv", text_of(","), "read with commas"),
        ("a.csv", text_of(";"), "read with semicolons"),
        ("a.csv", text_of(";", ","), "read with semicolons and decimal commas"),
        ("a.csv", text_of(",", ",", quote='"'), "read with decimal commas"),
        ("a.csv", text_of("\t", ","), "read with tabs and decimal commas"),
        ("a.csv", text_of("|"), "read with vertical bars"),
        ("a.csv", text_of(" "), "read with spaces"),
        ("a.csv", text_of("  \t "), "read with tabs"),
        ("a.txt", text_of("   "), "read with spaces"),
        ("a.dat", text_of(";", end="\r"), "read with semicolons"),
        ("a.txt", text_of(", "), "read with commas"),
        ("a.csv", "sep=;\n" + text_of(";"), "read with semicolons, without its first line `sep=;`"),
        ("a.csv", "# by hand\n" + text_of(","), "read without the lines that begin with '#'"),
        (
            "a.csv",
            text_of(",") + "# the end\n",
            "read without the lines that begin with '#'",
        ),
        (
            "a.csv",
            text_of(";", ",", "\r\n").encode("utf-16"),
            "read as UTF-16 text with semicolons and decimal commas",
        ),
    ],
)
def test_a_table_is_read_and_what_is_not_plain_is_said(tmp_path, name, content, said):
    whole, notes = read(tmp_path / name, content)
    whole["good"] = [one.strip() for one in whole["good"]]
    assert whole == READ
    assert notes == ((f"{name}: {said}.",) if said else ())


@pytest.mark.parametrize("name", ["a.csv.gz", "A.CSV.GZ", "a.tsv.gz", "a.txt.gz", "a.dat.gz"])
def test_a_packed_table_is_read_by_its_last_suffixes(tmp_path, name):
    text = text_of("\t" if "tsv" in name else ",")
    assert read(tmp_path / name, gzip.compress(text.encode()))[0] == READ


@pytest.mark.parametrize(
    ("content", "options"),
    [
        (text_of(":"), {"delimiter": ":"}),
        (text_of(";", ","), {"delimiter": ";", "decimal": ","}),
        ("% by hand\n" + text_of(",") + "% the end\n", {"comment": "%"}),
        ("// x\n" + text_of(",").replace("\n", "\n// in between\n"), {"comment": "//"}),
        (text_of(",").encode("utf-16-be"), {"encoding": "utf-16-be"}),
        (text_of("   "), {"delimiter": " "}),
    ],
)
def test_what_is_told_is_used_and_not_said(tmp_path, content, options):
    assert read(tmp_path / "a.csv", content, **options) == (READ, ())


def test_a_separator_that_is_told_wins(tmp_path):
    whole, _ = read(tmp_path / "a.csv", "a,b;good\n1;2\n", delimiter=";")
    assert list(whole) == ["a,b", "good"]
    with pytest.raises(DataError, match="line 2: expected 1 column, got 2"):
        read(tmp_path / "a.csv", "good\n1;2\n", delimiter=";")


def test_blanks_around_quoted_fields_are_left_out(tmp_path):
    text = 'long, wide , good\n"0.25", "1.5" , "no, never"\n 2,3,"yes"\n'
    whole, notes = read(tmp_path / "a.csv", text)
    assert whole == {"long": [0.25, 2], "wide": [1.5, 3], "good": ["no, never", "yes"]}
    assert notes == ()


@pytest.mark.parametrize("separator", [",", ";", "|"])
def test_padded_quotes_hold_the_separator(tmp_path, separator):
    lines = [("name", "long", "kind"), ('"a, b; c|d"', "1.5", '"x"'), ('"e"', "2.5", '"y, z"')]
    (tmp_path / "a.csv").write_text("".join(f"{separator} ".join(line) + "\n" for line in lines))
    table = open_file(tmp_path / "a.csv")
    (batch,) = table.batches(table.names, 10)
    assert table.names == ("name", "long", "kind")
    assert batch["name"].to_pylist() == ["a, b; c|d", "e"]
    assert numbers(batch["long"]).tolist() == [1.5, 2.5]


@pytest.mark.parametrize("before", ["", "\n", "# x\n", "sep=;\n"])
@pytest.mark.parametrize("rows", [0, 1, 30, 40_000])
def test_a_quote_that_is_never_closed_is_refused(tmp_path, before, rows):
    text = before + 'long;good\n1.5;no\n2.5;"yes\n' + "3.5;no\n" * rows
    line = 3 + before.count("\n")
    with pytest.raises(DataError, match=rf"a\.csv, line {line}: expected a second quote"):
        read(tmp_path / "a.csv", text)


def test_quotes_within_fields_are_no_open_quotes(tmp_path):
    whole, _ = read(tmp_path / "a.csv", 'long,good\n1,5" pipe\n2,"two\nlines"\n')
    assert whole["good"] == ['5" pipe', "two\nlines"]


def test_a_title_above_the_table_is_explained(tmp_path):
    with pytest.raises(DataError, match=r"line 2: expected 1 column, got 3; lines above the table"):
        read(tmp_path / "a.csv", "Measured in May\n" + text_of(","))


def test_a_field_too_long_for_the_head_is_refused_in_words(tmp_path):
    with pytest.raises(DataError, match="cannot be taken apart"):
        read(tmp_path / "a.csv", f"# x\nlong,good\n1,{'y' * 200_000}\n")


def test_a_column_without_name_and_value_is_left_out(tmp_path):
    whole, notes = read(tmp_path / "a.csv", text_of(",", end=",\n"))
    assert (whole, notes) == (READ, ("a.csv: without name and value, and left out: column 4.",))
    late = "a,good,\n" + "1,x,\n" * 20_000 + "1,x,2\n"
    with pytest.raises(DataError, match=r"line 20002: expected nothing in column 3.*got '2'"):
        read(tmp_path / "a.csv", late)


def test_only_the_columns_of_rows_may_lack_one_name(tmp_path):
    whole, notes = read(
        tmp_path / "a.csv", '"x","good"\n"s1",1.5,"u"\n"s2",2.5,"v"\n'.replace("s", "")
    )
    assert whole == {"": [1, 2], "x": [1.5, 2.5], "good": ["u", "v"]}
    assert "the first column has no name" in notes[0]
    with pytest.raises(
        DataError, match=r"line 2: expected 2 columns, got 3.*decimal comma"
    ) as raised:
        read(tmp_path / "a.csv", 'x,good\n"0,5",1,u\n"0,7",2,v\n')
    assert "quotes" in str(raised.value) or "line 2" in str(raised.value)


@pytest.mark.parametrize("content", ["", "\n\n", "\ufeff", "  \n", "a"])
def test_a_file_without_a_table_is_called_empty(tmp_path, content):
    (tmp_path / "a.csv").write_text(content)
    with pytest.raises(DataError, match="expected a header line and rows, got an empty file"):
        open_file(tmp_path / "a.csv")


def test_a_header_line_alone_has_no_rows(tmp_path):
    (tmp_path / "a.csv").write_text("a;b\n")
    table = open_file(tmp_path / "a.csv")
    assert (table.names, list(table.batches(table.names, 10))) == (("a", "b"), [])


def test_lines_are_counted_as_an_editor_counts_them(tmp_path):
    head = "# one\n\n# three\n"
    text = head + 'a;b\n1;"two\nlines"\n# seven\n\n3;4;5\n'
    with pytest.raises(DataError, match="line 9: expected 2 columns, got 3"):
        read(tmp_path / "a.csv", text, comment="#", delimiter=";")


def test_a_mark_of_comments_far_behind_the_head_is_explained(tmp_path):
    text = "a,good\n" + "1,x\n" * 20_000 + "# end\n"
    with pytest.raises(DataError, match=r"line 20002: expected 2 columns, got 1; .*comment: \"#\""):
        read(tmp_path / "a.csv", text)
    assert len(read(tmp_path / "a.csv", text, comment="#")[0]["a"]) == 20_000


def test_nothing_is_found_out_from_strict_files(tmp_path):
    (tmp_path / "a.csv").write_text("a;b\n0,5;1\n")
    with pytest.raises(DataError, match="line 2: expected 1 column, got 2"):
        open_file(tmp_path / "a.csv", TableOptions(is_strict=True))
    (tmp_path / "a.csv").write_text(',b\n1,"NA"\n')
    table = open_file(tmp_path / "a.csv", TableOptions(is_strict=True))
    assert [batch.to_pylist() for batch in table.batches(["b", ""], 9)] == [[{"b": None, "": "1"}]]


@dataclass(frozen=True)
class Wording:
    """How a random table is written."""

    separator: str
    decimal: str
    encoding: str
    end: str
    quoting: int
    before: str
    packed: bool
    has_index: bool
    has_tail: bool


wordings = st.builds(
    Wording,
    separator=st.sampled_from([",", ";", "\t", "|", " "]),
    decimal=st.sampled_from([".", ","]),
    encoding=st.sampled_from(["utf-8", "utf-8-sig", "utf-16", "windows-1252"]),
    end=st.sampled_from(["\n", "\r\n"]),
    quoting=st.sampled_from([csv.QUOTE_MINIMAL, csv.QUOTE_ALL]),
    before=st.sampled_from(["", "\n", "# a remark\n", "# two\n\n# remarks\n"]),
    packed=st.booleans(),
    has_index=st.booleans(),
    has_tail=st.booleans(),
)
words = st.text(st.sampled_from("abcxyzäöé,;|'. -\""), min_size=1, max_size=9).map(
    lambda text: f"w{text}w"
)
tables = st.lists(
    st.tuples(st.integers(-999, 999), st.floats(-0.9999, 0.9999).map(lambda v: round(v, 4)), words),
    min_size=3,
    max_size=12,
)


def expected_of(rows: list) -> dict[str, list]:
    return {
        "count": [count for count, _, _ in rows],
        "share": [share for _, share, _ in rows],
        "good": [word for _, _, word in rows],
    }


def written(rows: list, how: Wording) -> bytes:
    buffer = io.StringIO(newline="")
    writer = csv.writer(
        buffer, delimiter=how.separator, quoting=how.quoting, lineterminator=how.end
    )
    tail = [""] if how.has_tail and how.separator != " " else []
    index = [""] if how.has_index and how.separator != " " else []
    writer.writerow([*index, "count", "share", "good", *tail])
    for number, (count, share, word) in enumerate(rows):
        shown = f"{share:.4f}".replace(".", how.decimal)
        writer.writerow([*([number] if index else []), count, shown, word, *tail])
    content = (how.before.replace("\n", how.end) + buffer.getvalue()).encode(how.encoding)
    return gzip.compress(content) if how.packed else content


@given(rows=tables, how=wordings)
def test_a_table_in_any_dialect_is_read_back(tmp_path_factory, rows, how):
    path = tmp_path_factory.getbasetemp() / ("any.csv.gz" if how.packed else "any.csv")
    whole, _ = read(path, written(rows, how))
    assert whole == whole | expected_of(rows)


@given(rows=tables, how=wordings)
def test_a_table_is_read_back_where_its_dialect_is_told(tmp_path_factory, rows, how):
    path = tmp_path_factory.getbasetemp() / ("told.csv.gz" if how.packed else "told.csv")
    encoding = how.encoding
    told = {
        "delimiter": how.separator,
        "decimal": how.decimal,
        "encoding": encoding,
        "thousands": "",
    }
    whole, notes = read(path, written(rows, how), **told)
    assert whole == whole | expected_of(rows)
    assert not any("read as" in note or "read with " in note for note in notes)
