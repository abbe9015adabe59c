"""Photos by one process, by two, and by a Ray cluster of two cores: ``python benchmarks/batch.py FOLDER [--ray]``.

Runs ``seif batch`` on the same photos in turn, each time into an empty folder, and prints seconds, processor seconds of
all processes with Blender's, how many cores were busy on the average, and how many times the first run's speed a run
has. Options after ``--`` go to ``seif batch``. One process uses the machine's cores by threads wherever a step can, so
two on two cores gain what it leaves idle, and what threads cost: twice the speed is not to be had. Ray must be
installed for ``--ray``; what its nodes use is not counted among the processor seconds.

Last figures, 2 cores (x86_64), full quality, all files, 4 photos, with real-time priority (``chrt -r 1``), for other
work kept the cores busy:

    one process       53.7 s    1.59 cores busy    11.2 s a photo once warm    1.00 times
    two processes     37.2 s    1.82                6.9                        1.44
    Ray, two cores    42.6 s                        7.1                        1.26

Starting and warming up are in it: 5 s a run, 5 s more with Ray, 4 s a process. At those paces 16 photos take 188, 119
and 124 s: 1.58 and 1.52 times. Two processes of one thread do the same work with a fifth less processor time (67.9 s
instead of 85.2), for no thread waits for another.

On the same machine shared with others (load 10 to 15, usual scheduling), 6 photos: one process 122 s, two 58 s, 2.09
times; Ray 116 s, for Ray runs its workers at niceness 15.
"""

from __future__ import annotations

import argparse
import os
import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Final

ROOT: Final = Path(__file__).resolve().parent.parent
RUNS: Final = {
    "one process": ("--processes", "1"),
    "two processes": ("--processes", "2"),
    "Ray, two cores": ("--ray", "local", "--cores", "1"),
}


def used(command: list[str]) -> tuple[float, float]:
    """Seconds and processor seconds that a command takes."""
    before, begun = resource.getrusage(resource.RUSAGE_CHILDREN), time.perf_counter()
    subprocess.run(command, cwd=ROOT, env=os.environ | {"PYTHONPATH": str(ROOT)}, check=False)
    now = resource.getrusage(resource.RUSAGE_CHILDREN)
    return time.perf_counter() - begun, now.ru_utime + now.ru_stime - before.ru_utime - before.ru_stime


def main() -> None:
    """Run and print."""
    given = sys.argv[1:]
    split = given.index("--") if "--" in given else len(given)
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n", maxsplit=1)[0])
    parser.add_argument("folder", type=Path)
    parser.add_argument("--ray", action="store_true", help="also by a local Ray cluster")
    options = parser.parse_args(given[:split])
    first = None
    for name, asked in RUNS.items():
        if name.startswith("Ray") and not options.ray:
            continue
        with tempfile.TemporaryDirectory() as out:
            command = [sys.executable, "-m", "seif_core", "batch", str(options.folder.resolve())]
            command += ["--out", f"{out}/heads"]
            seconds, processor = used([*command, *asked, *given[split + 1 :]])
        first = first or seconds
        figures = f"{seconds:7.1f} s  processor {processor:7.1f} s  {processor / seconds:.2f} cores busy"
        print(f"{name:15s} {figures}  {first / seconds:.2f} times", flush=True)


if __name__ == "__main__":
    main()
