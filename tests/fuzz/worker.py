"""Tries inputs, one after another, as standard input says: `FORMAT FIRST LAST`; says each before it is tried."""

import json
import resource
import sys
import tempfile
import time
import warnings
from pathlib import Path

import psutil
from trials import attempt, content

from sortal.data.readers.hdf5 import reader_process as hdf5_child

_MOST = 2 << 30


def peak(process: int | str = "self") -> int:
    """Most resident memory since it was last forgotten [bytes]."""
    text = Path(f"/proc/{process}/status").read_text()
    return int(text.split("VmHWM:")[1].split()[0]) << 10


def peak_of_children() -> int:
    """Most resident memory ever of the process that reads HDF5, if there is one [bytes]."""
    return max((peak(c._process.pid) for c in hdf5_child._children if c.lives()), default=0)


def forget_peak() -> None:
    """Let the most resident memory begin anew."""
    Path("/proc/self/clear_refs").write_text("5")


def processor_s() -> float:
    """Processor time of this process and of those that read HDF5 for it, ended ones too [s]."""
    ended = resource.getrusage(resource.RUSAGE_CHILDREN)
    used = time.process_time() + ended.ru_utime + ended.ru_stime
    for child in hdf5_child._children:
        if child.lives():
            times = psutil.Process(child._process.pid).cpu_times()
            used += times.user + times.system
    return used


def say(**about: object) -> None:
    """Write one line of JSON."""
    sys.stdout.write(json.dumps(about) + "\n")
    sys.stdout.flush()


def main(seeds_folder: Path, seed: int) -> None:
    """Try what standard input names, until it ends."""
    warnings.simplefilter("ignore")
    data = int(Path("/proc/self/status").read_text().split("VmData:")[1].split()[0]) << 10
    resource.setrlimit(resource.RLIMIT_DATA, (data + _MOST, data + _MOST))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    kept: dict[str, list[bytes]] = {}
    with tempfile.TemporaryDirectory() as folder:
        for line in sys.stdin:
            form, first, last = line.split()
            if form not in kept:
                kept[form] = [p.read_bytes() for p in sorted((seeds_folder / form).iterdir())]
            for number in range(int(first), int(last)):
                say(begin=number)
                one = content(form, kept[form], seed, number)
                forget_peak()
                before, start, used = peak(), time.monotonic(), processor_s()
                outcome, detail = attempt(form, one, Path(folder), number)
                spent, taken = time.monotonic() - start, peak() - before
                used = processor_s() - used
                taken = max(taken, peak_of_children() if form == "hdf5" else 0)
                if taken > _MOST or (outcome == "traceback" and "MemoryError" in detail):
                    outcome = "memory"
                say(
                    end=number,
                    outcome=outcome,
                    seconds=spent,
                    processor=used,
                    memory=taken,
                    detail=detail[-1500:],
                )
            say(done=True)


if __name__ == "__main__":
    main(Path(sys.argv[1]), int(sys.argv[2]))
