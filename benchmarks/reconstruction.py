"""Time and memory of the main job, warm: `python benchmarks/reconstruction.py [PHOTO...]` (the astronaut if left out).

Each job is measured in a process of its own, as the worker is; its first run warms libraries and models up and is not
counted. Times are the best of the runs, because other work on the machine can only make them longer. `--against
CHECKOUT` runs this working copy (A) and another one (B) in turn, A B A B, both warm, and adds B's times and the ratio
A / B; processor seconds, of all threads and of Blender's process, depend the least on what else the machine does.
`--photos N` makes so many heads in one process instead, and tells what memory it holds after each some.

Last figures, 2 cores (x86_64, CPU) that nothing else used, threads as they come, the portrait obama, texture of 2048
pixels, all files, in turn with the state before geometry and registration were rooms (commit 947ba85, no parsing, no
hair layer, no normal map), best of three runs, seconds. Hair and texture are made side by side: their times are in the
longer one.

| stage              | fast: now | before | ratio | full: now | before | ratio |
|--------------------|-----------|--------|-------|-----------|--------|-------|
| Portrait           | 0.70      | 0.15   | 4.77  | 0.57      | 0.14   | 4.23  |
| Fit                | 0.75      | 0.42   | 1.78  | 0.69      | 0.45   | 1.54  |
| Evidence           | 0.18      |        |       | 0.18      |        |       |
| Surface            |           |        |       | 1.81      | 9.19   | 0.20  |
| Mesh               |           |        |       | 1.86      |        |       |
| Hair               |           |        |       | 2.35      |        |       |
| Texture            | 2.54      | 2.96   | 0.86  | 0.71      | 2.78   | 0.26  |
| Write              | 1.35      | 1.74   | 0.78  | 1.83      | 1.71   | 1.07  |
| all                | 5.83      | 5.50   | 1.06  | 10.88     | 21.06  | 0.52  |
| processor          | 9.19      | 7.78   | 1.18  | 17.91     | 25.43  | 0.70  |
| peak memory, MB    | 1143      | 1504   | 0.76  | 1341      | 1625   | 0.83  |

What came since the best figures (0.76 and 0.51; processor 0.89 and 0.71): three looks of the parsing, dense points in
the fit, folds of the expression and covered lids in the texture, rims of glasses. The state before has none of them.
In another run of three, fast alone, the ratio was 1.20 (5.52 / 4.59 s, processor 1.31).

Later, one run each on a machine that much else used (load 10 to 18), so that processor seconds alone mean something:
fast 6.03 / 6.72 (0.90) with the photo parsed beside the fit and previews drawn in whole columns, before small matrices
were inverted in closed form; full 17.85 / 26.77 (0.67). On such a machine those inverses kept the texture waiting for
60 to 80 s.

After that, fast, best of five at a load of 2 to 4: 4.20 / 5.22 s (0.80), processor 0.95; full at a load of 7 to 11
0.47, processor 0.66; nearly quiet, full 13.31 / 25.20 s (0.53), processor 0.72, peak 1,310 MB, and 1,277 with less
freed memory kept (16 MB a thread); 1,101 to 1,164 in fast quality.

With Open head 1.6, quiet, best of three or four: obama fast 2.38 / 3.27 s (0.73) and 2.54 / 3.40 (0.75), processor 0.85
and 0.88, peak 1,123 MB; full 7.43 / 13.98 s (0.53), processor 0.73: one pair of triangles that cross takes eight rounds
of repair, 0.7 s. The astronaut full 6.78 / 18.49 s (0.37), processor 0.53. Peak full 1,257 and 1,271 MB.

Asked were 0.5, 0.7 and 1.3 GB. Against the state before parsing and hair layer (62a122c), full, best of two: 9.65 s
against 11.56 s (0.83), processor 16.06 / 16.57, peak 1354 / 1216 MB.

Earlier, with 256 cells: one process over 15 sample portraits in full quality: peak 1272 MB (before: 2609 MB, and
growing). 100 fast photos without texture: 554 MB after the third, 556 MB after the hundredth (0.4 % more), none slower.

Fast, texture of 2048 pixels, all files but Blender's, ten portraits in turn in one process, 2 cores (x86_64, CPU) that
much else used at first, MB held after photo 1, 2, 3, 10, 20, 30, 40, 50, 60, 70, 80, 90, 100: 851, 815, 911, 886, 858,
907, 873, 889, 887, 892, 878, 892, 885; peak 1160: nothing grows (2.8 % less than after the third), none slower.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import tempfile
import time
from contextlib import nullcontext
from functools import partial
from pathlib import Path
from typing import Any, Final

HERE: Final = Path(__file__).resolve().parent.parent
JOBS: Final = {"fast, without the texture": ("fast", 0), "fast": ("fast", 2048), "full": ("full", 2048)}
"""Titles: quality and texture size; with a texture all files are written."""
_SETTLED: Final = 3
"""Photos after which memory is compared with what it is later."""


def serve(root: Path, quality: str, size: int, device: str) -> None:
    """Make a head of each photo whose path comes in, one a line; answer with a line of JSON."""
    sys.path.insert(0, str(root))
    from seif_core import blend
    from seif_core.device import share_the_cores

    share_the_cores()
    from seif_core.info import peak_memory
    from seif_core.pipeline import ReconstructionSettings, reconstruct
    from seif_core.progress import Progress
    from seif_core.results import default_formats, staging, write_results

    settings = ReconstructionSettings(texture_size=size, device=device, quality=quality)
    answers = sys.stdout
    sys.stdout = sys.stderr
    for line in sys.stdin:
        start, worked = time.perf_counter(), processor_seconds()
        formats = default_formats() if size else ()
        started = "blend" in formats and hasattr(blend, "waiting_blender")  # earlier states started Blender at the end
        ahead = blend.waiting_blender() if started else nullcontext()
        with tempfile.TemporaryDirectory() as scratch, staging(Path(scratch) / "head") as folder, ahead as blender:
            done = reconstruct(Path(line.strip()), settings)
            if size:
                write = partial(write_results, blender=blender) if started else write_results
                done = write(done, folder, formats, progress=Progress())
            seconds = {**done.seconds, "all": time.perf_counter() - start, "processor": processor_seconds() - worked}
        del done
        told = {"seconds": seconds, "peak": peak_memory() / 1e6, "resident": resident_memory() / 1e6}
        answers.write(json.dumps(told) + "\n")
        answers.flush()


def processor_seconds() -> float:
    """Of this process, its threads and its children that have ended; without the latter on Windows."""
    if sys.platform == "win32":
        return time.process_time()
    import resource

    used = [resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
    return sum(u.ru_utime + u.ru_stime for u in used)


def resident_memory() -> float:
    """Bytes of memory that this process holds; 0 where the system does not tell so simply."""
    place = Path("/proc/self/status")
    lines = place.read_text().splitlines() if place.exists() else []
    return next((float(line.split()[1]) * 1024 for line in lines if line.startswith("VmRSS")), 0.0)


class Worker:
    """A warm process that makes heads with one working copy."""

    def __init__(self, root: Path, title: str, device: str) -> None:
        quality, size = JOBS[title]
        command = [sys.executable, __file__, "--serve", str(root), quality, str(size), device]
        self._process = subprocess.Popen(
            command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True
        )
        if self._process.stdin is None or self._process.stdout is None:
            raise SystemExit("The process that measures has no pipes.")
        self._give, self._take = self._process.stdin, self._process.stdout

    def make(self, photo: Path) -> dict[str, Any]:
        """Make a head and tell what it took."""
        self._give.write(f"{photo.resolve()}\n")
        self._give.flush()
        answer = self._take.readline()
        if not answer:
            raise SystemExit(f"The reconstruction of {photo} failed; try it with `seif reconstruct`.")
        return json.loads(answer)

    def end(self) -> None:
        """Let the process end."""
        self._give.close()
        self._process.wait()


def compare(title: str, roots: list[Path], photos: list[Path], runs: int, device: str) -> None:
    """Print a row per stage: best seconds of each working copy, and the ratio of the first to the second."""
    workers = [Worker(root, title, device) for root in roots]
    best: list[dict[str, float]] = [{} for _ in roots]
    peaks = [0.0] * len(roots)
    for run in range(runs + 1):
        for own, peak, worker in zip(best, range(len(roots)), workers, strict=True):
            for photo in photos:
                told = worker.make(photo)
                peaks[peak] = told["peak"]
                for stage, value in told["seconds"].items() if run else ():
                    key = f"{photo.stem}: {stage}" if len(photos) > 1 else stage
                    own[key] = min(value, own.get(key, value))
    for worker in workers:
        worker.end()
    print(f"{title}\n  {'stage':<28}" + "".join(f"{name:>10}" for name in ("A", "B", "A / B")[: 2 * len(roots) - 1]))
    for stage, value in [*best[0].items(), ("peak memory, MB", peaks[0])]:
        others = [peaks[1] if stage.startswith("peak") else best[1].get(stage, 0.0)] if len(roots) > 1 else []
        ratio = [value / other for other in others if other > 0.01]
        print(f"  {stage:<28}" + "".join(f"{number:10.2f}" for number in (value, *others, *ratio)))


def watch_memory(title: str, root: Path, photos: list[Path], count: int, device: str) -> None:
    """Print what memory a process holds after some photos, and how much more than after the third, in percent."""
    worker = Worker(root, title, device)
    settled = 0.0
    print(f"{title}\n  {'photos':<10}{'held, MB':>10}{'more, %':>10}{'peak, MB':>10}{'seconds':>10}")
    for made in range(1, count + 1):
        told = worker.make(photos[(made - 1) % len(photos)])
        settled = told["resident"] if made == _SETTLED else settled
        if made in (1, 2, _SETTLED, count) or made % 10 == 0:
            more = 100 * (told["resident"] / settled - 1) if settled else 0.0
            row = (told["resident"], more, told["peak"], told["seconds"]["all"])
            print(f"  {made:<10}" + "".join(f"{number:10.1f}" for number in row), flush=True)
    worker.end()


def main() -> None:
    """Print the tables."""
    if sys.argv[1:2] == ["--serve"]:
        root, quality, size, device = sys.argv[2:6]
        serve(Path(root), quality, int(size), device)
        return
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("photos", nargs="*", type=Path)
    parser.add_argument("--runs", type=int, default=5)
    parser.add_argument("--device", default="auto")
    parser.add_argument("--jobs", nargs="+", choices=list(JOBS), default=list(JOBS))
    parser.add_argument("--against", type=Path, help="another working copy, to be run in turn")
    parser.add_argument("--photos", dest="count", type=int, help="so many heads in one process: what memory it holds")
    options = parser.parse_args()
    photos = options.photos
    if not photos:
        import skimage

        photos = [Path(skimage.__file__).parent / "data" / "astronaut.png"]
    for title in options.jobs:
        if options.count:
            watch_memory(title, HERE, photos, options.count, options.device)
        else:
            roots = [HERE, *([options.against.resolve()] if options.against else [])]
            compare(title, roots, photos, options.runs, options.device)


if __name__ == "__main__":
    main()
