"""The file of a split carries a digest of all its bytes; older files without one are read."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from sortal.data.split import Part, Split
from sortal.errors import Damaged
from sortal.store.datasets.split_file import has_digest, read_split, write_split


@pytest.fixture
def written(tmp_path, split):
    path = tmp_path / f"{split.fingerprint}.npz"
    write_split(path, split)
    return path


@pytest.fixture
def old(tmp_path, split):
    """A split as it was written before files carried a digest."""
    path = tmp_path / "old" / f"{split.fingerprint}.npz"
    path.parent.mkdir()
    rows = {part.value: split.rows(part) for part in Part}
    with path.open("wb") as file:
        np.savez(file, **rows, fold=np.int64(2))
    return path


def test_a_split_is_read_as_it_was_written(written, split):
    stored = read_split(written)
    assert stored.fingerprint == split.fingerprint
    assert stored.fold == 2
    assert [stored.rows(part).tolist() for part in Part] == [[0, 1, 2], [3], [4, 5]]


def test_a_file_with_a_digest_is_a_plain_npz_file(written):
    with np.load(written) as stored:
        assert stored["train"].tolist() == [0, 1, 2]


def test_the_same_split_gives_the_same_bytes(written, split):
    before = written.read_bytes()
    write_split(written, split)
    assert written.read_bytes() == before


def test_a_changed_bit_anywhere_is_found(written):
    content = written.read_bytes()
    for place in range(len(content)):
        changed = bytearray(content)
        changed[place] ^= 1 << place % 8
        written.write_bytes(bytes(changed))
        with pytest.raises(Damaged, match=written.name):
            read_split(written)


def test_a_file_cut_anywhere_is_found(written):
    content = written.read_bytes()
    for length in range(len(content)):
        written.write_bytes(content[:length])
        with pytest.raises(Damaged, match=written.name):
            read_split(written)


def test_a_byte_too_many_is_found(written):
    content = written.read_bytes()
    for place in (0, len(content) // 2, len(content)):
        written.write_bytes(content[:place] + b"\0" + content[place:])
        with pytest.raises(Damaged, match=written.name):
            read_split(written)


def test_a_split_under_another_name_is_found(written):
    other = written.rename(written.with_name(f"{'0' * 32}.npz"))
    with pytest.raises(Damaged, match="not this split"):
        read_split(other)


def test_a_file_without_a_digest_is_read(old, split):
    assert not has_digest(old)
    assert read_split(old).fingerprint == split.fingerprint


def test_a_changed_bit_of_an_old_file_is_found_or_harmless(old):
    content = old.read_bytes()
    for place in range(len(content)):
        changed = bytearray(content)
        changed[place] ^= 1 << place % 8
        old.write_bytes(bytes(changed))
        try:
            stored = read_split(old)
        except Damaged:
            continue
        assert [stored.rows(part).tolist() for part in Part] == [[0, 1, 2], [3], [4, 5]]
        assert stored.fold == 2


@given(
    rows=st.lists(st.sampled_from([*Part, None]), min_size=1, max_size=40),
    fold=st.none() | st.integers(0, 9),
)
def test_every_split_survives_being_stored(tmp_path_factory, rows, fold):
    parts = {part.value: np.flatnonzero([one is part for one in rows]) for part in Part}
    split = Split(**parts, fold=fold, trained_elsewhere=not len(parts["train"]))
    path = tmp_path_factory.mktemp("split") / f"{split.fingerprint}.npz"
    write_split(path, split)
    stored = read_split(path)
    assert stored.fingerprint == split.fingerprint
    assert stored.fold == fold
    assert has_digest(path)
