"""What plugins print is kept with the classifier, and what an interrupt waits for is said."""

import os
import signal
import subprocess
import sys

import pytest
from typer.testing import CliRunner

from sortal.cli.main import app
from sortal.store.store import Store

PRINTING = """
print("fits", len(X_train))
        import os, subprocess, sys, warnings
        for share in range(0, 101, 10): print(f"\\r{share} %", end="", file=sys.stderr)
        print(file=sys.stderr)
        subprocess.run([sys.executable, "-c", "print('from a process')"])
        os.write(1, b'{"name": "no frame of ours"}\\n')
        warnings.warn("odd data")
        self.clf.fit(X_train, y_train)
"""

FAILING = """
print("about to fail")
        raise ValueError("no such luck")
"""

SLOW = """
import time
        print("sleeps", flush=True)
        time.sleep(1000)
"""


def entry(method, title=None, **arguments):
    return {"title": title or method, "method": method, **arguments}


def show(bench, *words):
    ran = CliRunner(env={"COLUMNS": "200"}).invoke(
        app, ["show", *words, "--store", str(bench.folder / "store")]
    )
    if ran.exception and not isinstance(ran.exception, SystemExit):
        raise ran.exception
    return ran.output


@pytest.fixture
def printed(bench):
    bench.classifier("talker", PRINTING.strip())
    bench.classifier("failing", FAILING.strip())
    return bench


def test_what_a_plugin_prints_is_kept_with_it(printed):
    entries = [entry("talker", f"talker {depth}", depth=depth) for depth in (1, 2)]
    ran = printed.batch(printed.job("iris", [*entries, entry("failing"), entry("gaussiannb")]))
    assert ran.code == 1
    assert "fits 120" not in ran.out, "it is shown if asked for"
    expected = ["fits 120", "100 %", "from a process", '{"name": "no frame of ours"}']
    for title in ("talker 1", "iris/talker 2"):
        assert show(printed, title, "--log").splitlines() == expected
    assert show(printed, "failing", "--log") == "about to fail\n"
    assert "nothing is kept of what it printed" in show(printed, "gaussiannb", "--log")
    (result,) = ran.results("iris").titled("talker 1")
    assert "odd data" in result.notes
    assert not {"printed", "history"} & set(result.members[0].record.to_json())


def test_what_a_plugin_prints_changes_no_key(printed):
    first = printed.batch(printed.job("iris", [entry("talker")]))
    (key,) = [one.key for one in first.record("iris").entries]
    again = printed.batch(printed.job("iris", [entry("talker", "another")]))
    assert [one.key for one in again.record("iris").entries] == [key]
    assert Store.open(again.store, create=False).members.printed([key])[key].startswith("fits")


def test_what_a_plugin_prints_is_shown_live_if_asked_for(printed):
    job = printed.job("iris", [entry("talker")])
    ran = printed.batch(job, "-v")
    assert "talker | fits 120" in ran.lines
    assert "talker | 100 %" in ran.lines


def test_what_estimators_of_a_native_job_print_is_kept_too(bench):
    job = bench.folder / "native.yaml"
    job.write_text(
        "data: {source: iris}\nclassifiers:\n  - method: sklearn.ensemble.GradientBoostingClassifier\n"
        "    title: boosted {n_estimators}\n    parameters: {n_estimators: [2, 3], verbose: 1}\n"
    )
    words = ["run", str(job), "--quiet", "--cores", "1", "--store", str(bench.folder / "store")]
    assert CliRunner().invoke(app, words).exit_code == 0
    for count in (2, 3):
        lines = show(bench, f"boosted {count}", "--log").splitlines()
        assert lines[0].split() == ["Iter", "Train", "Loss", "Remaining", "Time"]
        assert len(lines) == 1 + count


@pytest.mark.skipif(sys.platform == "win32", reason="signals")
def test_an_interrupt_names_what_it_waits_for_a_second_leaves(bench):
    bench.classifier("slow", SLOW.strip())
    job = bench.job("iris", [entry("slow")])
    process = subprocess.Popen(
        [sys.executable, "-u", "-m", "sortal", "clavis", "batch", str(job), "-v", "--cores", "1"],
        cwd=bench.folder,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        env={**os.environ, "COLUMNS": "200"},
    )
    try:
        _read_until(process, "slow | sleeps")
        process.send_signal(signal.SIGINT)
        line = _read_until(process, "asked to end")
        assert "waiting for 'slow' (" in line
        assert "Press Ctrl-C again to leave at once" in line
        process.send_signal(signal.SIGINT)
        assert process.wait(timeout=60) == 130, "it did not wait for the classifier"
    finally:
        process.kill()
        process.communicate()


def _read_until(process, text):
    for line in process.stdout:
        if text in line:
            return line
    raise AssertionError(f"it ended without {text!r}")
