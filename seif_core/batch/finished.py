"""Whether a photo's head is there from an earlier run: by its report, the photo's checksum and the settings."""

from __future__ import annotations

import hashlib
import json
from dataclasses import asdict
from pathlib import Path
from typing import Any, Final

from .. import __version__
from ..results import REPORT, results_of_earlier_run
from .job import KEPT, PhotoJob, PhotoOutcome

_LONGEST: Final = 1 << 20
"""Bytes of a report that are read: a hundred times what one has."""
_DEBUG: Final = "overlay.png"
"""One of the pictures of ``--debug-images``, which are written together."""


def finished_before(job: PhotoJob) -> PhotoOutcome | None:
    """The outcome of an earlier run that did just this; None where the photo is still to be done.

    It did if its report tells of the same photo (by SHA-256), settings and version, and the files that it lists and
    those that are wanted now are there in the size that it says.
    """
    report = _read(job.target / REPORT)
    try:
        same = report["settings"] == asdict(job.settings) and report["versions"]["seif"] == __version__
        digest, seconds = str(report["photo"]["sha256"]), sum(map(float, report["seconds"].values()))
        warnings = tuple(map(str, report["warnings"]))
        listed = {str(output["name"]) for output in report["outputs"]}
    except (KeyError, TypeError, ValueError, AttributeError):
        return None
    wanted = {f"head.{name}" for name in job.formats} | ({_DEBUG} if job.debug_images else set())
    there = set(results_of_earlier_run(job.target))
    if not (same and wanted <= there and listed <= there and digest == _sha256(job.photo)):
        return None
    return job.ended("kept", KEPT, seconds=seconds, warnings=warnings)


def _read(path: Path) -> dict[str, Any]:
    try:
        found = json.loads(path.read_bytes()[:_LONGEST])
    except (OSError, ValueError, RecursionError):
        return {}
    return found if isinstance(found, dict) else {}


def _sha256(path: Path) -> str:
    try:
        with path.open("rb") as file:
            return hashlib.file_digest(file, "sha256").hexdigest()
    except OSError:
        return ""
