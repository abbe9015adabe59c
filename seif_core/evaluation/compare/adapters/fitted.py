"""What `seif compare --ours` writes beside our heads: the mean head and the fit, in metres."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from ..method_mesh import Adapter, MethodMesh
from . import plain


def read(folder: Path, stem: str, photo: Path) -> MethodMesh | None:
    """A mesh in the plain layout, whose unit is known.

    Raises:
        SettingsError: a file cannot be read.
    """
    found = plain.read(folder, stem, photo)
    return None if found is None else replace(found, metres=1.0)


ADAPTER = Adapter("ours, in part", "NAME.npz and NAME.landmarks.npy, as `seif compare --ours` writes them", "", read)
