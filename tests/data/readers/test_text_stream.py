"""The bytes of a table pass in memory that does not grow with the file."""

import gzip
import tracemalloc

import pytest

from sortal.data.readers.dialect import TextOptions, find_dialect
from sortal.data.readers.registry import open_file
from sortal.data.readers.text_stream import TextStream


def passed(path, **options) -> tuple[bytes, TextStream]:
    stream = TextStream(path, find_dialect(path, ".csv", TextOptions(**options)))
    pieces = []
    while piece := stream.read(7):
        assert len(piece) <= 7
        pieces.append(piece)
    return b"".join(pieces), stream


def test_a_plain_file_passes_as_it_is(tmp_path):
    (tmp_path / "a.csv").write_bytes(b"\xef\xbb\xbfa,b\n1,2\n")
    content, stream = passed(tmp_path / "a.csv")
    assert content == (tmp_path / "a.csv").read_bytes()
    assert not stream.has_quotes
    assert not stream.has_blanks


def test_another_file_passes_as_rows_in_utf8(tmp_path):
    (tmp_path / "a.csv").write_bytes('# x\nä;b\n1;"é "\n'.encode("utf-16"))
    content, stream = passed(tmp_path / "a.csv")
    assert content == '1;"é "\n'.encode()
    assert stream.has_quotes
    assert stream.has_blanks


@pytest.mark.parametrize(
    ("encoding", "remark"), [("utf-8", ""), ("utf-16", ""), ("latin-1", "# x\n")]
)
def test_a_file_need_not_fit_into_memory(tmp_path, encoding, remark):
    path = tmp_path / "a.csv.gz"
    lines, most = 120_000, 18 << 20
    text = "name;x\n" + f"{remark}{'ä' * 80};0,5\n" * lines
    assert len(text.encode()) > most
    path.write_bytes(gzip.compress(text.encode(encoding), 1))
    (tmp_path / "small.csv").write_text('a,b\n"NA", 2\n')
    list(open_file(tmp_path / "small.csv").batches(["a"], 1))  # What is imported late is here.
    table = open_file(path)
    next(iter(table.batches(["x"], 1000)))
    tracemalloc.start()
    count = sum(len(batch) for batch in table.batches(["x"], 1000))
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert count == lines
    assert peak < most
