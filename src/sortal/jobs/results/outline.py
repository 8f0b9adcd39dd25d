"""A job in one row: its size, state and best classifier."""

from dataclasses import dataclass

from sortal.evaluation.row import Row


@dataclass(frozen=True, slots=True, kw_only=True)
class JobOutline:
    """What lists of jobs show of one."""

    job: str
    """Its name."""

    classifiers: int
    """Titles of it, without those of single folds."""

    members: int
    """Members of these."""

    done: int
    """Members that are stored."""

    failed: int
    """Members that failed."""

    best: str | None
    """Title of its best classifier; None where none has been judged."""

    headline: str
    """Name of the metric that ranks."""

    value: float | None
    """That metric of the best classifier, a mean over independent targets."""

    updated: str
    """When the record was last made anew, ISO 8601 in UTC."""

    @property
    def row(self) -> Row:
        """A row of a table, with the metric in a column of its name."""
        return {
            "job": self.job,
            "classifiers": self.classifiers,
            "members": self.members,
            "done": self.done,
            "failed": self.failed,
            "best": self.best,
            self.headline: self.value,
            "updated": self.updated,
        }
