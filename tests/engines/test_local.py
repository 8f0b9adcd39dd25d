"""The local engine with real processes: what it promises when tasks and workers fail."""

import os
import signal
import subprocess
import sys
import time
from contextlib import closing
from pathlib import Path

import psutil
import pytest

from sortal.engines.base import Died, Finished, Idle, Message, Raised, Started
from sortal.engines.local import LocalEngine
from sortal.errors import OptionError

MODULE = "tasks_for_engines"

DRIVER = """
import sys
sys.path.insert(0, {folder!r})
from sortal.engines.local import LocalEngine
with LocalEngine(2, 1) as engine:
    for report in engine.map("tasks_for_engines:sleep", {{"a": {{"child": True}}, "b": {{}}}}):
        if hasattr(report, "body"):
            print(report.body["pid"], flush=True)
"""


@pytest.fixture(autouse=True)
def _importable_tasks(monkeypatch):
    monkeypatch.syspath_prepend(str(Path(__file__).parent))


def mapped(engine, name, tasks):
    """Reports on tasks; those of idle moments depend on how busy the machine is."""
    with closing(engine.map(f"{MODULE}:{name}", tasks)) as reports:
        yield from (report for report in reports if not isinstance(report, Idle))


def collect(engine, name, tasks):
    reports = list(mapped(engine, name, tasks))
    ends = {r.task: r for r in reports if isinstance(r, Finished | Raised | Died)}
    assert ends.keys() == tasks.keys()
    return reports, ends


def wait_until(condition, seconds=60.0):
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end, "waited in vain"
        time.sleep(0.02)


def is_gone(pid):
    try:
        return psutil.Process(pid).status() == psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return True


def test_a_task_reports_its_start_its_messages_and_its_result():
    with LocalEngine(2, 1) as engine:
        tasks = {f"t{i}": {"value": i, "steps": 5} for i in range(6)}
        reports, ends = collect(engine, "double", tasks)
    for name, task in tasks.items():
        own = [report for report in reports if report.task == name]
        assert own[0] == Started(name)
        assert own[1:-1] == [Message(name, {"step": step}) for step in range(5)]
        assert ends[name].result["value"] == 2 * task["value"]
        assert ends[name].seconds >= 0


def test_tasks_are_taken_up_in_their_order():
    tasks = {f"t{i}": {"value": i} for i in (3, 1, 2)}
    with LocalEngine(1, 1) as engine:
        reports, _ = collect(engine, "double", tasks)
    assert [report.task for report in reports if isinstance(report, Started)] == list(tasks)


def test_hundreds_of_tasks_share_two_warm_workers():
    with LocalEngine(2, 1) as engine:
        _, first = collect(engine, "double", {"warm": {"value": 1}})
        _, ends = collect(engine, "double", {f"t{i}": {"value": i} for i in range(300)})
    pids = {end.result["pid"] for end in ends.values()}
    assert len(pids) == 2
    assert first["warm"].result["pid"] in pids


def test_no_more_workers_start_than_there_are_tasks():
    with LocalEngine(8, 1) as engine:
        collect(engine, "double", {"only": {"value": 1}})
        assert len(engine._workers) == 1


def test_workers_stay_warm_between_maps():
    with LocalEngine(1, 1) as engine:
        pids = {collect(engine, "double", {"a": {"value": 1}})[1]["a"].result["pid"] for _ in "12"}
    assert len(pids) == 1


def test_a_killed_worker_fails_its_own_task_only():
    ends = {}
    with LocalEngine(2, 1) as engine:
        for report in mapped(engine, "nap", {f"t{i}": {"seconds": 0.2} for i in range(5)}):
            if report.task == "t1" and isinstance(report, Message):
                os.kill(report.body["pid"], signal.SIGKILL)
            ends[report.task] = report
    died = ends.pop("t1")
    assert isinstance(died, Died)
    assert died.reason == "killed by signal 9 (SIGKILL)"
    assert [type(end) for end in ends.values()] == [Finished] * 4


def test_killed_workers_are_replaced_while_others_finish():
    tasks = {}
    for i in range(4):
        tasks |= {f"bad{i}": {"how": "SIGKILL"}, f"raise{i}": {"how": "raise"}}
    with LocalEngine(2, 1) as engine:
        _, ends = collect(engine, "fail", tasks)
    assert [name for name, end in ends.items() if isinstance(end, Died)] == [
        name for name in ends if name.startswith("bad")
    ]
    assert all(isinstance(ends[f"raise{i}"], Raised) for i in range(4))


@pytest.mark.parametrize(
    ("how", "kind", "reason"),
    [
        ("raise", Raised, "ValueError: the value is bad"),
        ("memory", Raised, "out of memory"),
        ("sys.exit", Raised, "the task called sys.exit(3)"),
        ("not json", Raised, "TypeError: Object of type object is not JSON serializable"),
        ("os._exit", Died, "exit code 3; its last words: about to go"),
    ],
)
def test_each_way_to_fail_has_its_report(how, kind, reason):
    with LocalEngine(1, 1) as engine:
        _, ends = collect(engine, "fail", {"a": {"how": how}})
    assert isinstance(ends["a"], kind)
    assert ends["a"].reason == reason


def test_a_failed_task_has_its_traceback_and_its_worker_goes_on():
    with LocalEngine(1, 1) as engine:
        _, ends = collect(engine, "fail", {"a": {"how": "raise"}, "b": {"how": "raise"}})
        assert len(engine._workers) == 1
    assert 'raise ValueError("the value is bad")' in ends["a"].traceback


def test_a_crash_in_native_code_names_the_signal_and_the_place():
    with LocalEngine(1, 1) as engine:
        _, ends = collect(engine, "fail", {"a": {"how": "SIGSEGV"}})
    assert ends["a"].reason.startswith("killed by signal 11 (SIGSEGV); its last words: Fatal")
    assert "in fail" in ends["a"].reason


@pytest.mark.parametrize(
    ("function", "reason"),
    [
        ("no_such_module:run", "ModuleNotFoundError: No module named 'no_such_module'"),
        (f"{MODULE}:missing", f"AttributeError: module '{MODULE}' has no attribute 'missing'"),
    ],
)
def test_a_function_that_cannot_be_imported_is_raised(function, reason):
    with LocalEngine(1, 1) as engine:
        end = list(engine.map(function, {"a": {}}))[-1]
    assert isinstance(end, Raised)
    assert end.reason == reason


def test_stop_lets_running_tasks_end_and_starts_no_other():
    with LocalEngine(2, 1) as engine:
        reports = []
        for report in mapped(engine, "wait_for_stop", {f"t{i}": {} for i in range(5)}):
            reports.append(report)
            if sum(isinstance(report, Message) for report in reports) == 2:
                engine.stop()
        assert {r.task for r in reports if isinstance(r, Finished)} == {"t0", "t1"}
        assert {r.task for r in reports} == {"t0", "t1"}
        assert list(mapped(engine, "double", {"later": {"value": 1}})) == []


def test_asking_whether_to_stop_is_one_call_that_makes_no_other():
    """Training asks at every minibatch: neither a lock nor the system may be asked for it."""
    with LocalEngine(1, 1) as engine:
        _, ends = collect(engine, "calls_of_asking", {"a": {"times": 1000}})
    assert ends["a"].result["calls"] == 1000


def test_kill_ends_workers_in_mid_task_and_reports_their_tasks():
    with LocalEngine(2, 1) as engine:
        ends, pids = [], []
        for report in mapped(engine, "sleep", {f"t{i}": {} for i in range(4)}):
            if isinstance(report, Message):
                pids.append(report.body["pid"])
                if len(pids) == 2:
                    engine.kill()
            ends += [report] if isinstance(report, Died) else []
    assert {end.task for end in ends} == {"t0", "t1"}
    assert all(is_gone(pid) for pid in pids)


def test_leaving_early_ends_tasks_and_keeps_the_engine_usable():
    with LocalEngine(1, 1) as engine:
        iteration = mapped(engine, "sleep", {"a": {}, "b": {}})
        pid = next(report.body["pid"] for report in iteration if isinstance(report, Message))
        iteration.close()
        assert is_gone(pid)
        _, ends = collect(engine, "double", {"c": {"value": 4}})
    assert ends["c"].result["value"] == 8


def test_close_ends_workers_and_what_their_tasks_started():
    with LocalEngine(1, 1) as engine:
        iteration = mapped(engine, "sleep", {"a": {"child": True}})
        pids = []
        for report in iteration:
            pids += [report.body["pid"]] if isinstance(report, Message) else []
            if len(pids) == 2:
                break
    wait_until(lambda: all(map(is_gone, pids)))


def test_a_killed_worker_is_noticed_though_its_child_lives_on():
    with LocalEngine(1, 1) as engine:
        pids, end = [], None
        for report in mapped(engine, "sleep", {"a": {"child": True}}):
            if isinstance(report, Message):
                pids.append(report.body["pid"])
                if len(pids) == 2:
                    os.kill(pids[1], signal.SIGKILL)
            end = report
    assert isinstance(end, Died)
    wait_until(lambda: is_gone(pids[0]))


def test_no_orphan_is_left_when_the_driver_is_killed():
    script = DRIVER.format(folder=str(Path(__file__).parent))
    with subprocess.Popen(
        [sys.executable, "-c", script], stdout=subprocess.PIPE, text=True
    ) as driver:
        pids = [int(driver.stdout.readline()) for _ in range(3)]
        assert not any(map(is_gone, pids))
        driver.kill()
    wait_until(lambda: all(map(is_gone, pids)))


def test_a_script_without_a_guard_is_not_run_again_by_workers(tmp_path):
    script = tmp_path / "script.py"
    script.write_text(
        f"import sys; sys.path.insert(0, {str(Path(__file__).parent)!r})\n"
        "print('once')\n"
        "from sortal.engines.local import LocalEngine\n"
        "with LocalEngine(2, 1) as engine:\n"
        "    tasks = {str(i): {'value': i} for i in range(4)}\n"
        "    reports = engine.map('tasks_for_engines:double', tasks)\n"
        "    print(sum(hasattr(one, 'task') for one in reports))\n",
        encoding="utf-8",
    )
    (tmp_path / "json.py").write_text("raise RuntimeError('not the library')", encoding="utf-8")
    done = subprocess.run(
        [sys.executable, "-P", str(script)], capture_output=True, text=True, check=True
    )
    assert done.stdout.split() == ["once", "8"]


def test_tasks_can_be_added_while_mapping():
    with LocalEngine(2, 1) as engine:
        values = {}
        for report in mapped(engine, "double", {"1": {"value": 1}}):
            if isinstance(report, Finished):
                value = values[report.task] = report.result["value"]
                if value < 32:
                    engine.add(str(value), {"value": value})
    assert values == {"1": 2, "2": 4, "4": 8, "8": 16, "16": 32}


def test_two_maps_at_a_time_are_refused():
    with LocalEngine(1, 1) as engine:
        iteration = mapped(engine, "double", {"a": {"value": 1}})
        next(iteration)
        with pytest.raises(RuntimeError, match="already mapping"):
            next(mapped(engine, "double", {"b": {"value": 1}}))
        assert isinstance(list(iteration)[-1], Finished)


def test_libraries_in_a_worker_see_the_thread_count(monkeypatch):
    monkeypatch.setenv("OMP_NUM_THREADS", "7")
    names = ["OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "POLARS_MAX_THREADS"]
    with LocalEngine(1, 3) as engine:
        _, ends = collect(engine, "environment", {"a": {"names": names}})
    assert ends["a"].result == dict.fromkeys(names, "3")


def test_a_worker_imports_the_prelude_and_nothing_heavy():
    names = {"names": ["numpy", "torch", "sortal.events", "colorsys"]}
    with LocalEngine(1, 1) as plain, LocalEngine(1, 1, prelude="colorsys") as warmed:
        assert collect(plain, "loaded", {"a": names})[1]["a"].result == {"loaded": []}
        assert collect(warmed, "loaded", {"a": names})[1]["a"].result == {"loaded": ["colorsys"]}


def test_a_prelude_that_fails_fails_the_tasks_with_its_reason():
    with LocalEngine(1, 1, prelude="no_such_prelude") as engine:
        _, ends = collect(engine, "double", {"a": {"value": 1}})
    assert ends["a"].reason == "ModuleNotFoundError: No module named 'no_such_prelude'"


def test_huge_tasks_and_messages_pass():
    with LocalEngine(1, 1) as engine:
        reports, ends = collect(
            engine, "message_of", {"a": {"length": 5_000_000, "text": "y" * 5_000_000}}
        )
    assert len(reports[1].body["text"]) == ends["a"].result["length"] == 5_000_000


def test_workers_leave_interrupts_to_the_driver():
    with LocalEngine(1, 1) as engine:
        _, ends = collect(engine, "interrupt_self", {"a": {}})
    assert ends["a"].result == {"alive": True}


def test_a_late_message_of_a_task_is_not_taken_for_the_next_one():
    with LocalEngine(1, 1) as engine:
        collect(engine, "lingering", {"a": {}})
        reports, _ = collect(engine, "nap", {"b": {"seconds": 0.3}})
    assert not any("late" in report.body for report in reports if isinstance(report, Message))


@pytest.mark.skipif(sys.platform != "linux", reason="counts files in /proc")
def test_many_tasks_and_deaths_leak_no_files():
    script = (
        f"import os, sys; sys.path.insert(0, {str(Path(__file__).parent)!r})\n"
        "from sortal.engines.local import LocalEngine\n"
        "count = lambda: len(os.listdir('/proc/self/fd'))\n"
        "with LocalEngine(2, 1) as engine:\n"
        "    list(engine.map('tasks_for_engines:double', {'a': {'value': 1}, 'b': {'value': 1}}))\n"
        "    before = count()\n"
        "    tasks = {str(i): {'value': i} for i in range(2000)}\n"
        "    list(engine.map('tasks_for_engines:double', tasks))\n"
        "    bad = {str(i): {'how': 'SIGKILL'} for i in range(10)}\n"
        "    list(engine.map('tasks_for_engines:fail', bad))\n"
        "    list(engine.map('tasks_for_engines:double', {'a': {'value': 1}, 'b': {'value': 1}}))\n"
        "    print(before, count())\n"
    )
    done = subprocess.run(
        ["bash", "-c", 'ulimit -n 256; exec "$0" -c "$1"', sys.executable, script],
        capture_output=True,
        text=True,
        check=True,
    )
    before, after = map(int, done.stdout.split())
    assert after <= before


@pytest.mark.parametrize(("workers", "threads"), [(0, 1), (1, 0)])
def test_counts_below_one_are_refused(workers, threads):
    with pytest.raises(OptionError, match="expected 1 or more, got 0"):
        LocalEngine(workers, threads)
