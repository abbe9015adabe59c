"""A small glTF reader for tests, written from the specification and independent of the writer."""

from __future__ import annotations

import json
import struct

import numpy as np

_COMPONENTS = {5121: np.uint8, 5123: np.uint16, 5125: np.uint32, 5126: np.float32}
_WIDTHS = {"SCALAR": 1, "VEC2": 2, "VEC3": 3, "VEC4": 4, "MAT4": 16}


class GlbFile:
    """A parsed GLB: `document` and decoded accessors."""

    def __init__(self, data: bytes) -> None:
        magic, version, length = struct.unpack_from("<4sII", data)
        assert (magic, version, length) == (b"glTF", 2, len(data))
        size, kind = struct.unpack_from("<I4s", data, 12)
        assert kind == b"JSON"
        assert size % 4 == 0
        self.document = json.loads(data[20 : 20 + size])
        binary_size, kind = struct.unpack_from("<I4s", data, 20 + size)
        assert kind == b"BIN\0"
        self._binary = data[28 + size : 28 + size + binary_size]
        assert 28 + size + binary_size == len(data)

    def view(self, index: int) -> bytes:
        view = self.document["bufferViews"][index]
        start = view.get("byteOffset", 0)
        return self._binary[start : start + view["byteLength"]]

    def accessor(self, index: int) -> np.ndarray:
        described = self.document["accessors"][index]
        width, kind = _WIDTHS[described["type"]], _COMPONENTS[described["componentType"]]
        values = np.zeros((described["count"], width), kind)
        if "bufferView" in described:
            values = np.frombuffer(self.view(described["bufferView"]), kind).reshape(-1, width).copy()
        if "sparse" in described:
            sparse = described["sparse"]
            rows = np.frombuffer(
                self.view(sparse["indices"]["bufferView"]), _COMPONENTS[sparse["indices"]["componentType"]]
            )
            assert len(rows) == sparse["count"]
            values[rows] = np.frombuffer(self.view(sparse["values"]["bufferView"]), kind).reshape(-1, width)
        assert len(values) == described["count"]
        if "min" in described:
            assert values.min(0).tolist() == described["min"]
            assert values.max(0).tolist() == described["max"]
        return values

    @property
    def primitives(self) -> list[dict]:
        return self.document["meshes"][0]["primitives"]
