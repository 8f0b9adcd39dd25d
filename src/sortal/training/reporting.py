"""The trainer's eye on the clock: when to report, when to save."""

import time
from collections.abc import Callable, Set
from dataclasses import dataclass, field
from typing import Protocol

from sortal.training.tile import Tile

_REPORT_SECONDS = 0.2


class ReportAnswer(Protocol):
    """What the driver answers to a report."""

    @property
    def stop_all(self) -> bool:
        """Whether to save and leave."""
        ...

    @property
    def stop(self) -> Set[str]:
        """Keys of members to end now."""
        ...


@dataclass(kw_only=True)
class ProgressReporter:
    """Reports after every epoch and every fifth of a second, and saves now and then."""

    report: Callable[[Tile, float], ReportAnswer]
    """Called with the tile and its share of the current epoch, in [0, 1]."""

    save: Callable[[Tile], None] | None = None
    """Writes a snapshot; None where there is no place for one."""

    snapshot_seconds: float = 20.0
    """Pause between snapshots; 0 for one after every minibatch."""

    _reported: float = field(default_factory=time.monotonic)
    _saved: float = field(default_factory=time.monotonic)

    def ask(self, tile: Tile, share: float, *, now: bool) -> ReportAnswer | None:
        """Report if it is time, or `now`; None when it was not."""
        clock = time.monotonic()
        if not now and clock - self._reported < _REPORT_SECONDS:
            return None
        self._reported = clock
        return self.report(tile, share)

    def save_if_due(self, tile: Tile) -> None:
        """Write a snapshot if the last one is old."""
        if time.monotonic() - self._saved >= self.snapshot_seconds:
            self.save_now(tile)

    def save_now(self, tile: Tile) -> None:
        """Write a snapshot if there is a place for it."""
        if self.save is not None:
            tile.count_seconds()
            self.save(tile)
            self._saved = time.monotonic()
