"""Array shapes in annotations are checked in every test."""

from __future__ import annotations

import os
from pathlib import Path

from jaxtyping import install_import_hook

os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")  # as `device.share_the_cores` does, before torch is imported

_hook = install_import_hook("seif_core", "typecheck.typechecker")

REPOSITORY = Path(__file__).resolve().parent.parent
SHARED = REPOSITORY.parent / "shared" / "data"
