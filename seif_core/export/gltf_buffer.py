"""Packing arrays into a glTF 2.0 buffer: buffer views, accessors, sparse accessors, the GLB container.

Source: Khronos, glTF 2.0 specification, sections 3.6 (buffers and accessors) and 4 (GLB),
https://registry.khronos.org/glTF/specs/2.0/glTF-2.0.html.
"""

from __future__ import annotations

import json
import struct
from typing import Any, Final

import numpy as np

from ..shapes import Float32

_COMPONENT_TYPES: Final = {"uint8": 5121, "uint16": 5123, "uint32": 5125, "float32": 5126}
_ELEMENT_TYPES: Final = {1: "SCALAR", 2: "VEC2", 3: "VEC3", 4: "VEC4", 16: "MAT4"}
ARRAY_BUFFER: Final = 34962
"""Target of vertex attributes."""
ELEMENT_ARRAY_BUFFER: Final = 34963
"""Target of triangle indices."""
_SPARSE_GAIN: Final = 0.9
"""A sparse accessor is written when it takes less than this share of the dense one's bytes."""


class BufferBuilder:
    """Collects binary data with its buffer views and accessors; indices of accessors are what glTF refers to."""

    def __init__(self) -> None:
        self._blob = bytearray()
        self.views: list[dict[str, Any]] = []
        self.accessors: list[dict[str, Any]] = []
        self._zeros: dict[int, int] = {}

    def add_view(self, data: bytes, target: int | None = None) -> int:
        """Append bytes at a four-byte boundary and return the buffer view's index."""
        self._blob.extend(b"\0" * (-len(self._blob) % 4))
        view: dict[str, Any] = {"buffer": 0, "byteOffset": len(self._blob), "byteLength": len(data)}
        if target is not None:
            view["target"] = target
        self._blob.extend(data)
        self.views.append(view)
        return len(self.views) - 1

    def add_accessor(self, array: np.ndarray, target: int | None = None, *, bounds: bool = False) -> int:
        """A dense accessor of (N,) or (N, C) uint8, uint16, uint32 or float32; `bounds` writes min and max."""
        accessor = self._describe(array)
        accessor["bufferView"] = self.add_view(np.ascontiguousarray(array).tobytes(), target)
        if bounds:
            flat = array.reshape(len(array), -1)
            accessor["min"], accessor["max"] = _numbers(flat.min(axis=0)), _numbers(flat.max(axis=0))
        self.accessors.append(accessor)
        return len(self.accessors) - 1

    def add_displacements(self, array: Float32[np.ndarray, "N 3"], threshold: float, *, bounds: bool) -> int:
        """An accessor of mostly zero vectors, sparse where that is smaller.

        Args:
            array: (N, 3) float32.
            threshold: vectors with no component beyond this are written as zero where the accessor becomes sparse.
            bounds: write min and max.
        """
        rows = np.flatnonzero((np.abs(array) > threshold).any(axis=1))
        index_type = np.uint16 if len(array) <= np.iinfo(np.uint16).max else np.uint32
        sparse_bytes = len(rows) * (12 + np.dtype(index_type).itemsize)
        if not len(rows) or sparse_bytes > _SPARSE_GAIN * array.nbytes:
            return self.add_accessor(array, ARRAY_BUFFER, bounds=bounds)
        accessor = self._describe(array)
        if array.nbytes not in self._zeros:  # shared; left out, Godot before 4.1 reads the first view in its place
            self._zeros[array.nbytes] = self.add_view(bytes(array.nbytes), ARRAY_BUFFER)
            self.views[-1]["byteStride"] = array.itemsize * 3
        accessor["bufferView"] = self._zeros[array.nbytes]
        accessor["sparse"] = {
            "count": len(rows),
            "indices": {
                "bufferView": self.add_view(rows.astype(index_type).tobytes()),
                "componentType": _COMPONENT_TYPES[np.dtype(index_type).name],
            },
            "values": {"bufferView": self.add_view(np.ascontiguousarray(array[rows]).tobytes())},
        }
        if bounds:
            written = np.concatenate([array[rows], np.zeros((1, 3), np.float32)])  # sparse: some row is zero
            accessor["min"], accessor["max"] = _numbers(written.min(axis=0)), _numbers(written.max(axis=0))
        self.accessors.append(accessor)
        return len(self.accessors) - 1

    def glb(self, document: dict[str, Any]) -> bytes:
        """The GLB file of `document`, which gets the buffer, its views and accessors."""
        self._blob.extend(b"\0" * (-len(self._blob) % 4))
        whole = {
            **document,
            "buffers": [{"byteLength": len(self._blob)}],
            "bufferViews": self.views,
            "accessors": self.accessors,
        }
        text = json.dumps(whole, ensure_ascii=False, allow_nan=False, separators=(",", ":")).encode("utf-8")
        text += b" " * (-len(text) % 4)
        length = 12 + 8 + len(text) + 8 + len(self._blob)
        header = struct.pack("<4sII", b"glTF", 2, length)
        chunks = struct.pack("<I4s", len(text), b"JSON") + text + struct.pack("<I4s", len(self._blob), b"BIN\0")
        return header + chunks + bytes(self._blob)

    @staticmethod
    def _describe(array: np.ndarray) -> dict[str, Any]:
        width = 1 if array.ndim == 1 else int(np.prod(array.shape[1:]))
        return {
            "componentType": _COMPONENT_TYPES[array.dtype.name],
            "count": len(array),
            "type": _ELEMENT_TYPES[width],
        }


def _numbers(row: np.ndarray) -> list[float] | list[int]:
    return [n.item() for n in row]
