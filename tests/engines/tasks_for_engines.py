"""Functions that the engine tests map; imported by workers, so nothing heavy here."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path


def double(task, channel):
    for step in range(task.get("steps", 0)):
        channel.send({"step": step})
    return {"value": 2 * task["value"], "pid": os.getpid()}


def environment(task, channel):
    return {name: os.environ.get(name) for name in task["names"]}


def loaded(task, channel):
    return {"loaded": [name for name in task["names"] if name in sys.modules]}


def fail(task, channel):
    how = task["how"]
    if how == "raise":
        raise ValueError("the value is bad")
    if how == "memory":
        return {"length": len(bytes(1 << 60))}
    if how == "sys.exit":
        sys.exit(3)
    if how == "os._exit":
        sys.stderr.write("about to go\n")
        os._exit(3)
    if how == "not json":
        return {"value": object()}
    os.kill(os.getpid(), getattr(signal, how))
    return {}


def wait_for_stop(task, channel):
    channel.send({"pid": os.getpid()})
    while not channel.stopping():
        time.sleep(0.01)
    return {"stopped": True}


def sleep(task, channel):
    if task.get("child"):
        child = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(600)"])
        channel.send({"pid": child.pid})
    channel.send({"pid": os.getpid()})
    if "file" in task:
        Path(task["file"]).write_text(str(os.getpid()), encoding="utf-8")
    time.sleep(600)
    return {}


def message_of(task, channel):
    channel.send({"text": "x" * task["length"]})
    return {"length": len(task.get("text", ""))}


def interrupt_self(task, channel):
    for name in ("SIGINT", "SIGTERM", "SIGUSR1"):
        os.kill(os.getpid(), getattr(signal, name))
    return {"alive": True}


def calls_of_asking(task, channel):
    """How many functions are called, of Python and of C, to ask so many times for a stop."""
    calls = 0

    def count(frame, event, argument):
        nonlocal calls
        calls += event in ("call", "c_call")

    times = range(task["times"])
    sys.setprofile(count)
    for _ in times:
        channel.stopping()
    sys.setprofile(None)
    return {"calls": calls - 1}  # the last one is that of setprofile


def lingering(task, channel):
    import threading

    def talk():
        time.sleep(0.1)
        channel.send({"late": True})

    threading.Thread(target=talk).start()
    return {}


def nap(task, channel):
    channel.send({"pid": os.getpid()})
    time.sleep(task["seconds"])
    return {}
