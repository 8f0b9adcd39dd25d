"""Work that only one request may do at a time, and few may wait for."""

from threading import BoundedSemaphore, Lock

from sortal.errors import SortalError


class TooManyWaiting(SortalError):
    """So many requests wait for the same work that another would leave none for all else."""


class LimitedLock:
    """A lock with few places to wait: those who wait hold threads that other requests need."""

    def __init__(self, what: str, *, waiting: int) -> None:
        """Open the places.

        Args:
            what: Plural of what is made in a turn, for those who are refused.
            waiting: How many may wait beside the one whose turn it is.
        """
        self._what = what
        self._places, self._turn = BoundedSemaphore(waiting + 1), Lock()

    def __enter__(self) -> None:
        """Wait for a turn.

        Raises:
            Crowded: All places are taken.
        """
        if not self._places.acquire(blocking=False):
            raise TooManyWaiting(f"other {self._what} are being computed; ask again later.")
        self._turn.acquire()

    def __exit__(self, *raised: object) -> None:
        self._turn.release()
        self._places.release()
