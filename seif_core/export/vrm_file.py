"""A GLB file that another program wrote, such as Blender's exporter, amended; standard library only.

Source: Khronos, glTF 2.0 specification, section 4 (GLB).
"""

from __future__ import annotations

import json
import struct
from pathlib import Path
from typing import Any, Final

from ..errors import OutputError
from .vrm import VrmMeta, add_vrm

_HEAD: Final = struct.Struct("<4sII")
_CHUNK: Final = struct.Struct("<I4s")
_VECTOR: Final = 12
"""Bytes of a displacement: three floats."""
_VERTICES: Final = 34962
"""Target of vertex attributes (ARRAY_BUFFER)."""


def add_vrm_to_file(path: Path, meta: VrmMeta) -> None:
    """Make an avatar of a GLB file, in place.

    Args:
        path: the file; its joints bear the names `presets.VRM_BONES`.
        meta: name, authors, licence.

    Raises:
        OutputError: it is no GLB.
        SettingsError: it lacks joints or keys.
        OSError: it cannot be read or written.
    """
    document, binary = _read(path)
    add_vrm(document, meta)
    _write(path, document, binary)


def add_zeros_to_file(path: Path) -> None:
    """Let sparse accessors of a GLB file say the zeros that they begin with, in place.

    glTF lets them leave those out; Godot before 4.1 then reads the file's first view in their place.

    Args:
        path: the file.

    Raises:
        OutputError: it is no GLB.
        OSError: it cannot be read or written.
    """
    document, binary = _read(path)
    bare = [a for a in document.get("accessors", ()) if "sparse" in a and "bufferView" not in a]
    for count in sorted({accessor["count"] for accessor in bare}):
        zeros = {"buffer": 0, "byteOffset": len(binary), "byteLength": _VECTOR * count, "byteStride": _VECTOR}
        document["bufferViews"].append({**zeros, "target": _VERTICES})
        binary += bytes(_VECTOR * count)
        for accessor in bare:
            if accessor["count"] == count:
                accessor["bufferView"] = len(document["bufferViews"]) - 1
    if bare:
        document["buffers"][0]["byteLength"] = len(binary)
        _write(path, document, binary)


def _read(path: Path) -> tuple[dict[str, Any], bytes]:
    """The document of a GLB file, and its binary part."""
    data = path.read_bytes()
    try:
        magic, _, _ = _HEAD.unpack_from(data)
        length, kind = _CHUNK.unpack_from(data, _HEAD.size)
        start = _HEAD.size + _CHUNK.size
        document = json.loads(data[start : start + length])
        binary = data[start + length + _CHUNK.size :]
    except (struct.error, ValueError) as error:
        raise OutputError(f"{path.name} is no GLB file ({error}); export it anew.") from error
    if magic != b"glTF" or kind != b"JSON":
        raise OutputError(f"{path.name} is no GLB file; export it anew.")
    return document, binary


def _write(path: Path, document: dict[str, Any], binary: bytes) -> None:
    text = json.dumps(document, ensure_ascii=False, allow_nan=False, separators=(",", ":")).encode("utf-8")
    text += b" " * (-len(text) % 4)
    chunks = _CHUNK.pack(len(text), b"JSON") + text + _CHUNK.pack(len(binary), b"BIN\0") + binary
    path.write_bytes(_HEAD.pack(b"glTF", 2, _HEAD.size + len(chunks)) + chunks)
