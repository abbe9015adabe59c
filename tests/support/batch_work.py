"""What the processes of a batch do in tests, by a photo's name; importable by name in a process of its own."""

from __future__ import annotations

import os
import signal
import time
from pathlib import Path

from seif_core.batch.job import MADE, PhotoJob, PhotoOutcome

FAILED = "No face was found; choose another photo."


def work(job: PhotoJob) -> PhotoOutcome:
    """``noface`` fails, ``dies`` ends its process, ``slow`` waits for a minute; the others tell their threads."""
    name = job.photo.name
    if "dies" in name:
        os.kill(os.getpid(), getattr(signal, "SIGKILL", signal.SIGTERM))
    if "slow" in name:
        job.target.with_suffix(".begun").touch()
        end = time.monotonic() + 60
        while time.monotonic() < end:
            time.sleep(0.01)
    if "noface" in name:
        return job.ended("failed", FAILED, exit_code=2)
    return job.ended("made", MADE, warnings=(os.environ["OMP_NUM_THREADS"], str(os.getpid())))


def photos(folder: Path, *names: str) -> Path:
    """Files of these names below a folder, each with content of its own."""
    for name in names:
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(b"a photo: " + name.encode())
    return folder
