"""What training prints: kept as a terminal shows it, bounded, down to C and other processes."""

import os
import subprocess
import sys

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sortal.methods.contract.printed import KEPT, OUTPUT, PrintedText, keeping_output, shown_line

WORKER = """\
import ctypes, os, subprocess, sys, warnings
from sortal.methods.contract.printed import keeping_output
print("before")
with keeping_output() as printed:
    print("by Python")
    print("to the error stream", file=sys.stderr)
    ctypes.CDLL(None).puts(b"by C")
    subprocess.run([sys.executable, "-c", "print('by a process')"], check=True)
    os.write(2, b"by a descriptor\\n")
    {body}
print("after")
with open("kept.txt", "w") as file:
    file.write(printed.text)
"""


def kept(text, size=7):
    printed, data = PrintedText(), text.encode()
    for start in range(0, len(data), size):
        printed.feed(data[start : start + size])
    return printed.text


@pytest.fixture
def worker(tmp_path):
    """Run code with its output in a file, as a worker has it; what was kept of it."""

    def run(body="pass", **environment):
        output = tmp_path / "worker.txt"
        with output.open("ab") as file:
            subprocess.run(
                [sys.executable, "-u", "-c", WORKER.format(body=body)],
                cwd=tmp_path,
                stdout=file,
                stderr=file,
                env={**os.environ, OUTPUT: str(output), **environment},
                check=True,
                timeout=60,
            )
        return (tmp_path / "kept.txt").read_text(), output

    return run


@pytest.mark.parametrize(
    ("drawn", "seen"),
    [
        ("plain", "plain"),
        ("10 %\r50 %\r100 %", "100 %"),
        ("100 %\r", "100 %"),
        ("half\rwhole\r\r", "whole"),
        ("\x1b[1m\x1b[32mgreen\x1b[0m", "green"),
        ("\x1b]0;a title\x07text", "text"),
        ("1/3" + "\x08" * 3 + "3/3", "3/3"),
        ("bell\x07 and \u202eback", "bell and back"),
        ("tab\there  ", "tab\there"),
    ],
)
def test_a_line_is_what_a_terminal_shows_in_the_end(drawn, seen):
    assert shown_line(drawn) == seen


def test_bars_leave_their_last_state_alone():
    bar = "".join(f"\r{share:3d}% |{'#' * (share // 10)}" for share in range(101))
    assert kept(f"epoch 1\n{bar}\nepoch 2\n{bar}") == (
        "epoch 1\n100% |##########\nepoch 2\n100% |##########"
    )


def test_beginning_and_end_of_a_long_text_are_kept():
    text = kept("".join(f"line {number}\n" for number in range(20_000)), size=4096)
    assert text.startswith("line 0\nline 1\n")
    assert text.endswith("\nline 19999")
    assert len(text) < 2.1 * KEPT
    (between,) = [line for line in text.splitlines() if "left out" in line]
    lines = text.splitlines()
    assert int(between.split()[1]) == 20_000 - (len(lines) - 1)


def test_one_endless_line_is_cut():
    assert len(kept("x" * 1_000_000, size=65_536)) <= 2_000


@given(st.text(alphabet=st.sampled_from("ab\n\r é\x1b[0m\x08"), max_size=200), st.integers(1, 50))
def test_what_is_kept_does_not_depend_on_how_it_comes(text, size):
    assert kept(text, size) == kept(text, 10_000)
    assert all(sign not in kept(text, size) for sign in "\r\x1b\x08")


@given(st.binary(max_size=300))
def test_bytes_that_are_no_text_are_taken(data):
    printed = PrintedText()
    printed.feed(data)
    assert not set(printed.text) & set(map(chr, range(32))) - {"\n", "\t"}


def test_everything_that_a_worker_prints_is_kept(worker):
    text, _ = worker()
    assert text.splitlines() == [
        "by Python",
        "to the error stream",
        "by C",
        "by a process",
        "by a descriptor",
    ]


def test_whoever_prints_without_end_does_not_fill_the_disk(worker):
    body = "import time\n    for _ in range(40):\n        print('x' * 1_000_000)\n        time.sleep(0.02)"
    text, output = worker(body)
    assert output.stat().st_size < 30_000_000
    assert text.startswith("by Python")
    assert len(text) < 2.1 * KEPT


def test_lines_are_told_while_they_come(worker):
    text, _ = worker(
        "import threading, time\n"
        "    from sortal.methods.contract import printed as module\n"
        "    heard = []\n"
        "    with module.keeping_output(heard.extend):\n"
        "        print('live')\n"
        "        deadline = time.monotonic() + 20\n"
        "        while 'live' not in heard and time.monotonic() < deadline: time.sleep(0.01)\n"
        "        print('heard' if 'live' in heard else 'missed')"
    )
    assert "heard" in text.splitlines()


def test_nothing_is_kept_outside_a_worker(monkeypatch, tmp_path, capfd):
    monkeypatch.setenv(OUTPUT, str(tmp_path / "gone.txt"))
    with keeping_output() as printed:
        sys.stdout.write("as ever\n")
    assert printed.text == ""
    assert capfd.readouterr().out == "as ever\n"
