"""The live display and its plain twin."""

import io
import os
import subprocess
import sys
import time
from dataclasses import replace

import pytest
from rich.console import Console

from sortal.events import (
    JobEnded,
    JobPlanned,
    MemberFailed,
    MemberTrained,
    RoundEnded,
    TaskProgressed,
    TaskStarted,
    Warned,
)
from sortal.tracking.progress import RunningPopulation, RunState
from sortal.views.progress import Display, QuietTimes, duration, live_lines

PLANNED = JobPlanned(job="digits", members=10, stored=2, tasks=1, workers=2, threads=1)
STARTED = TaskStarted(job="digits", task="t", method="svm", members=4)
PROGRESSED = TaskProgressed(job="digits", task="t", done=0.5, text="epoch 3 [of 6]")
TRAINED = MemberTrained(
    job="digits", key="k", title="svm", fit_seconds=1, score_seconds=1, headline=0.9
)
FAILED = MemberFailed(job="digits", key="k", title="svm [C]", reason="no [convergence]")
WARNED = Warned(job="digits", text="a note")
ENDED = JobEnded(job="digits", trained=7, failed=1, stored=2, seconds=75.0, interrupted=False)
EVENTS = [PLANNED, STARTED, PROGRESSED, TRAINED, FAILED, WARNED, ENDED]


def shown(events, *, terminal=False, **options):
    out = io.StringIO()
    console = Console(file=out, force_terminal=terminal, width=100, color_system=None)
    with Display(console=console, **options) as display:
        for event in events:
            display(event)
    return out.getvalue()


def test_elsewhere_than_on_a_terminal_lines_are_plain_and_rare():
    assert shown(EVENTS).splitlines() == [
        "digits: 10 members, 2 found in the store; 1 task on 2 workers with 1 thread each",
        "failed: svm [C]: no [convergence]",
        "note: a note",
        "digits: done in 1 min 15 s: 7 trained, 2 found in the store, 1 failed",
    ]


def test_a_plain_line_says_where_the_run_is():
    line = shown([PLANNED, STARTED, PROGRESSED], every_s=0.0).splitlines()[-1]
    assert line.startswith("digits: 2/10 members, ")
    assert line.endswith(" left; running: svm x4 50% epoch 3 [of 6]")


def test_a_round_of_a_search_says_how_many_and_which_is_best():
    round_ = RoundEnded(
        job="digits",
        round=2,
        rounds=5,
        candidates=12,
        pruned=7,
        failed=1,
        metric="accuracy",
        best_title="svm [C]",
        best=0.98765,
        interrupted=True,
    )
    assert shown([round_]) == (
        "digits: round 2/5, 12 candidates, 7 given up early, 1 failed, interrupted; "
        "best accuracy 0.9877 of svm [C]\n"
    )
    lost = replace(round_, best=None, best_title="", pruned=0, interrupted=False)
    assert shown([lost]).endswith("12 candidates, 1 failed; nothing could be judged\n")


def test_quiet_shows_failures_and_warnings_only():
    for terminal in (False, True):
        text = shown(EVENTS, terminal=terminal, quiet=True)
        assert text.splitlines() == ["failed: svm [C]: no [convergence]", "note: a note"]


def test_failures_stay_above_the_live_part_with_a_cursor():
    """The cursor is visible again at the end."""
    text = shown(EVENTS, terminal=True)
    assert "failed: svm [C]: no [convergence]" in text
    assert text.rindex("\x1b[?25h") > text.rindex("\x1b[?25l")
    assert "done in 1 min 15 s" in text.splitlines()[-1]


def test_an_error_in_the_run_ends_the_live_part():
    out = io.StringIO()
    console = Console(file=out, force_terminal=True, width=100)

    def run():
        with Display(console=console) as display:
            display(PLANNED)
            time.sleep(0.6)
            raise RuntimeError("boom")

    with pytest.raises(RuntimeError, match="boom"):
        run()
    left = out.getvalue()
    assert left.count("2/10 members") > 1
    time.sleep(0.6)
    assert out.getvalue() == left


def test_the_live_part_fits_its_width_and_counts_omissions():
    running = tuple(
        RunningPopulation(task=str(i), method="random_forest", members=3, done=0.25, text="x" * 200)
        for i in range(12)
    )
    state = RunState(job="j", total=10, stored=1, trained=3, failed=1, running=running)
    console = Console(width=60, color_system=None)
    with console.capture() as captured:
        console.print(live_lines(state, 100.0))
    lines = captured.get().splitlines()
    assert max(map(len, lines)) <= 60
    assert "5/10 members, 1 failed" in lines[0]
    assert lines[1].startswith("  random_forest x3 25% xxx")
    assert lines[1].rstrip().endswith("…")
    assert lines[-1].strip() == "and 4 more populations"


@pytest.mark.parametrize(
    ("seconds", "text"),
    [
        (0, "0.0 s"),
        (59.9, "59.9 s"),
        (59.97, "1 min 0 s"),
        (3599.7, "1 h 0 min"),
        (7260, "2 h 1 min"),
    ],
)
def test_durations_read_well_at_every_size(seconds, text):
    assert duration(seconds) == text


@pytest.mark.skipif(sys.platform == "win32", reason="needs a pseudo-terminal")
def test_a_real_terminal_shows_the_bar_and_is_restored_early():
    """It is left as it was if the display is left at once."""
    import pty

    script = (
        "import os, time\n"
        "from sortal.views.console import Display\n"
        "from sortal.events import JobPlanned, TaskStarted\n"
        "display = Display()\n"
        "display(JobPlanned(job='digits', members=4, stored=1, tasks=1, workers=1, threads=1))\n"
        "display(TaskStarted(job='digits', task='t', method='svm', members=3))\n"
        "time.sleep(0.6)\n"
        "os._exit(130)\n"
    )
    driver, terminal = pty.openpty()
    environment = os.environ | {"TERM": "xterm", "COLUMNS": "80"}
    with subprocess.Popen(
        [sys.executable, "-c", script], stderr=terminal, stdout=terminal, env=environment
    ) as process:
        os.close(terminal)
        text = b""
        while True:
            try:
                text += os.read(driver, 65536)
            except OSError:  # the terminal's other end is closed
                break
    os.close(driver)
    assert process.returncode == 130
    assert b"1/4 members" in text
    assert b"svm x3 0%" in text
    assert text.rindex(b"\x1b[?25h") > text.rindex(b"\x1b[?25l")


def test_pauses_between_messages_double_until_something_happens():
    pauses = QuietTimes(10.0, most_s=35.0)
    assert not pauses.is_over(100.0, 109.9)
    assert [pauses.is_over(100.0, 110.0) for _ in range(2)] == [True, True]
    lengths = []
    for _ in range(4):
        lengths.append(next(s for s in range(100) if pauses.is_over(0.0, float(s))))
        pauses.lengthen()
    assert lengths == [10, 20, 35, 35]
    pauses.begin()
    assert pauses.is_over(0.0, 10.0)
