"""What the worker can do: `reconstruct` and `info`. Heavy libraries are imported with the first job and stay warm."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from importlib import import_module
from pathlib import Path
from typing import Any, Final

from ..device import share_the_cores
from ..errors import DependencyError, SettingsError
from ..progress import Progress
from ..stage_functions import STANDARD, Stages
from ..stages import stages_of

PICTURES: Final = (".jpg", ".jpeg", ".png")
"""Formats of the upright photo."""


def warm_up() -> None:
    """Import what a reconstruction needs.

    Raises:
        DependencyError: a library is not installed.
    """
    share_the_cores()
    try:
        STANDARD.load()
        for module in ("..pipeline", "..report"):
            import_module(module, __package__)
    except ModuleNotFoundError as error:
        raise DependencyError(f"The library {error.name} is not installed; install the runtime first.") from error


def shares(request: dict[str, Any]) -> dict[str, float]:
    """The stages that a request goes through, with their shares of its time."""
    wanted = request.get("settings")
    return stages_of(wanted if isinstance(wanted, dict) else {})


def reconstruct(request: dict[str, Any], progress: Progress, *, stages: Stages = STANDARD) -> dict[str, Any]:
    """Make a head from a photo and write it to the request's ``out``.

    Args:
        request: see docs/worker-protocol.md.
        progress: told the stages; may cancel.
        stages: the functions that do the work.

    Raises:
        SettingsError: a field is missing or makes no sense.
        SeifError: whatever `pipeline.reconstruct` raises, and OutputError when a file cannot be written.
    """
    from .. import pipeline, report

    photo, out = _path(request, "photo"), _path(request, "out")
    photo_out = _path(request, "photo_out") if request.get("photo_out") is not None else None
    if photo_out is not None and photo_out.suffix.lower() not in PICTURES:
        raise SettingsError(f"The photo can be written as {', '.join(PICTURES)}, not as '{photo_out.suffix}'.")
    wanted = request.get("settings", {})
    if not isinstance(wanted, dict):
        raise SettingsError("The settings must be an object of names and values.")
    settings = pipeline.ReconstructionSettings.from_mapping(wanted)
    done = pipeline.reconstruct(photo, settings, progress, stages=stages)
    with _replacing(out) as part:
        done.head.save(part)
    if photo_out is not None:
        from PIL import Image

        with _replacing(photo_out) as part:
            Image.fromarray(done.portrait.pixels).save(part, quality=92)
    return {
        "head": str(out),
        "photo": None if photo_out is None else str(photo_out),
        "report": report.build_report(done, {out.name: out.stat().st_size}),
    }


def info(_request: dict[str, Any], _progress: Progress) -> dict[str, Any]:
    """Versions, devices, models, licences."""
    from ..info import collect

    return {"report": collect()}


def _path(request: dict[str, Any], name: str) -> Path:
    value = request.get(name)
    if not isinstance(value, str) or not value:
        raise SettingsError(f"The request has no path '{name}'.")
    path = Path(value)
    if not path.is_absolute():
        raise SettingsError(f"The path '{name}' is {value}; it must be absolute.")
    return path


@contextmanager
def _replacing(target: Path) -> Iterator[Path]:
    """A temporary file beside `target` that takes its place when the block succeeds.

    Raises:
        OutputError: it cannot be written.
    """
    from ..results import output_errors

    with output_errors(target):
        number, name = tempfile.mkstemp(prefix=".seif-", suffix=target.suffix, dir=target.parent)
        os.close(number)
        part = Path(name)
        try:
            yield part
            part.replace(target)
        finally:
            part.unlink(missing_ok=True)
