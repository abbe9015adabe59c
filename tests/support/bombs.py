"""Files that are small on the disk and large in memory, or damaged in a way that readers trip over."""

from __future__ import annotations

import io
import json
import struct
import zipfile
from pathlib import Path

import numpy as np


def npz_of_zeros(path: Path, gigabytes: float = 2.0, name: str = "vertices") -> None:
    """A deflated .npz whose one array takes so many gigabytes; some megabytes on the disk."""
    count = int(gigabytes * 2**30) // 4 // 3
    header = io.BytesIO()
    np.lib.format.write_array_header_1_0(header, {"descr": "<f4", "fortran_order": False, "shape": (count, 3)})
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED, compresslevel=9) as archive:  # noqa: SIM117
        with archive.open(f"{name}.npy", "w", force_zip64=True) as entry:
            entry.write(header.getvalue())
            block = bytes(1 << 24)
            left = count * 12
            while left:
                left -= entry.write(block[: min(len(block), left)])


def npz_that_declares(path: Path, shape: tuple[int, ...], name: str = "vertices") -> None:
    """An .npz of a few hundred bytes whose array's header declares a shape that is not there."""
    header = io.BytesIO()
    np.lib.format.write_array_header_1_0(header, {"descr": "<f4", "fortran_order": False, "shape": shape})
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr(f"{name}.npy", header.getvalue() + bytes(12))


def glb(path: Path, told: dict, content: bytes = b"") -> None:
    """A GLB of a description and a buffer."""
    text = json.dumps({"asset": {"version": "2.0"}, **told}).encode()
    text += b" " * (-len(text) % 4)
    content += bytes(-len(content) % 4)
    body = struct.pack("<I4s", len(text), b"JSON") + text
    if content:
        body += struct.pack("<I4s", len(content), b"BIN\0") + content
    path.write_bytes(struct.pack("<4sII", b"glTF", 2, 12 + len(body)) + body)


def triangle(count: int = 3, *, view: bool = True, **primitive: object) -> tuple[dict, bytes]:
    """A glTF description of one triangle, whose accessor declares `count` vertices, and its buffer."""
    points = np.array([[0, 0, 0], [1, 0, 0], [0, 1, 0]], np.float32).tobytes()
    accessor = {"componentType": 5126, "count": count, "type": "VEC3", **({"bufferView": 0} if view else {})}
    told = {
        "scene": 0,
        "scenes": [{"nodes": [0]}],
        "nodes": [{"mesh": 0}],
        "meshes": [{"primitives": [{"attributes": {"POSITION": 0}, **primitive}]}],
        "accessors": [accessor],
        "bufferViews": [{"buffer": 0, "byteLength": len(points)}],
        "buffers": [{"byteLength": len(points)}],
    }
    return told, points


EPS = b"""%!PS-Adobe-3.0 EPSF-3.0
%%BoundingBox: 0 0 8 8
%%EndComments
newpath 0 0 8 8 rectfill
showpage
%%EOF
"""
"""A picture that only a PostScript interpreter can draw."""
