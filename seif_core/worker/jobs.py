"""What the worker can do: `reconstruct`, `capture` and `info`. Heavy libraries come with the first job and stay."""

from __future__ import annotations

import errno
import os
import stat
import uuid
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import replace
from importlib import import_module
from pathlib import Path
from typing import Any, Final

from ..device import share_the_cores
from ..errors import DependencyError, SettingsError
from ..filenames import as_text
from ..photo_source import photo_file
from ..progress import Progress
from ..stage_functions import STANDARD, Stages
from ..stages import CAPTURE_STAGES, stages_of
from . import landmark_jobs, look_jobs, model_jobs, print_jobs

PICTURES: Final = (".jpg", ".jpeg", ".png")
"""Formats of the upright photo."""
_STAGES: Final = {**landmark_jobs.STAGES, **look_jobs.STAGES, **model_jobs.STAGES, **print_jobs.STAGES}
"""Stages of the requests that make no head."""
_LONGEST_SHOWN: Final = 120
"""Characters of a path that a sentence repeats."""


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
    if request.get("type") in _STAGES:
        return _STAGES[request["type"]]
    if request.get("type") == "capture":
        return CAPTURE_STAGES.get(str(request.get("kind")), {})
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
    from ..portrait.corrections import read_corrections, reading_corrected
    from ..portrait.upright import write_upright

    photo, out = _path(request, "photo"), _path(request, "out")
    _refuse_to_write(out, photo)
    photo_out = _path(request, "photo_out") if request.get("photo_out") is not None else None
    if photo_out is not None and photo_out.suffix.lower() not in PICTURES:
        raise SettingsError(f"The photo can be written as {', '.join(PICTURES)}, not as '{photo_out.suffix}'.")
    if photo_out is not None:
        _refuse_to_write(photo_out, photo)
    wanted = request.get("settings", {})
    if not isinstance(wanted, dict):
        raise SettingsError("The settings must be an object of names and values.")
    settings = pipeline.ReconstructionSettings.from_mapping(wanted)
    moved = read_corrections(request.get("corrections"))
    if moved:
        stages = replace(stages, read_portrait=reading_corrected(stages.read_portrait, moved))
    with photo_file(photo) as file:
        done = pipeline.reconstruct(file, settings, progress, stages=stages)
    with _replacing(out) as part:
        done.head.save(part)
    if photo_out is not None:
        with _replacing(photo_out) as part:
            write_upright(done.portrait.pixels, done.portrait.focal_px, part)
    return {
        "head": str(out),
        "photo": None if photo_out is None else str(photo_out),
        "report": report.build_report(done, {out.name: out.stat().st_size}),
    }


def capture(request: dict[str, Any], progress: Progress) -> dict[str, Any]:
    """Capture a photo or a video and write its performance to the request's ``out``.

    Args:
        request: see docs/worker-protocol.md.
        progress: told the stages; may cancel.

    Raises:
        SettingsError: a field is missing or makes no sense.
        SeifError: whatever `capture.capture` raises, and OutputError when the file cannot be written.
    """
    from ..capture import capture as capturing
    from ..capture.settings import CaptureSettings

    source, out = _path(request, "source"), _path(request, "out")
    _refuse_to_write(out, source)
    if request.get("kind") not in CAPTURE_STAGES:
        raise SettingsError(f"There is no source of the kind '{request.get('kind')}'; choose image or video.")
    kind, rate = capturing.SourceKind(request["kind"]), _number(request, "rate")
    performance = capturing.capture(
        source,
        kind,
        model_name=str(request.get("head_model") or "open"),
        settings=CaptureSettings(
            neutral=str(request.get("neutral") or "quiet"), smoothing=_number(request, "smoothing", 1.0) or 0.0
        ),
        rate=rate or None,
        face=int(_number(request, "face", 0) or 0),
        progress=progress,
    )
    with _replacing(out) as part:
        part.write_bytes(performance.as_bytes())
    told = {"frames": len(performance.times), "rate": performance.rate, "notes": list(performance.notes)}
    return {"performance": str(out), "report": told}


def _number(request: dict[str, Any], name: str, otherwise: float | None = None) -> float | None:
    value = request.get(name, otherwise)
    if value is None or (isinstance(value, (int, float)) and not isinstance(value, bool)):
        return value
    raise SettingsError(f"The field '{name}' must be a number.")


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
        raise SettingsError(f"The path '{name}' is {_shown(value)}; it must be absolute.")
    try:
        path.lstat()
    except OSError as error:
        if error.errno in (errno.ENAMETOOLONG, errno.EINVAL):
            raise SettingsError(f"The path '{name}' is {_shown(value)} ({error.strerror}); choose another.") from error
    except ValueError as error:  # a zero byte, or half a character
        raise SettingsError(f"The path '{name}' is {_shown(value)} ({error}); choose another.") from error
    return path


def _shown(value: str) -> str:
    shown = as_text(value)
    return shown if len(shown) <= _LONGEST_SHOWN else f"{shown[:_LONGEST_SHOWN]}..."


def _refuse_to_write(target: Path, photo: Path) -> None:
    """Raise before the work begins what would be found out at its end."""
    if os.path.realpath(target) == os.path.realpath(photo):
        raise SettingsError(f"The result would be written over the photo {as_text(photo.name)}; choose another path.")
    from ..results import output_errors

    with output_errors(target):
        if not stat.S_ISDIR(target.parent.stat().st_mode):
            raise NotADirectoryError(errno.ENOTDIR, "its folder is a file")
        if target.is_dir():
            raise FileExistsError(errno.EEXIST, "a folder is in the way")


_UNFINISHED: Final[set[Path]] = set()
"""Files that are being written; `discard_unfinished` removes them when the process must end at once."""


def discard_unfinished() -> None:
    """Remove what is half written, for a process that is about to end in the middle of a job."""
    for part in list(_UNFINISHED):
        with suppress(OSError):
            part.unlink()


@contextmanager
def _replacing(target: Path) -> Iterator[Path]:
    """A temporary file beside `target` that takes its place when the block succeeds.

    Raises:
        OutputError: it cannot be written.
    """
    from ..results import output_errors

    part = target.with_name(f".seif-{uuid.uuid4().hex[:12]}{target.suffix}")
    _UNFINISHED.add(part)
    try:
        with output_errors(target):
            yield part
            part.replace(target)
    finally:
        part.unlink(missing_ok=True)
        _UNFINISHED.discard(part)
