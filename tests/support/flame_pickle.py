"""Pickles as FLAME's authors wrote them: Python 2, chumpy objects, SciPy sparse matrices. Neither library is needed."""

from __future__ import annotations

import pickle
import struct
import sys
import types
from pathlib import Path

import numpy as np
import scipy.sparse
from conftest import SHARED

FLAME_TEMPLATE = SHARED / "flame" / "flame2023_open_template.npz"


class Python2Pickler:
    """Protocol 2 as Python 2 wrote it: byte strings are raw, arrays hold them."""

    def dumps(self, content: dict) -> bytes:
        body = b"".join(self._string(k) + self._save(v) for k, v in content.items())
        return b"\x80\x02}(" + body + b"u."

    def _save(self, value) -> bytes:
        if isinstance(value, str):
            return self._string(value)
        if isinstance(value, int):
            return b"J" + struct.pack("<i", value)
        if isinstance(value, tuple):
            return b"(" + b"".join(map(self._save, value)) + b"t"
        if isinstance(value, np.ndarray):
            return self._array(value)
        if scipy.sparse.issparse(value):
            return self._sparse(value)
        if isinstance(value, Chumpy):
            return self._object("chumpy.ch", "Ch", {"x": value.value, "_dirty_vars": "", "_itr": 0})
        raise TypeError(type(value))

    def _string(self, text: str | bytes) -> bytes:
        raw = text.encode("latin1") if isinstance(text, str) else text
        return b"T" + struct.pack("<i", len(raw)) + raw

    def _object(self, module: str, name: str, state: dict) -> bytes:
        items = b"".join(self._string(k) + self._save(v) for k, v in state.items())
        return f"c{module}\n{name}\n".encode() + b")\x81}(" + items + b"ub"

    def _array(self, array: np.ndarray) -> bytes:
        code = array.dtype.str
        dtype = b"cnumpy\ndtype\n(" + self._string(code[1:]) + b"K\x00K\x01tR(K\x03" + self._string(code[0])
        dtype += b"NNNJ\xff\xff\xff\xffJ\xff\xff\xff\xffK\x00tb"
        fortran = b"\x88" if array.flags.f_contiguous and not array.flags.c_contiguous else b"\x89"
        raw = array.tobytes("F" if fortran == b"\x88" else "C")
        start = b"cnumpy.core.multiarray\n_reconstruct\n(cnumpy\nndarray\n(K\x00t" + self._string("b") + b"tR"
        return start + b"(K\x01" + self._save(array.shape) + dtype + fortran + self._string(raw) + b"tb"

    def _sparse(self, matrix) -> bytes:
        state = {"_shape": tuple(map(int, matrix.shape)), "maxprint": 50, "format": matrix.format}
        state |= {"indices": matrix.indices, "indptr": matrix.indptr, "data": matrix.data}
        return self._object(f"scipy.sparse.{matrix.format}", f"{matrix.format}_matrix", state)


class Chumpy:
    """What chumpy's `Ch` holds."""

    def __init__(self, value: np.ndarray) -> None:
        self.value = value


def flame_arrays(seed: int = 0, shapes: int = 400) -> dict:
    """FLAME's dictionary with its real template and topology where they are at hand, else random ones of their size."""
    rng = np.random.default_rng(seed)
    if FLAME_TEMPLATE.is_file():
        data = np.load(FLAME_TEMPLATE)
        template, faces = data["v_template"], data["faces"].astype(np.uint32)
    else:
        template, faces = rng.normal(size=(5023, 3)) * 0.1, rng.integers(0, 5023, (9976, 3)).astype(np.uint32)
    joints = np.array(
        [[0, -0.12, -0.02], [0, -0.08, -0.02], [0, -0.02, 0.0], [0.032, 0.023, 0.025], [-0.032, 0.023, 0.025]]
    )
    weights = np.zeros((5023, 5))
    weights[:, 1] = 1
    chin = (template[:, 1] < -0.05) & (template[:, 2] > 0.02)
    weights[chin] = [0, 0.2, 0.8, 0, 0]
    weights[3931:4477] = [0, 0, 0, 1, 0]
    weights[4477:] = [0, 0, 0, 0, 1]
    regressor = np.zeros((5, 5023))
    regressor[[0, 1, 2], :3931] = 1 / 3931
    regressor[3, 3931:4477] = regressor[4, 4477:] = 1 / 546
    waves = np.sin(template @ rng.normal(size=(3, shapes)) * 20 + rng.uniform(0, 6, shapes))
    directions = np.asfortranarray(waves[:, None] * rng.normal(size=(3, shapes)) * 1e-3)
    posedirs = np.zeros((5023, 3, 36))
    posedirs[:3931, :, 9:18] = rng.normal(size=(3, 9)) * 1e-3
    return {
        "f": faces,
        "J": joints,
        "J_regressor": scipy.sparse.csc_matrix(regressor),
        "kintree_table": np.array([[4294967295, 0, 1, 1, 1], [0, 1, 2, 3, 4]], np.uint32),
        "weights": weights,
        "posedirs": posedirs,
        "v_template": template,
        "shapedirs": directions,
        "bs_style": "lbs",
        "bs_type": "lrotmin",
    }


def write_flame(path: Path, arrays: dict | None = None) -> dict:
    """Write a FLAME pickle, with chumpy objects where FLAME has them; returns the arrays."""
    arrays = arrays or flame_arrays()
    chumpy = {"weights", "posedirs", "v_template", "shapedirs"}
    path.write_bytes(Python2Pickler().dumps({k: Chumpy(v) if k in chumpy else v for k, v in arrays.items()}))
    return arrays


def dumps_with_chumpy_installed(content: dict, protocol: int) -> bytes:
    """What this Python's own pickler writes while a module named chumpy is there (it is not, afterwards)."""
    module = types.ModuleType("chumpy.ch")

    class Ch:
        def __init__(self, value) -> None:
            self.x = value
            self._dirty_vars = set()

    Ch.__module__, Ch.__qualname__ = "chumpy.ch", "Ch"
    module.Ch = Ch
    sys.modules |= {"chumpy": types.ModuleType("chumpy"), "chumpy.ch": module}
    try:
        return pickle.dumps({k: Ch(v) if isinstance(v, np.ndarray) else v for k, v in content.items()}, protocol)
    finally:
        del sys.modules["chumpy"], sys.modules["chumpy.ch"]
