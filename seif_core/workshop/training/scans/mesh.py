"""A scan's mesh as its file has it: vertices in file order, triangles, colours.

Convention: coordinates and unit of the file; colours leave here as linear light. Worked number: a vertex coloured with
sRGB 188 of 255 comes out as 0.50.
"""

from __future__ import annotations

import io
import struct
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import numpy as np
from PIL import Image

from ....errors import SettingsError
from ....evaluation.mesh_files import LARGEST_PLY_HEADER, UNREADABLE, check_ply
from ....evaluation.mesh_text import plain_text
from ....evaluation.scan_files import read_surface
from ....geometry.colour import decode, from_srgb
from ....portrait.decode import available_formats
from ....shapes import Float, Float32, Int, Int32
from ...obj_file import read_obj
from .records import ScanDatasetError

_TEXELS_PER_VERTEX: Final = 4.0
"""Texels along a texture's side for each vertex along a mesh's side; a finer texture is averaged down to this."""

_SMALLEST_TEXTURE: Final = 64

_MOST_TEXELS: Final = 1 << 28
"""Pixels of a texture: 16384 a side; the largest of the data sets that are read have 8192."""
_BROKEN_PICTURE: Final = (
    OSError,
    ValueError,
    SyntaxError,
    EOFError,
    LookupError,
    TypeError,
    OverflowError,
    struct.error,
)
"""What Pillow raises on damaged pictures."""

_LARGEST_FILE: Final = 1 << 30
"""Bytes of a scan's file: 1 GiB."""


@dataclass(frozen=True, eq=False)
class ScanMesh:
    """A scan's surface.

    Attributes:
        vertices: (V, 3) float64.
        triangles: (T, 3) int32, counter-clockwise from outside (if the file keeps to that).
        colours: (V, 3) float32, linear light in 0..1, or None.
    """

    vertices: Float[np.ndarray, "V 3"]
    triangles: Int32[np.ndarray, "T 3"]
    colours: Float32[np.ndarray, "V 3"] | None = None


def read_scan_mesh(path: Path, texture: Path | None = None) -> ScanMesh:
    """Read a mesh with its colours: of the texture, else of the vertices, else none.

    Args:
        path: OBJ or PLY (vertices in the file's order), or what `evaluation.scan_files.read_surface` reads.
        texture: picture for an OBJ's texture coordinates, sRGB.

    Raises:
        ScanDatasetError: the file is missing, damaged, or holds no triangles.
    """
    if not path.is_file():
        raise ScanDatasetError(f"There is no scan {path}; unpack the data set again.")
    if path.stat().st_size > _LARGEST_FILE:
        raise ScanDatasetError(f"The scan {path.name} is larger than 1 GB; thin it out.")
    try:
        match path.suffix.lower():
            case ".obj":
                mesh = _read_obj(path, texture)
            case ".ply":
                mesh = _read_ply(path)
            case _:
                surface = read_surface(path, "m")
                mesh = ScanMesh(surface.vertices, surface.triangles)
    except SettingsError as error:
        raise ScanDatasetError(str(error)) from error
    except UNREADABLE as error:
        raise ScanDatasetError(f"The scan {path.name} cannot be read ({error}); unpack it again.") from error
    if len(mesh.triangles) == 0:
        raise ScanDatasetError(f"The scan {path.name} holds no triangles; a mesh is needed, not points alone.")
    wrong = mesh.triangles.min() < 0 or mesh.triangles.max() >= len(mesh.vertices)
    if wrong or not np.isfinite(mesh.vertices).all():
        raise ScanDatasetError(f"The scan {path.name} has broken vertices or triangles; unpack it again.")
    return mesh


def _read_obj(path: Path, texture: Path | None) -> ScanMesh:
    with path.open(encoding="utf-8-sig", errors="replace") as lines:  # a mark before it would hide the first vertex
        file = read_obj(lines)
    vertices, fan = file.numbers[:, :3], file.fan()
    if not len(fan):
        return ScanMesh(vertices, np.zeros((0, 3), np.int32))
    triangles = file.corners[fan, 0].astype(np.int32)
    if triangles.min() < 0 or triangles.max() >= len(vertices):
        return ScanMesh(vertices, triangles)
    if texture is not None and len(file.uvs):
        uv_of = np.full(len(vertices), -1)
        uv_of[file.corners[:, 0]] = file.corners[:, 1]
        if uv_of.max() >= 0:
            return ScanMesh(vertices, triangles, _sampled(texture, file.uvs[np.maximum(uv_of, 0)]))
    colours = None
    if file.numbers.shape[1] >= 6:
        own = file.numbers[:, 3:6] / (255.0 if file.numbers[:, 3:6].max() > 1.0 else 1.0)
        colours = from_srgb(own.clip(0, 1)).astype(np.float32)
    return ScanMesh(vertices, triangles, colours)


def _read_ply(path: Path) -> ScanMesh:
    import trimesh
    from trimesh.visual import ColorVisuals

    content = plain_text(path.read_bytes(), "ply")
    check_ply(content[:LARGEST_PLY_HEADER], len(content))
    loaded = trimesh.load_mesh(io.BytesIO(content), file_type="ply", process=False)
    if not isinstance(loaded, trimesh.Trimesh):
        return ScanMesh(np.asarray(loaded.vertices, dtype=np.float64).reshape(-1, 3), np.zeros((0, 3), np.int32))
    colours = None
    if isinstance(loaded.visual, ColorVisuals) and loaded.visual.kind == "vertex":
        colours = decode(np.asarray(loaded.visual.vertex_colors)[:, :3].astype(np.uint8))
    return ScanMesh(np.array(loaded.vertices, dtype=np.float64), np.array(loaded.faces, dtype=np.int32), colours)


def _sampled(texture: Path, uvs: Float[np.ndarray, "V 2"]) -> Float32[np.ndarray, "V 3"]:
    """Linear colours (V, 3) of a picture at texture coordinates (V, 2), origin bottom left, wrapping around."""
    try:
        with Image.open(texture, formats=available_formats()) as image:  # none that starts another program
            if image.width * image.height > _MOST_TEXELS:
                raise ValueError(f"{image.width} x {image.height} pixels are too many")
            picture = image.convert("RGB")
    except (*_BROKEN_PICTURE, Image.DecompressionBombError) as error:
        raise ScanDatasetError(f"The texture {texture.name} cannot be read ({error}); unpack it again.") from error
    wanted = max(_SMALLEST_TEXTURE, _TEXELS_PER_VERTEX * len(uvs) ** 0.5)
    factor = int(max(1, max(picture.size) // wanted))
    pixels = decode(np.asarray(picture.reduce(factor) if factor > 1 else picture))
    height, width = pixels.shape[:2]
    x = (uvs[:, 0] - np.floor(uvs[:, 0] - 1e-9)) * width - 0.5
    y = (1 - (uvs[:, 1] - np.floor(uvs[:, 1] - 1e-9))) * height - 0.5
    column, row = np.floor(x).astype(np.int64), np.floor(y).astype(np.int64)
    right, down = (x - column)[:, None], (y - row)[:, None]

    def texel(i: Int[np.ndarray, " V"], j: Int[np.ndarray, " V"]) -> Float32[np.ndarray, "V 3"]:
        return pixels[i.clip(0, height - 1), j.clip(0, width - 1)]

    above = texel(row, column) * (1 - right) + texel(row, column + 1) * right
    below = texel(row + 1, column) * (1 - right) + texel(row + 1, column + 1) * right
    return (above * (1 - down) + below * down).astype(np.float32)
