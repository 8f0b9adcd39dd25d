"""Walk over what another thread reads ahead."""

import queue
import threading
import time
from collections.abc import Iterator
from typing import Generic, TypeVar

Item = TypeVar("Item")

_AHEAD = 2
_POLL_SECONDS = 0.1


class ReadAhead(Generic[Item]):
    """Items of an iterator, at most two of them made before they are asked for.

    Leaving the `with` block ends the thread after the item that it is at.
    """

    def __init__(self, items: Iterator[Item]) -> None:
        self.busy = 0.0
        """Seconds in which the iterator was at work so far."""

        self.waited = 0.0
        """Seconds in which its items were waited for so far."""

        self._items = items
        self._ready: queue.Queue[Item | BaseException | None] = queue.Queue(_AHEAD)
        self._ended = threading.Event()
        self._thread = threading.Thread(target=self._read, name="read ahead", daemon=True)

    def __enter__(self) -> "ReadAhead[Item]":
        self._thread.start()
        return self

    def __exit__(self, *raised: object) -> None:
        self._ended.set()
        self._thread.join()

    def __iter__(self) -> Iterator[Item]:
        while True:
            started = time.perf_counter()
            one = self._ready.get()
            self.waited += time.perf_counter() - started
            if one is None:
                return
            if isinstance(one, BaseException):
                raise one
            yield one

    def _read(self) -> None:
        end: BaseException | None = None
        try:
            while not self._ended.is_set():
                started = time.perf_counter()
                try:
                    one = next(self._items)
                except StopIteration:
                    break
                finally:
                    self.busy += time.perf_counter() - started
                self._hand_over(one)
        except BaseException as error:  # noqa: BLE001 - raised again where items are asked for
            end = error
        self._hand_over(end)

    def _hand_over(self, one: Item | BaseException | None) -> None:
        while not self._ended.is_set():
            try:
                self._ready.put(one, timeout=_POLL_SECONDS)
            except queue.Full:
                continue
            return
