"""One line to the driver, shared by families that train side by side."""

import warnings
from threading import Thread

from sortal.methods.contract.base import Progress, Verdict
from sortal.methods.contract.outcomes import collecting_warnings
from sortal.methods.ensembles.shared_progress import SharedProgress


class Driver:
    """Answers with the verdicts it was given, in turn, then lets everything run."""

    def __init__(self, *verdicts: Verdict) -> None:
        self.heard: list[Progress] = []
        self._verdicts = list(verdicts)

    def report(self, progress: Progress) -> Verdict:
        self.heard.append(progress)
        return self._verdicts.pop(0) if self._verdicts else Verdict()


def test_progress_sums_families_by_their_share_of_the_work() -> None:
    driver = Driver()
    first, second = SharedProgress(driver, [0.75, 0.25]).parts
    first.report(Progress(0.5))
    second.report(Progress(1.0))
    first.report(Progress(1.0))
    assert [progress.done for progress in driver.heard] == [0.375, 0.625, 1.0]


def test_a_stop_of_members_reaches_the_other_family_once() -> None:
    line = SharedProgress(Driver(Verdict(stop=frozenset("b"))), [0.5, 0.5])
    first, second = line.parts
    assert first.report(Progress(0.1)).stop == {"b"}
    assert second.report(Progress(0.1)).stop == {"b"}
    assert second.report(Progress(0.2)).stop == frozenset()
    assert line.ended == {"b"}


def test_a_stop_for_all_reaches_every_family() -> None:
    first, second = SharedProgress(Driver(Verdict(stop_all=True)), [0.5, 0.5]).parts
    assert first.report(Progress(0.1)).stop_all
    assert second.stopped
    assert second.report(Progress(0.1)).stop_all


def test_warnings_are_known_by_the_thread_that_gave_them() -> None:
    with collecting_warnings() as heard:
        thread = Thread(target=warnings.warn, args=("from  another\nthread",))
        thread.start()
        thread.join()
        warnings.warn("from this one", stacklevel=1)
    (other, text), (this, _) = heard
    assert text == "from another thread"
    assert other != this
