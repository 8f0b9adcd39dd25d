import threading
import time

import pytest

from sortal.training.examples.prefetch import prefetched


def _alive() -> set[str]:
    return {one.name for one in threading.enumerate() if one.name.startswith("prefetch")}


def test_results_come_in_order():
    makers = [lambda number=number: number for number in range(20)]
    assert list(prefetched(makers)) == list(range(20))
    assert list(prefetched([])) == []
    assert not _alive()


def test_no_more_is_made_than_may_wait():
    made = []
    results = prefetched(lambda number=number: made.append(number) for number in range(9))
    next(results)
    time.sleep(0.05)
    assert made == [0, 1]
    results.close()


def test_the_next_result_is_made_while_the_last_one_is_used():
    started = threading.Event()
    results = prefetched([lambda: "first", started.set])
    assert next(results) == "first"
    assert started.wait(5)
    results.close()


def test_errors_come_in_the_place_of_the_result():
    def fail():
        raise OSError("the disk is gone")

    results = prefetched([lambda: 1, fail, lambda: 3])
    assert next(results) == 1
    with pytest.raises(OSError, match="the disk is gone"):
        next(results)
    assert not _alive()


def test_nothing_goes_on_behind_an_iterator_that_was_left():
    made = []

    def make():
        time.sleep(0.02)
        made.append(1)

    results = prefetched([make] * 50, ahead=2)
    next(results)
    results.close()
    so_far = len(made)
    assert so_far <= 3
    assert not _alive()
    time.sleep(0.06)
    assert len(made) == so_far


def test_an_interrupt_of_the_user_ends_the_thread():
    def use():
        for _ in prefetched([lambda: 1] * 5):
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        use()
    assert not _alive()
