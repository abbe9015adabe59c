"""Reading meshes and point clouds from a fixed list of formats, within bounds.

What a file declares is checked against what it holds before anything is allocated, nothing that a file names
(materials,
textures, buffers, archives) is opened, and whatever is damaged ends in one sentence. Meshes are read by trimesh.

Formats: glTF 2.0 (https://registry.khronos.org/glTF/specs/2.0/glTF-2.0.html), PLY (Turk, 1994), OBJ, STL, OFF.

Convention: coordinates and unit of the file, corners in the file's order. Worked number: a GLB's vertex at (0, 0, 1)
in a
node that is moved by (1, 0, 0) leaves here as (1, 0, 1).
"""

from __future__ import annotations

import io
import json
import logging
import re
import stat
import struct
import zipfile
import zlib
from pathlib import Path
from typing import Any, Final

import numpy as np

from ..array_files import ArrayFileError, read_arrays
from ..errors import SettingsError
from ..filenames import is_file
from ..headmodel.model import triangulate
from .mesh_text import plain_text

FORMATS: Final = (".obj", ".ply", ".stl", ".off", ".glb", ".npz")
"""Suffixes that are read; whatever else trimesh may know is refused, since much of it opens further files."""

_LARGEST_FILE: Final = 1 << 30
"""Bytes of a file: 1 GiB. Raw scans of a face take up to some 300 MB as text."""
_LARGEST_JSON: Final = 1 << 26
"""Bytes of a GLB's description: 64 MiB."""
_MOST_NODES: Final = 100_000
"""Nodes and accessors of a GLB; a scan has a handful."""
_MOST_VERTICES: Final = 30_000_000
"""Vertices of a scan; raw scans of a face have up to 5 million."""
LARGEST_PLY_HEADER: Final = 1 << 16
"""Bytes of a PLY's header; some hundred are usual."""
_LARGEST_COORDINATE: Final = 1e7
"""Units from the origin: beyond it float32 files have lost the shape (10 km in millimetres)."""

_EXTENSIONS: Final = (
    "KHR_materials_",
    "KHR_texture_",
    "KHR_mesh_quantization",
    "EXT_texture_",
    "KHR_lights_",
    "KHR_xmp",
)
"""Beginnings of the glTF extensions that leave a mesh readable without knowing them."""

_LOG: Final = logging.getLogger(__name__)
_HAIR: Final = re.compile(rb"^o .*hair", re.IGNORECASE | re.MULTILINE)
"""An object of an OBJ that is hair, as `export.write_obj` names it."""

UNREADABLE: Final = (
    OSError,
    ValueError,
    LookupError,
    TypeError,
    AttributeError,
    ArithmeticError,
    AssertionError,
    BufferError,
    EOFError,
    ImportError,
    MemoryError,
    NameError,
    RuntimeError,
    StopIteration,
    SyntaxError,
    struct.error,
    zipfile.BadZipFile,
    zlib.error,
)
"""What trimesh and the libraries below it raise on damaged files."""


def read_mesh(path: Path) -> tuple[np.ndarray, np.ndarray]:
    """Vertices (V, 3) float64 and triangles (T, 3) int32, none for a point cloud; corners split at UV seams are merged.

    Raises:
        SettingsError: no such file, another format, damaged, compressed, or declaring more than it holds.
    """
    kind = path.suffix.lower()
    if kind not in FORMATS and is_file(path):
        raise SettingsError(
            f"{path.name} is none of the formats that are read ({', '.join(f[1:].upper() for f in FORMATS)}); "
            f"export it "
            "as one of them."
        )
    if not is_file(path) or not stat.S_ISREG(path.stat().st_mode):
        raise SettingsError(f"There is no file {path}; give a mesh (OBJ, PLY, STL, OFF, GLB, NPZ).")
    if path.stat().st_size > _LARGEST_FILE:
        raise SettingsError(f"{path.name} is larger than 1 GB; thin the mesh out and export it again.")
    vertices, triangles = _read_npz(path) if kind == ".npz" else _read_with_trimesh(path)
    if len(vertices) == 0 or not (np.abs(vertices) < _LARGEST_COORDINATE).all():
        raise SettingsError(f"{path.name} holds no vertices, or some that are not numbers; export the mesh again.")
    if len(triangles) and (triangles.min() < 0 or triangles.max() >= len(vertices)):
        raise SettingsError(f"{path.name} has faces that name vertices that do not exist; export the mesh again.")
    return vertices, triangles.astype(np.int32)


def _read_with_trimesh(path: Path) -> tuple[np.ndarray, np.ndarray]:
    import trimesh
    from trimesh.exchange.stl import HeaderError

    kind = path.suffix.lower()[1:]
    try:
        with path.open("rb") as stream:
            content = plain_text(stream.read(), kind)
        if kind == "glb":
            _check_glb(content, path.name)
        elif kind == "ply":
            check_ply(content[:LARGEST_PLY_HEADER], len(content))
        # read from a stream, so that nothing beside the file can be found and opened
        options = {"process": False, "skip_materials": True, "split_objects": kind == "obj" and _HAIR.search(content)}
        loaded: Any = trimesh.load_scene(io.BytesIO(content), file_type=kind, **options)
        return _gathered(loaded, path.name)
    except SettingsError:
        raise
    except (*UNREADABLE, HeaderError) as error:
        told = (str(error).splitlines() or [""])[0][:200] or type(error).__name__
        raise SettingsError(
            f"{path.name} cannot be read as a mesh ({told}); give OBJ, PLY, STL, OFF, GLB or NPZ."
        ) from error


def _gathered(scene: Any, name: str) -> tuple[np.ndarray, np.ndarray]:  # noqa: ANN401 - trimesh's scene
    import trimesh

    vertices, triangles, count = [np.zeros((0, 3))], [np.zeros((0, 3), np.int64)], 0
    parts = scene.dump()
    heads = [part for part in parts if "hair" not in f"{part.metadata.get('name')} {part.metadata.get('node')}".lower()]
    if 0 < len(heads) < len(parts):
        _LOG.warning("The hair of %s, an object of its own, is left out.", name)
        parts = heads
    for geometry in parts:
        if not (np.abs(geometry.vertices) < _LARGEST_COORDINATE).all():
            raise ValueError("vertices that are not numbers, or are beyond all measure")
        if isinstance(geometry, trimesh.Trimesh):
            faces = np.asarray(geometry.faces, np.int64).reshape(-1, 3)
            if len(faces) and (faces.min() < 0 or faces.max() >= len(geometry.vertices)):
                raise ValueError("faces that name vertices that do not exist")
            geometry.merge_vertices(merge_tex=True, merge_norm=True)  # corners split at UV seams count once
            triangles.append(np.asarray(geometry.faces) + count)
        points = np.asarray(geometry.vertices, dtype=np.float64).reshape(-1, 3)
        vertices.append(points)
        count += len(points)
    return np.concatenate(vertices), np.concatenate(triangles)


def check_ply(header: bytes, size: int) -> None:
    """Refuse a PLY that declares more elements than it has bytes."""
    head, end, _ = header.partition(b"end_header")
    if not header.startswith(b"ply") or not end:
        raise ValueError("it has no PLY header")
    for line in head.decode("ascii", "replace").splitlines():
        words = line.split()
        if words[:1] == ["element"] and not (len(words) == 3 and 0 <= int(words[2]) <= size):
            raise ValueError(f"it declares {words[-1]} elements in {size} bytes")


def _check_glb(data: bytes, name: str) -> None:
    """Refuse a GLB that is compressed, that declares more than it holds, or whose nodes are no tree."""
    if data[:4] != b"glTF" or len(data) < 20:
        raise ValueError("it is no binary glTF")
    length, kind = struct.unpack_from("<I4s", data, 12)
    if kind != b"JSON" or length > min(_LARGEST_JSON, len(data) - 20):
        raise ValueError("its description is not where it should be")
    told = json.loads(data[20 : 20 + length])
    meshes, nodes, accessors = (told.get(key, []) for key in ("meshes", "nodes", "accessors"))
    primitives = [primitive for mesh in meshes for primitive in mesh["primitives"]]
    used = {*told.get("extensionsRequired", []), *(key for p in primitives for key in p.get("extensions", {}))}
    foreign = sorted(key for key in used if not str(key).startswith(_EXTENSIONS))
    if foreign:
        raise SettingsError(
            f"{name} needs the glTF extension {', '.join(foreign)[:200]} (a compressed mesh, for example), "
            f"which is not "
            "read; export it again without compression."
        )
    if len(accessors) > _MOST_NODES or len(nodes) > _MOST_NODES:
        raise ValueError("it has more than 100,000 parts")
    drawn = {index for p in primitives for index in (*p["attributes"].values(), p.get("indices"))} - {None}
    for number, accessor in enumerate(accessors):  # shapes that are stored sparsely may leave their buffer out
        held = "bufferView" in accessor or (number not in drawn and "sparse" in accessor)
        if not held or not 0 <= accessor["count"] <= len(data):
            raise ValueError("it declares values that it does not hold")
    children = [child for node in nodes for child in node.get("children", [])]
    if len(children) != len(set(children)):
        raise ValueError("its nodes are no tree")
    counts = [sum(accessors[p["attributes"]["POSITION"]]["count"] for p in mesh["primitives"]) for mesh in meshes]
    if sum(counts[node["mesh"]] for node in nodes if "mesh" in node) > _MOST_VERTICES:
        raise ValueError("it has more than 30 million vertices")


def _read_npz(path: Path) -> tuple[np.ndarray, np.ndarray]:
    try:
        data = read_arrays(path, ("vertices", "v_template", "faces", "f"))
        if not data.keys() & {"vertices", "v_template"}:
            raise ValueError("it has no vertices")  # noqa: TRY301
        vertices = data["vertices"] if "vertices" in data else data["v_template"]
        faces = data["faces"] if "faces" in data else data.get("f", np.zeros((0, 3), np.int32))
        if vertices.dtype.kind not in "fiu" or vertices.ndim != 2 or vertices.shape[1] != 3:
            raise ValueError(f"its vertices are {vertices.dtype} {vertices.shape}")  # noqa: TRY301
        if faces.dtype.kind not in "iu" or faces.ndim != 2 or faces.shape[1] not in (3, 4):
            raise ValueError(f"its faces are {faces.dtype} {faces.shape}")  # noqa: TRY301
    except (OSError, ArrayFileError, ValueError, KeyError) as error:
        raise SettingsError(
            f"{path.name} cannot be read ({error}); give an NPZ with 'vertices' (V, 3) and 'faces' (F, 3 or 4)."
        ) from error
    corners = faces.astype(np.int64)
    if len(corners) and (corners[:, :3].min() < 0 or corners.min() < -1 or corners.max() >= len(vertices)):
        raise SettingsError(f"{path.name} has faces that name vertices that do not exist; export the mesh again.")
    return vertices.astype(np.float64), corners if corners.shape[1] == 3 else triangulate(corners)[0]
