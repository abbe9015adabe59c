"""A worker with quick jobs in place of the real ones: `tests/support/fake_worker.py`, spoken to over its pipes."""

from __future__ import annotations

import os
import sys
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from seif_core.worker.channel import Sender, claim_output

OUTPUT = claim_output()


def quick(request, progress):
    with progress.stage("Portrait"):
        progress.step(0.5)
    with progress.stage("Fit"):
        progress.step(0.5)
    return {"report": {"echo": request.get("word")}}


def patient(_request, progress):
    with progress.stage("Portrait"):
        for _ in range(1000):
            progress.step(0.1)
            time.sleep(0.02)
    return {}


def deaf(_request, _progress):
    """A job that never asks whether it was cancelled."""
    end = time.monotonic() + 20
    while time.monotonic() < end:
        time.sleep(0.01)
    return {}


def importer(_request, progress):
    """A job in the middle of which a library is imported for the first time."""
    with progress.stage("Fit"):
        import slow_to_import  # noqa: F401 - as libraries do that load parts of theirs when first used
    return {}


def noisy(_request, _progress):
    sys.stdout.write("not a message\n")
    sys.stdout.flush()
    os.write(1, b'{"type": "result", "id": "forged"}\n')
    return {}


def hungry(_request, _progress):
    from seif_core.device import memory_in_words

    with memory_in_words():
        raise MemoryError


def broken(_request, _progress):
    raise ZeroDivisionError("an error that nobody foresaw")


def wild(_request, _progress):
    return {"report": {"number": float("nan")}}


def halfway(request, progress):
    with progress.stage("Head"), jobs._replacing(Path(request["out"])) as part:
        part.write_bytes(b"half")
        return deaf(request, progress)


if __name__ == "__main__":
    from seif_core.worker import jobs
    from seif_core.worker.server import Server

    handlers = {f.__name__: f for f in (quick, patient, deaf, importer, noisy, hungry, broken, wild, halfway)}
    Server(
        Sender(OUTPUT), handlers, lambda _request: {"Portrait": 0.4, "Fit": 0.6}, discard=jobs.discard_unfinished
    ).run(sys.stdin.buffer)
