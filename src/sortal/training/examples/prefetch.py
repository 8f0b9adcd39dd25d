"""Work done ahead of its use, in a thread beside the one that uses it."""

from collections import deque
from collections.abc import Callable, Generator, Iterable
from concurrent.futures import Future, ThreadPoolExecutor
from typing import TypeVar

Made = TypeVar("Made")


def prefetched(makers: Iterable[Callable[[], Made]], *, ahead: int = 1) -> Generator[Made]:
    """Call functions one after another in a thread, and yield what they return, in order.

    The thread begins no more than `ahead` calls before they are asked for. Closing the
    iterator waits for the call at hand and makes no further one.

    Args:
        makers: What to call.
        ahead: Results that may wait.

    Raises:
        Exception: Whatever a call raised, in the place of its result.

    >>> list(prefetched([lambda: "a", lambda: "b"]))
    ['a', 'b']
    """
    thread = ThreadPoolExecutor(1, thread_name_prefix="prefetch")
    waiting: deque[Future[Made]] = deque()
    try:
        for maker in makers:
            waiting.append(thread.submit(maker))
            if len(waiting) > ahead:
                yield waiting.popleft().result()
        while waiting:
            yield waiting.popleft().result()
    finally:
        thread.shutdown(cancel_futures=True)
