"""Files appear whole or not at all, and a failure leaves nothing beside them."""

import pytest

from sortal.store.files import atomic


def test_a_replaced_file_is_the_old_one_until_the_body_ends(tmp_path):
    path = tmp_path / "file"
    path.write_text("old")
    with atomic.replacing(path) as built:
        built.write_text("new")
        assert path.read_text() == "old"
    assert path.read_text() == "new"
    assert list(tmp_path.iterdir()) == [path]


@pytest.mark.parametrize("error", [ValueError, KeyboardInterrupt])
@pytest.mark.parametrize("written", [False, True])
def test_a_body_that_fails_leaves_the_old_file_alone(tmp_path, error, written):
    path = tmp_path / "file"
    path.write_text("old")

    def fail():
        with atomic.replacing(path) as built:
            if written:
                built.write_text("half")
            raise error

    with pytest.raises(error):
        fail()
    assert path.read_text() == "old"
    assert list(tmp_path.iterdir()) == [path]


def test_a_body_that_writes_nothing_is_an_error(tmp_path):
    with pytest.raises(FileNotFoundError), atomic.replacing(tmp_path / "file"):
        pass
    assert not list(tmp_path.iterdir())
