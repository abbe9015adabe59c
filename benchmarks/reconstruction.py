"""Time and memory of the main job, warm: `python benchmarks/reconstruction.py [PHOTO]` (the astronaut if left out).

Run in a process of its own, as the worker is; the first run warms libraries and models up and is not counted. Times
are the best of the runs, because other work on the machine can only make them longer.

Last figures, 2 cores (x86_64, CPU, nothing else running), one of the portraits, texture of 2048 pixels:

| what                                                    | figure  |
|---------------------------------------------------------|---------|
| fast, without the texture                               | 0.5 s   |
| fast, with everything (all files, preview, head.blend)  | 4.8 s   |
| peak memory                                             | 1647 MB |
| full, with everything                                   | 19.3 s  |

Since then covered ears, the far side and the hair's colours have come. On another, slower machine of two cores
(2.5 GHz, no bf16), one photo, second run, the whole took 40.7 s before and 44.9 s after them: 1.10 times as long.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from seif_core.device import share_the_cores
from seif_core.info import peak_memory

share_the_cores()


def measure(photo: Path, runs: int, device: str) -> list[tuple[str, dict[str, float]]]:
    """Best time of each stage and of the whole, without and with the texture and the files."""
    from seif_core.pipeline import ReconstructionSettings, reconstruct
    from seif_core.progress import Progress
    from seif_core.results import default_formats, staging, write_results

    rows = []
    for title, quality, size in (
        ("fast, without the texture", "fast", 0),
        ("fast, with everything", "fast", 2048),
        ("full, with everything", "full", 2048),
    ):
        settings = ReconstructionSettings(texture_size=size, device=device, quality=quality)
        best: dict[str, float] = {}
        for run in range(runs + 1):
            start = time.perf_counter()
            with tempfile.TemporaryDirectory() as scratch, staging(Path(scratch) / "head") as folder:
                done = reconstruct(photo, settings)
                if size:
                    done = write_results(done, folder, default_formats(), progress=Progress())
                seconds = {**done.seconds, "all": time.perf_counter() - start}
            if run:
                best = {stage: min(value, best.get(stage, value)) for stage, value in seconds.items()}
        rows.append((title, best))
    return rows


def main() -> None:
    """Print the table."""
    import skimage

    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("photo", nargs="?", type=Path)
    parser.add_argument("--runs", type=int, default=5)
    parser.add_argument("--device", default="auto")
    options = parser.parse_args()
    photo = options.photo or Path(skimage.__file__).parent / "data" / "astronaut.png"
    for title, best in measure(photo, options.runs, options.device):
        stages = ", ".join(f"{stage} {value:.2f}" for stage, value in best.items() if stage != "all")
        print(f"{title:<24} {best['all']:6.2f} s   ({stages})")
    print(f"{'peak memory':<24} {peak_memory() / 1e6:6.0f} MB")


if __name__ == "__main__":
    main()
