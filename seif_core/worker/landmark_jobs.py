"""Landmarks to be corrected by hand, and the fit that follows: docs/worker-protocol.md, `landmarks`."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from ..device import choose_device
from ..errors import SettingsError
from ..photo_source import photo_file
from ..progress import Progress
from .model_jobs import absolute_path

if TYPE_CHECKING:
    from ..fitting.fit import Fit
    from ..portrait.portrait import Portrait

STAGES: Final = {"landmarks": {"Portrait": 0.5, "Fit": 0.5}}
"""Stages with their shares of the time."""
_DOTS: Final = 1500
"""Points of the fitted head that are shown over the photo: enough to see its form, few enough to draw at each frame."""


class _Last:
    """The photo that was looked at last: while landmarks are dragged, only the fit is made anew."""

    key: tuple[Any, ...] = ()
    portrait: Portrait | None = None


def landmarks(request: dict[str, Any], progress: Progress) -> dict[str, Any]:
    """Find a face's landmarks, take over those that were corrected, fit the head model, tell where it lies.

    Raises:
        SettingsError: a field is missing or makes no sense.
        PhotoError: the photo cannot be read or does not suit.
        SeifError: whatever the fit raises.
    """
    from ..fitting import fit_portrait
    from ..headmodel import load_head_model
    from ..portrait.corrections import SCHEME, corrected, correction_rows, read_corrections

    photo, moved = absolute_path(request, "photo"), read_corrections(request.get("corrections"))
    face = request.get("face", 0)
    if not isinstance(face, int) or isinstance(face, bool):
        raise SettingsError("The field 'face' must be a number.")
    with progress.stage("Portrait"):
        portrait = _portrait(photo, face, progress)
        if portrait.landmark_scheme != SCHEME:
            raise SettingsError("Only MediaPipe's landmarks can be corrected by hand; choose that detector.")
        if request.get("out") is not None:
            _write_photo(portrait, absolute_path(request, "out"))
    with progress.stage("Fit"):
        model = load_head_model(str(request.get("head_model") or "open"))
        now = corrected(portrait, moved)
        fit = fit_portrait(now, model, device=choose_device("cpu"), seed=0, progress=progress)
    height, width = portrait.pixels.shape[:2]
    told = {"width": width, "height": height, "handles": correction_rows(portrait, moved), "error": fit.landmark_error}
    return {"report": told | {"found": correction_rows(portrait), "dots": _dots(fit)}}


def _portrait(photo: Path, face: int, progress: Progress) -> Portrait:
    from ..portrait.read import read_portrait

    key = (str(photo), photo.stat().st_mtime_ns if photo.is_file() else 0, face)
    if _Last.portrait is None or _Last.key != key:
        with photo_file(photo) as file:
            _Last.portrait, _Last.key = read_portrait(file, face=face, progress=progress), key
    return replace(_Last.portrait)


def _write_photo(portrait: Portrait, path: Path) -> None:
    from ..portrait.upright import write_upright
    from ..results import output_errors

    with output_errors(path):
        write_upright(portrait.pixels, portrait.focal_px, path)


def _dots(fit: Fit) -> list[list[float]]:
    """Where points of the fitted head that face the camera lie in the photo, pixels."""
    import numpy as np

    from ..geometry.normals import vertex_normals

    normals = vertex_normals(fit.posed.astype(np.float64), fit.model.triangles)
    facing = np.flatnonzero((normals * fit.posed).sum(1) < 0)
    chosen = facing[:: max(1, len(facing) // _DOTS)]
    return [[round(float(v), 1) for v in xy] for xy in fit.camera.project(fit.posed[chosen].astype(np.float64))]
