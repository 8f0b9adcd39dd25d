"""What the rounds of one way come to, and whether two ways reach the same loss."""

from collections.abc import Sequence
from dataclasses import dataclass
from statistics import median

import numpy as np

from peers.process import Round
from peers.roster import Way
from peers.task import Rows, Work, operations, validation_loss


@dataclass(frozen=True)
class Result:
    """What one way did with one batch size."""

    way: Way
    work: Work
    """Of one round."""

    seconds: float
    """A member, the median of rounds."""

    losses: np.ndarray
    """Final validation loss by seed [nats], shape (seeds,)."""

    gflops: float
    """Achieved [GFLOP/s], of what the matrix products need."""

    @classmethod
    def of(
        cls, way: Way, done: Sequence[tuple[Work, Round]], rows: int, validation: Rows
    ) -> "Result":
        """Take the median; stop where members have not made the updates they should."""
        losses: dict[int, float] = {}
        for work, trained in done:
            if trained.updates != work.updates(rows):
                raise SystemExit(
                    f"{way.name}, batch {work.batch_size}: {trained.updates} updates a member "
                    f"instead of {work.updates(rows)}."
                )
            losses |= zip(work.seeds, validation_loss(trained.scores, validation), strict=True)
        seconds = median(trained.seconds / len(work.seeds) for work, trained in done)
        work = done[0][0]
        gflops = operations(rows, work.epochs) / seconds / 1e9
        return cls(way, work, seconds, np.array(list(losses.values())), gflops)

    def apart(self, ours: "Result") -> float:
        """Mean loss less ours, in standard deviations over seeds, pooled over both ways."""
        squares = sum(((one.losses - one.losses.mean()) ** 2).sum() for one in (self, ours))
        deviation = np.sqrt(squares / max(1, len(self.losses) + len(ours.losses) - 2))
        return float((self.losses.mean() - ours.losses.mean()) / deviation)
