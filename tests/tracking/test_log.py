"""The run's log survives kills, and tells of damage."""

import os
import signal
import subprocess
import sys
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sortal.events import MemberFailed, MemberTrained, TaskProgressed, Warned
from sortal.tracking.log import RunLog, read_from


def warned(text):
    return Warned(job="digits", text=text)


def events(path):
    return [event for _, event in read_from(path, most=10**9)]


def texts(path):
    return [line["text"] for line in events(path)]


def test_each_event_is_a_line_with_its_name_time_and_fields(tmp_path):
    path = tmp_path / "logs" / "digits.jsonl"
    before = datetime.now(UTC)
    with RunLog(path) as log:
        log(MemberFailed(job="digits", key="k", title="svm", reason="bad", traceback="at line 3"))
    (line,) = events(path)
    written = datetime.fromisoformat(line.pop("time"))
    assert abs((written - before).total_seconds()) < 5
    assert line == {
        "event": "MemberFailed",
        "job": "digits",
        "key": "k",
        "title": "svm",
        "reason": "bad",
        "traceback": "at line 3",
    }


def test_numbers_that_json_lacks_become_null(tmp_path):
    log = RunLog(tmp_path / "log")
    log(
        MemberTrained(
            job="j", key="k", title="t", fit_seconds=1.0, score_seconds=0.5, headline=float("nan")
        )
    )
    (line,) = events(tmp_path / "log")
    assert line["headline"] is None
    assert line["fit_seconds"] == 1.0


@given(st.lists(st.text(), max_size=5))
def test_any_text_comes_back_as_it_was(tmp_path_factory, given_texts):
    path = tmp_path_factory.mktemp("logs") / "log"
    with RunLog(path) as log:
        for text in given_texts:
            log(warned(text))
    assert texts(path) == given_texts
    assert path.read_bytes().count(b"\n") == len(given_texts)


def test_a_log_goes_on_where_it_was(tmp_path):
    for text in ("first", "second"):
        with RunLog(tmp_path / "log") as log:
            log(warned(text))
    assert texts(tmp_path / "log") == ["first", "second"]


def test_lines_are_there_as_soon_as_the_event_was_told(tmp_path):
    log = RunLog(tmp_path / "log")
    log(warned("now"))
    assert texts(tmp_path / "log") == ["now"]


@pytest.mark.parametrize("lost", [1, 2, 10, 60])
def test_a_half_written_last_line_is_skipped_after_reopening(tmp_path, lost):
    path = tmp_path / "log"
    with RunLog(path) as log:
        log(warned("kept"))
        log(warned("cut " + "x" * 50))
    os.truncate(path, path.stat().st_size - lost)
    whole_but_for_its_end = lost == 1
    assert texts(path)[0] == "kept"
    assert len(texts(path)) == 1
    with RunLog(path) as log:
        log(warned("after"))
    assert texts(path)[-1] == "after"
    assert len(texts(path)) == 2 + whole_but_for_its_end


def test_an_empty_log_holds_nothing(tmp_path):
    RunLog(tmp_path / "log").close()
    assert events(tmp_path / "log") == []


def test_a_process_killed_while_it_logs_leaves_a_readable_log(tmp_path):
    path = tmp_path / "log"
    script = (
        "import sys; from pathlib import Path\n"
        "from sortal.tracking.log import RunLog; from sortal.events import TaskProgressed\n"
        "log = RunLog(Path(sys.argv[1]))\n"
        "for i in range(10**9):\n"
        "    log(TaskProgressed(job='j', task='t', done=0.0, text=str(i)))\n"
        "    i == 200 and print('go', flush=True)\n"
    )
    with subprocess.Popen(
        [sys.executable, "-c", script, str(path)], stdout=subprocess.PIPE
    ) as process:
        process.stdout.readline()
        process.send_signal(signal.SIGKILL)
    written = texts(path)
    assert len(written) > 200
    assert written == [str(i) for i in range(len(written))]
    RunLog(path)(TaskProgressed(job="j", task="t", done=1.0, text="resumed"))
    assert texts(path)[-1] == "resumed"


def test_a_line_that_is_not_finished_waits(tmp_path):
    path = tmp_path / "log.jsonl"
    path.write_text('{"event": "A"}\n{"event": "B', encoding="utf-8")
    assert read_from(path) == [(15, {"event": "A"})]
    assert read_from(path, 15) == []
    path.write_text('{"event": "A"}\n{"event": "B"}\n', encoding="utf-8")
    assert read_from(path, 15) == [(30, {"event": "B"})]
    assert read_from(path, most=1) == [(15, {"event": "A"})]


def test_reading_goes_on_behind_lines_that_are_no_events(tmp_path):
    path = tmp_path / "log.jsonl"
    path.write_text("spoilt\n" * 10 + '{"event": "A"}\n', encoding="utf-8")
    assert read_from(path, most=1) == [(85, {"event": "A"})]


@given(sizes=st.lists(st.integers(0, 40), max_size=8), most=st.integers(1, 5))
def test_a_log_read_in_pieces_is_the_log(sizes, most, tmp_path_factory):
    path = tmp_path_factory.mktemp("log") / "log.jsonl"
    with RunLog(path) as log:
        for number, size in enumerate(sizes):
            log(warned(f"{number} " + "é" * size))
    place, told = 0, []
    while found := read_from(path, place, most=most):
        assert len(found) <= most
        told += [event for _, event in found]
        place = found[-1][0]
    assert told == events(path)
    assert place == path.stat().st_size
