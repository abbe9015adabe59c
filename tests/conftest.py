"""Array shapes in annotations are checked in every test."""

from __future__ import annotations

from pathlib import Path

from jaxtyping import install_import_hook

_hook = install_import_hook("seif_core", "typecheck.typechecker")

REPOSITORY = Path(__file__).resolve().parent.parent
SHARED = REPOSITORY.parent / "shared" / "data"
