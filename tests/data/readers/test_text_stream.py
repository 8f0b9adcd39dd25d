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
def test_memory_does_not_grow_with_the_file(tmp_path, encoding, remark):
    peaks = []
    for lines in (20_000, 60_000):
        path = tmp_path / f"{lines}.csv.gz"
        text = "name;x\n" + f"{remark}{'ä' * 80};0,5\n" * lines
        path.write_bytes(gzip.compress(text.encode(encoding), 1))
        tracemalloc.start()
        table = open_file(path)
        count = sum(len(batch) for batch in table.batches(["x"], 1000))
        peaks.append(tracemalloc.get_traced_memory()[1])
        tracemalloc.stop()
        assert count == lines
    assert peaks[1] < 1.3 * peaks[0]
