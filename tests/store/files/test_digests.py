"""A file is read once a process, and again whenever it may have changed."""

import os
import time

import pytest

from sortal.store.files import digests
from sortal.store.files.digests import digest_once, fresh_digest


@pytest.fixture
def reads(monkeypatch):
    """Paths of the files that were read."""
    seen = []

    def read(path):
        seen.append(path)
        return fresh_digest(path)

    monkeypatch.setattr(digests, "fresh_digest", read)
    return seen


@pytest.fixture
def old_file(tmp_path):
    path = tmp_path / "labels.npy"
    path.write_bytes(b"0110")
    time.sleep(0.15)  # a change from now on has another time, whatever the clock's tick
    return path


def test_an_unchanged_file_is_read_once(old_file, reads):
    assert digest_once(old_file) == digest_once(old_file) == fresh_digest(old_file)
    assert reads == [old_file]


def test_a_changed_file_is_read_again(old_file, reads):
    before = digest_once(old_file)
    old_file.write_bytes(b"0111")
    assert digest_once(old_file) != before
    assert len(reads) == 2


def test_a_change_that_hides_its_time_is_seen(old_file, reads):
    before, times = digest_once(old_file), old_file.stat()
    old_file.write_bytes(b"0111")
    os.utime(old_file, ns=(times.st_atime_ns, times.st_mtime_ns))
    assert digest_once(old_file) != before


def test_another_file_in_its_place_is_read(old_file, reads):
    before = digest_once(old_file)
    other = old_file.with_name("other.npy")
    other.write_bytes(b"1110")
    other.replace(old_file)
    assert digest_once(old_file) != before


def test_changes_within_one_tick_of_the_clock_are_seen(tmp_path):
    path = tmp_path / "ids.npy"
    for number in range(300):
        content = number.to_bytes(4, "big")
        path.write_bytes(content)
        assert digest_once(path) == fresh_digest(path)


@pytest.mark.parametrize(
    ("age_ns", "is_settled"), [(50_000_000, False), (150_000_001, True), (1_500_000_000, True)]
)
def test_a_file_is_settled_after_a_tick(monkeypatch, age_ns, is_settled):
    changed = 7_000_000_123
    monkeypatch.setattr(time, "time_ns", lambda: changed + age_ns)
    assert digests.is_settled((1, 1, 4, changed, changed)) is is_settled


def test_whole_seconds_settle_after_two(monkeypatch):
    changed = 7_000_000_000
    monkeypatch.setattr(time, "time_ns", lambda: changed + 1_900_000_000)
    assert not digests.is_settled((1, 1, 4, changed, changed))
    monkeypatch.setattr(time, "time_ns", lambda: changed + 2_100_000_000)
    assert digests.is_settled((1, 1, 4, changed, changed))
