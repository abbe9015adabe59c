"""Files of ``torch.save`` read without torch and without running anything in them: dictionaries of tensors and arrays.

The zip form alone (PyTorch 1.6 and later): one pickle that names storages, and each storage's bytes as an entry of the
zip, never deflated. The pickle is interpreted by `headmodel.pickle_machine`; a tensor is a bounded view of its storage.

Format: torch/serialization.py, torch/_utils.py (`_rebuild_tensor_v2`).
"""

from __future__ import annotations

import io
import math
import pickle
import zipfile
from pathlib import Path
from typing import Any, Final

import numpy as np

from ..headmodel.pickle_machine import PickleMachine
from ..headmodel.restricted_unpickler import Budget, Inert, checked_shape, stand_in, tree_of
from ..headmodel.torch_zip import table_of_tensors

_STORAGES: Final = {
    "DoubleStorage": "<f8",
    "FloatStorage": "<f4",
    "HalfStorage": "<f2",
    "LongStorage": "<i8",
    "IntStorage": "<i4",
    "ShortStorage": "<i2",
    "CharStorage": "<i1",
    "ByteStorage": "<u1",
    "BoolStorage": "?",
}
"""Storage class -> NumPy's type of its elements, in the byte order that torch writes."""


class _Storage(Inert):
    """The elements of a storage; `value` is their array."""


class _Tensor(Inert):
    """``_rebuild_tensor_v2(storage, offset, size, stride, ...)``."""

    def resolve(self, budget: Budget) -> np.ndarray:
        """The tensor as an array of its own.

        Raises:
            ValueError: it reaches beyond its storage, or is too large.
        """
        storage, offset, size, stride = self.args[:4]
        if not isinstance(storage, _Storage):
            raise TypeError("a tensor without elements")
        extents, steps = checked_shape(size), checked_shape(stride)
        if not isinstance(offset, int) or offset < 0 or len(extents) != len(steps):
            raise ValueError("a tensor of no proper shape")
        data: np.ndarray = storage.value
        last = offset + sum((n - 1) * step for n, step in zip(extents, steps, strict=True))
        if 0 not in extents and last >= len(data):
            raise ValueError("a tensor that reaches beyond its elements")
        budget.take(math.prod(extents) * data.itemsize)
        if 0 in extents:
            return np.zeros(extents, data.dtype)
        view = np.lib.stride_tricks.as_strided(data[offset:], extents, [step * data.itemsize for step in steps])
        return view.copy()


class _Parameter(Inert):
    """``_rebuild_parameter(tensor, requires_grad, hooks)``."""

    def resolve(self, budget: Budget) -> np.ndarray:
        """The tensor that it wraps, as an array."""
        tensor = self.args[0]
        if not isinstance(tensor, _Tensor):
            raise TypeError("a parameter without a tensor")
        return tensor.resolve(budget)


_NAMES: Final[dict[tuple[str, str], type[Inert]]] = {
    ("torch._utils", "_rebuild_tensor_v2"): _Tensor,
    ("torch._utils", "_rebuild_parameter"): _Parameter,
    **{("torch", name): type(name, (Inert,), {}) for name in (*_STORAGES, "Size", "device")},
}


def read_torch_tree(path: Path, limit: int) -> Any:  # noqa: ANN401
    """What a file of ``torch.save`` holds, as `restricted_unpickler.tree_of` gives it.

    Args:
        path: the file.
        limit: bytes that its arrays may take together.

    Raises:
        ValueError, LookupError, TypeError, OSError, pickle.UnpicklingError, zipfile.BadZipFile: it is none, is damaged,
            declares more than it holds, or names anything but tensors and arrays; the text is a clause.
    """
    size = path.stat().st_size
    with zipfile.ZipFile(path) as archive:
        table = table_of_tensors(archive, size)
        folder = table.filename.removesuffix("data.pkl")
        budget = Budget(limit)
        kept: dict[str, _Storage] = {}

        def storage(identifier: object) -> object:
            kind, key = _storage_kind(identifier)
            if key not in kept:
                budget.take(archive.getinfo(f"{folder}data/{key}").file_size)
                raw = archive.read(f"{folder}data/{key}")
                kept[key] = _Storage()
                kept[key].value = np.frombuffer(raw, kind)
            if kept[key].value.dtype != kind:
                raise pickle.UnpicklingError("one storage of two kinds")
            return kept[key]

        content = PickleMachine(io.BytesIO(archive.read(table)), _find, storage).load()
        return tree_of(content, budget)


def _storage_kind(identifier: object) -> tuple[np.dtype[Any], str]:
    """Type of the elements, and the storage's name in the zip."""
    if not isinstance(identifier, tuple) or len(identifier) < 5 or identifier[0] != "storage":
        raise pickle.UnpicklingError("it refers to something that is no storage")
    kind = _STORAGES.get(getattr(identifier[1], "__name__", ""))
    key = identifier[2]
    if kind is None or not isinstance(key, str) or not key.isdigit():
        raise pickle.UnpicklingError("a storage of an unknown kind")
    return np.dtype(kind), key


def _find(module: str, name: str) -> type[Inert]:
    return _NAMES.get((module, name)) or stand_in(module, name)
