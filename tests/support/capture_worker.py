"""A worker for tests of captures in Blender: the real server and the real request, with a quick capture.

Runs as `capture_worker.py ROOT` in place of the bootstrap. Instead of looking at pictures it answers with the sample
performance, one frame of it for a photo; a source named ``noface*`` holds no face. What it was asked stands beside the
source, in ``asked.json``.
"""

import json
import sys
from dataclasses import asdict
from pathlib import Path

sys.path[:0] = [sys.argv[1], str(Path(__file__).resolve().parent)]

from seif_core.worker.channel import Sender, claim_output  # noqa: E402 - after the path is set

_OUTPUT = claim_output()

from sample_performance import sample_performance  # noqa: E402

from seif_core.capture import capture as capturing  # noqa: E402
from seif_core.errors import PerformanceFileError, PhotoNotFoundError  # noqa: E402
from seif_core.worker import jobs  # noqa: E402
from seif_core.worker.server import Server  # noqa: E402


def quick_capture(source, kind, *, settings, rate, progress, **others):
    asked = {"source": source.name, "kind": kind.value, "rate": rate, **others}
    asked |= {name: asdict(settings)[name] for name in ("neutral", "smoothing")}
    (source.parent / "asked.json").write_text(json.dumps(asked), encoding="utf-8")
    with progress.stage("Portrait" if kind is capturing.SourceKind.IMAGE else "Track"):
        progress.step(0.5)
    if not source.is_file():
        raise PhotoNotFoundError(f"There is no file {source}; choose an existing photo.")
    if source.name.startswith("noface"):
        raise PerformanceFileError(f"{source.name} shows no face; choose another file.")
    return sample_performance(1 if kind is capturing.SourceKind.IMAGE else 25)


capturing.capture = quick_capture
Server(Sender(_OUTPUT), {"capture": jobs.capture}, jobs.shares, discard=jobs.discard_unfinished).run(sys.stdin.buffer)
