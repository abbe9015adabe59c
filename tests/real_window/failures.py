"""What goes wrong while an artist works, brought about on purpose: steps of `session.py`."""

from __future__ import annotations

import os
import signal
from pathlib import Path

import bpy
from stage import OUT, Steps, found, heads, in_view, job_is_over, module, picture


def begin() -> Steps:
    """A reconstruction that is under way."""
    registry = module("worker.registry")
    bpy.context.scene.seif.quality = "fast"
    in_view(lambda: bpy.ops.seif.reconstruct("INVOKE_DEFAULT"))
    yield lambda: registry.current_job() is None or registry.current_job().total > 0.05


def worker_pid() -> int:
    """Process id of the worker, 0 without one."""
    process = getattr(module("worker.registry")._Registry.client, "_process", None)
    return process.pid if process is not None else 0


def gone(pid: int) -> bool:
    """Whether a process has ended."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[0] == "Z"
    except OSError:
        return True


def killed_worker() -> Steps:
    """The system ends the worker: a sentence, and the next attempt works."""
    before = len(heads())
    yield from begin()
    os.kill(worker_pid(), signal.SIGKILL)
    yield job_is_over
    yield 1.0
    found["killed"] = module("worker.registry").last_job().message
    yield from picture("killed-worker")
    yield from begin()
    yield job_is_over
    yield 3.0
    found["after_kill"] = len(heads()) - before


def reloaded_file() -> Steps:
    """Another file in the middle of a job: the job ends, its worker does not stay, the next attempt works."""
    bpy.ops.wm.save_as_mainfile(filepath=str(OUT / "middle.blend"))
    before = len(heads())
    yield from begin()
    pid = worker_pid()
    bpy.ops.wm.open_mainfile(filepath=str(OUT / "middle.blend"))
    yield 2.0
    registry = module("worker.registry")
    found["reloaded"] = {
        "job": registry.current_job() is not None,
        "heads": len(heads()) - before,
        "worker_gone_or_idle": gone(pid) or not registry.running_job(),
    }
    yield from picture("reloaded")
    yield from begin()
    yield job_is_over
    yield 3.0
    found["after_reload"] = len(heads()) - before


def full_disk() -> Steps:
    """No space where results are written: a sentence, and the next attempt works."""
    small = OPTIONS_SMALL
    if not small:
        found["full_disk"] = "not tried: no small disk was given"
        return
    registry = module("worker.registry")
    before = len(heads())
    filler = Path(small) / "filler"
    filler.write_bytes(b"0" * max(os.statvfs(small).f_bavail * os.statvfs(small).f_frsize - 4096, 0))
    yield from begin()
    yield job_is_over
    yield 1.0
    found["full_disk"] = registry.last_job().message
    yield from picture("full-disk")
    filler.unlink()
    yield from begin()
    yield job_is_over
    yield 3.0
    found["after_full_disk"] = len(heads()) - before


OPTIONS_SMALL = os.environ.get("SEIF_SMALL_DISK", "")
STEPS = (killed_worker, reloaded_file, full_disk)
