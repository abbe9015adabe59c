"""What the worker does with prints: docs/worker-protocol.md, `print`."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from ..errors import SettingsError
from ..progress import Progress
from .model_jobs import absolute_path

STAGES: Final = {"print": {"Print": 1.0}}
"""Stages of the request; Prepare is not counted."""

_NUMBERS: Final = ("height_mm", "wall_mm", "drain_mm", "feature_mm", "pitch_mm")
_TEXTS: Final = ("title", "licence", "attribution")


def print_meshes(request: dict[str, Any], progress: Progress) -> dict[str, Any]:
    """Make one solid of meshes and write it to the request's ``target``; see docs/worker-protocol.md.

    Raises:
        SettingsError: a field is missing or makes no sense.
        OutputError: the file cannot be written.
    """
    import numpy as np

    from ..array_files import ArrayFileError, read_arrays
    from ..printing import PrintSettings, print_solid, write_solid
    from ..printing.files import check_suffix
    from ..printing.parts import parts_of

    source, target = absolute_path(request, "meshes"), absolute_path(request, "target")
    check_suffix(target)
    settings = PrintSettings(**_settings(request))
    with progress.stage("Print"):
        try:
            meshes = _meshes(read_arrays(source))
        except (OSError, ArrayFileError, KeyError, ValueError) as error:
            raise SettingsError(f"The request's meshes cannot be read ({error}).") from error
        solid = print_solid(*parts_of(meshes), settings, progress)
        write_solid(solid, target, *(str(request.get(name, "")) for name in _TEXTS))
    size = [round(float(n), 1) for n in np.ptp(solid.vertices, axis=0)]
    told = {"size": size, "volume": solid.volume, "triangles": len(solid.triangles), "notes": list(solid.notes)}
    return {"report": told}


def _settings(request: dict[str, Any]) -> dict[str, Any]:
    wanted = request.get("settings", {})
    if not isinstance(wanted, dict) or not set(wanted) <= {"base", *_NUMBERS}:
        raise SettingsError(f"The print's settings may name base, {', '.join(_NUMBERS)}.")
    for name in _NUMBERS:
        value = wanted.get(name, 0)
        if isinstance(value, bool) or not isinstance(value, (int, float)):
            raise SettingsError(f"The setting '{name}' must be a number.")
    return wanted


def _meshes(arrays: Mapping[str, Any]) -> list[tuple[str, Any, Any]]:
    import numpy as np

    found = []
    for name in (str(name) for name in arrays["names"]):
        vertices, faces = arrays[f"vertices_{name}"].astype(np.float64), arrays[f"faces_{name}"].astype(np.int32)
        if vertices.ndim != 2 or vertices.shape[1] != 3 or faces.ndim != 2 or faces.shape[1] != 4:
            raise ValueError(f"{name} is no mesh")
        if not np.isfinite(vertices).all() or faces.min(initial=0) < -1 or faces.max(initial=-1) >= len(vertices):
            raise ValueError(f"{name} names vertices that do not exist")
        found.append((name, vertices, faces))
    if "skin" not in [name for name, _, _ in found]:
        raise ValueError("there is no mesh named skin")
    return found
