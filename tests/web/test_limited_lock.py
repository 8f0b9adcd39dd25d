"""One request at a time computes, few wait, and the others are told to come again."""

from concurrent.futures import ThreadPoolExecutor
from threading import Event, Lock

import pytest

from sortal.web.limited_lock import LimitedLock, TooManyWaiting


def test_one_is_served_few_wait_and_the_next_is_refused_at_once():
    turns, begun, end = LimitedLock("pictures", waiting=2), Event(), Event()
    inside, most, guard = 0, 0, Lock()

    def work():
        nonlocal inside, most
        with turns:
            with guard:
                inside += 1
                most = max(most, inside)
            begun.set()
            end.wait(20)
            with guard:
                inside -= 1

    with ThreadPoolExecutor(3) as pool:
        done = [pool.submit(work) for _ in range(3)]
        assert begun.wait(20)
        while turns._places._value:
            pass
        with pytest.raises(TooManyWaiting, match="other pictures are being computed"), turns:
            pass
        end.set()
        for one in done:
            one.result(20)
    assert most == 1


def test_a_turn_ends_with_an_error_and_the_next_may_begin():
    turns = LimitedLock("pictures", waiting=0)
    with pytest.raises(ValueError, match="broken"), turns:
        raise ValueError("broken")
    with turns:
        pass
