"""The bytes of a table pass in memory that does not grow with the file."""

import gzip

import pytest

from sortal.data.readers.text.dialect import find_dialect
from sortal.data.readers.text.options import TextOptions
from sortal.data.readers.text.stream import TextStream


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
    assert stream.quotes == 0
    assert not stream.has_blanks


def test_another_file_passes_as_rows_in_utf8(tmp_path):
    (tmp_path / "a.csv").write_bytes('# x\nä;b\n1;"é "\n'.encode("utf-16"))
    content, stream = passed(tmp_path / "a.csv")
    assert content == '1;"é "\n'.encode()
    assert stream.quotes == 2
    assert stream.has_blanks


READ = """
import sys
import time
from pathlib import Path
from sortal.data.readers.registry import open_file
count = sum(len(batch) for batch in open_file(Path(sys.argv[1])).batches(["x"], 1000))
assert count == int(sys.argv[2]), count
time.sleep(0.3)  # a thread of Arrow's may still let go of the file, which needs a living interpreter
"""


@pytest.mark.parametrize(
    ("encoding", "remark"), [("utf-8", ""), ("utf-16", ""), ("latin-1", "# x\n")]
)
def test_memory_does_not_grow_with_the_file(tmp_path, private_megabytes, encoding, remark):
    def megabytes(lines: int) -> float:
        path = tmp_path / f"{lines}.csv.gz"
        with gzip.open(path, "wb", 1) as file:
            file.write("name;x\n".encode(encoding))
            block = f"{remark}{'ä' * 800};0,5\n" * 1000
            for _ in range(lines // 1000):
                file.write(block.encode(encoding.replace("16", "16-le")))
        return private_megabytes(READ, path, lines)

    # Arrow reads up to about 40 MB ahead, and the larger text has 160 MB.
    assert megabytes(100_000) < megabytes(1000) + 80
