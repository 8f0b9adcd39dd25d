"""One line to the driver for members that train side by side in threads."""

from collections.abc import Sequence
from threading import Lock

from sortal.methods.contract.base import Control, Key, Progress, Verdict


class SharedProgress:
    """The driver's line, split among families: progress is their sum, an end reaches each once."""

    def __init__(self, control: Control, widths: Sequence[float]) -> None:
        """Args: the driver's line; each family's share of the whole work, summing to 1."""
        self._control, self._lock = control, Lock()
        self.parts = [FamilyProgress(self, width) for width in widths]
        """What each family reports to."""
        self.stopped = False
        """Whether the driver wants an end."""
        self.ended: frozenset[Key] = frozenset()
        """Members that the driver has ended."""

    def pass_on(self, part: "FamilyProgress", progress: Progress) -> Verdict:
        """Report for one family; returns what it has not been told before."""
        with self._lock:
            part.done = progress.done
            done = sum(one.width * one.done for one in self.parts)
            verdict = self._control.report(Progress(min(1.0, done), progress.text))
            self.stopped = self.stopped or verdict.stop_all
            self.ended |= verdict.stop
            news = (self.ended - part.told) | verdict.stop
            part.told = self.ended
            return Verdict(self.stopped, news)


class FamilyProgress:
    """The driver's line as one family sees it."""

    def __init__(self, line: SharedProgress, width: float) -> None:
        """Args: the line; the family's share of the whole work."""
        self._line, self.width, self.done = line, width, 0.0
        self.told: frozenset[Key] = frozenset()

    def report(self, progress: Progress) -> Verdict:
        """Tell how far the family is."""
        return self._line.pass_on(self, progress)

    @property
    def stopped(self) -> bool:
        """Whether the driver wants an end."""
        return self._line.stopped

    @property
    def ended(self) -> frozenset[Key]:
        """Members that the driver has ended, of any family."""
        return self._line.ended
