"""Array shapes in annotations are checked in every test."""

from __future__ import annotations

import os
from pathlib import Path

os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")  # as `device.share_the_cores` does, before torch is imported
if _processes := int(os.environ.get("PYTEST_XDIST_WORKER_COUNT", "0")):  # each has its share of the cores as threads
    _cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    os.environ.setdefault("OMP_NUM_THREADS", str(max(1, _cores // _processes)))

from hypothesis import settings
from jaxtyping import install_import_hook

settings.register_profile("no times", deadline=None)  # no test here asserts a time
settings.load_profile("no times")

_hook = install_import_hook("seif_core", "typecheck.typechecker")

REPOSITORY = Path(__file__).resolve().parent.parent
SHARED = REPOSITORY.parent / "shared" / "data"
