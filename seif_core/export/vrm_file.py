"""A GLB file that another program wrote, such as Blender's exporter, made a VRM 1.0 avatar; standard library only.

Source: Khronos, glTF 2.0 specification, section 4 (GLB).
"""

from __future__ import annotations

import json
import struct
from pathlib import Path
from typing import Final

from ..errors import OutputError
from .vrm import VrmMeta, add_vrm

_HEAD: Final = struct.Struct("<4sII")
_CHUNK: Final = struct.Struct("<I4s")


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
    data = path.read_bytes()
    try:
        magic, version, _ = _HEAD.unpack_from(data)
        length, kind = _CHUNK.unpack_from(data, _HEAD.size)
        start = _HEAD.size + _CHUNK.size
        document = json.loads(data[start : start + length])
    except (struct.error, ValueError) as error:
        raise OutputError(f"{path.name} is no GLB file ({error}); export it anew.") from error
    if magic != b"glTF" or kind != b"JSON":
        raise OutputError(f"{path.name} is no GLB file; export it anew.")
    add_vrm(document, meta)
    text = json.dumps(document, ensure_ascii=False, allow_nan=False, separators=(",", ":")).encode("utf-8")
    text += b" " * (-len(text) % 4)
    rest = data[start + length :]
    whole = _HEAD.size + _CHUNK.size + len(text) + len(rest)
    path.write_bytes(_HEAD.pack(magic, version, whole) + _CHUNK.pack(len(text), kind) + text + rest)
