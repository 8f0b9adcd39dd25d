"""Text is read in the encoding that its bytes show, or refused with the line."""

import gzip

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sortal.data.readers.registry import TableOptions, open_file
from sortal.data.readers.text.encoding import UTF_8, read_head, shown_encoding
from sortal.errors import DataError

TEXT = "größe,é\n1,café\n2,naïve\n"


def rows_of(path, **options) -> list[dict]:
    table = open_file(path, TableOptions(**options))
    return [row for batch in table.batches(table.names, 100) for row in batch.to_pylist()]


@pytest.mark.parametrize("packed", [False, True])
@pytest.mark.parametrize(
    ("encoding", "found"),
    [
        ("utf-8", UTF_8),
        ("utf-8-sig", UTF_8),
        ("utf-16", "utf-16"),
        ("utf-16-le", "utf-16-le"),
        ("utf-16-be", "utf-16-be"),
        ("utf-32", "utf-32"),
        ("latin-1", "windows-1252"),
        ("windows-1252", "windows-1252"),
    ],
)
def test_an_encoding_is_found_and_said(tmp_path, encoding, found, packed):
    path = tmp_path / ("a.csv.gz" if packed else "a.csv")
    content = TEXT.encode(encoding)
    path.write_bytes(gzip.compress(content, mtime=0) if packed else content)
    assert read_head(path, None).encoding == found
    assert rows_of(path) == [{"größe": "1", "é": "café"}, {"größe": "2", "é": "naïve"}]
    notes = open_file(path).notes
    assert notes == (
        () if found == UTF_8 else (f"{path.name}: read as {shown_encoding(found)} text.",)
    )


@pytest.mark.parametrize(
    ("mark", "encoding"), [(b"\xfe\xff", "utf-16-be"), (b"\xff\xfe", "utf-16-le")]
)
def test_a_mark_of_either_order_is_no_part_of_a_name(tmp_path, mark, encoding):
    (tmp_path / "a.csv").write_bytes(mark + "a,b\n1,2\n".encode(encoding))
    assert open_file(tmp_path / "a.csv").names == ("a", "b")


def test_an_encoding_that_is_given_wins_and_is_not_said(tmp_path):
    (tmp_path / "a.csv").write_bytes("дуб,y\nклён,2\n".encode("cp1251"))
    table = open_file(tmp_path / "a.csv", TableOptions(encoding="cp1251"))
    assert (table.names, table.notes) == (("дуб", "y"), ())
    (tmp_path / "a.csv").write_bytes(TEXT.encode("latin-1"))
    with pytest.raises(DataError, match=r"line 1: expected UTF-8 text.*data\.encoding"):
        open_file(tmp_path / "a.csv", TableOptions(encoding="utf-8"))


def test_one_bad_byte_in_much_utf8_is_refused_by_line(tmp_path):
    (tmp_path / "a.csv").write_bytes("ä,b\n1,é\n2,ü\n".encode() + b"3,caf\xe9\n")
    with pytest.raises(DataError, match="line 4: expected UTF-8 text"):
        open_file(tmp_path / "a.csv")


@pytest.mark.parametrize("encoding", ["utf-8", "utf-16"])
def test_a_bad_byte_far_behind_the_head_is_refused(tmp_path, encoding):
    content = ("a,b\n" + "x,1\n" * 40_000).encode(encoding)
    content += (
        b"\xe9,2\n" if encoding == "utf-8" else "\ud800,2\n".encode("utf-16-le", "surrogatepass")
    )
    (tmp_path / "a.csv").write_bytes(content)
    with pytest.raises(DataError, match=r"expected .* text, got other bytes"):
        rows_of(tmp_path / "a.csv")


@pytest.mark.parametrize("before", [0, 3, 40_000])
@pytest.mark.parametrize("encoding", ["utf-8", "utf-16"])
def test_a_nul_byte_is_refused_with_its_line(tmp_path, before, encoding):
    text = "a,b\n" + "1,2\n" * before + "3,x\0y\n" + "1,2\n" * 5
    (tmp_path / "a.csv").write_bytes(text.encode(encoding))
    with pytest.raises(
        DataError, match=rf"a\.csv, line {before + 2}: expected text, got a NUL byte"
    ):
        rows_of(tmp_path / "a.csv")


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (gzip.compress(b"a,b\n1,2\n", mtime=0), r"got a gzip archive; name it with `\.gz`"),
        (b"PK\x03\x04rest", "got a ZIP archive or a workbook"),
        (b"PAR1rest", "got a Parquet file"),
        (b"\x01\x02\xff\xfe\x03" * 9, "expected UTF-8 text"),
    ],
)
def test_what_is_no_text_is_called_what_it_is(tmp_path, content, said):
    (tmp_path / "a.csv").write_bytes(content)
    with pytest.raises(DataError, match=said):
        open_file(tmp_path / "a.csv")


def test_the_head_ends_with_a_whole_line(tmp_path):
    (tmp_path / "a.csv").write_text("name,x\n" + "abc,1.5\n" * 20_000)
    head = read_head(tmp_path / "a.csv", None)
    assert not head.is_whole
    assert head.text.endswith("abc,1.5\n")
    assert 60_000 < len(head.text) <= 1 << 16


@given(
    text=st.text(st.characters(codec="utf-8", exclude_characters="\0\r\n,\"'#\ufeff"), min_size=1),
    encoding=st.sampled_from(["utf-8", "utf-8-sig", "utf-16", "utf-32"]),
)
def test_any_text_survives_an_encoding_with_a_mark(tmp_path_factory, text, encoding):
    path = tmp_path_factory.getbasetemp() / "any.csv"
    path.write_bytes(f"a,b\nx{text}x,1\n".encode(encoding))
    options = {"delimiter": ",", "missing": ()}
    assert rows_of(path, **options) == [{"a": f"x{text}x", "b": "1"}]
