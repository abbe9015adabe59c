"""Files of FLAME parameters, whatever program wrote them, as plain dictionaries, lists and arrays of numbers.

Nothing in a file is run: NPZ and NPY by `array_files`, pickles (also those inside an NPY of objects) by
`headmodel.restricted_unpickler`, torch's files by `torch_file`, JSON by the standard library.
"""

from __future__ import annotations

import io
import json
import pickle
import stat
from collections.abc import Collection
from pathlib import Path
from typing import Any, Final

import numpy as np

from ..array_files import UNREADABLE, read_array, read_arrays
from ..errors import ModelError
from ..headmodel.pickle_machine import PickleMachine
from ..headmodel.restricted_unpickler import Budget, stand_in, tree_of
from .torch_file import read_torch_tree

SUFFIXES: Final = (".npz", ".npy", ".json", ".pkl", ".pickle", ".pt", ".pth", ".frame")
"""What is read; ``.frame`` are the checkpoints of metrical-tracker (MICA), files of torch."""
_LARGEST_FILE: Final = 1 << 29
"""Bytes of a file: 512 MiB. VHAP's hold a texture and offsets of every frame, some tens of megabytes."""
LARGEST_ARRAYS: Final = 1 << 27
"""Bytes that the wanted arrays of a file may take together: 128 MiB, offsets of all vertices in 2,000 frames."""
_DEEPEST: Final = 12
"""Levels of lists and dictionaries in a JSON file."""
_LARGEST_JSON: Final = 1 << 26
"""Bytes of a JSON file: 64 MiB, a thousand frames of a hundred numbers thirty times over."""
_MAGIC: Final = {b"PK\x03\x04": "zip", b"\x93NUM": "numpy"}


def read_tree(path: Path, names: Collection[str]) -> Any:  # noqa: ANN401
    """What a file of parameters holds.

    Args:
        path: one of `SUFFIXES`.
        names: arrays that are wanted of an NPZ; others are not even unpacked.

    Returns:
        Dictionaries, lists, arrays, numbers, text, None. An NPY of numbers comes under its file's name (EMOCA writes
        ``shape.npy``, ``exp.npy`` and ``pose.npy``, MICA ``identity.npy``).

    Raises:
        ModelError: missing, damaged, too large, hostile, or of another kind.
    """
    if path.suffix.lower() not in SUFFIXES:
        raise ModelError(f"{path.name} is no file of FLAME parameters ({', '.join(SUFFIXES)}); choose one of these.")
    try:
        about = path.stat()
        if not stat.S_ISREG(about.st_mode) or about.st_size > _LARGEST_FILE:
            raise ValueError("it is no regular file, or larger than 512 MB")
        return _read(path, names)
    except FileNotFoundError as error:
        raise ModelError(f"There is no file {path}; give the path of the parameters.") from error
    except (*UNREADABLE, AttributeError, LookupError, pickle.UnpicklingError) as error:
        raise ModelError(
            f"{path.name} cannot be read as numbers alone ({error}); save the parameters as an .npz of arrays."
        ) from error


def _read(path: Path, names: Collection[str]) -> Any:  # noqa: ANN401
    with path.open("rb") as stream:
        kind = _MAGIC.get(stream.read(4), "")
    suffix = path.suffix.lower()
    if suffix == ".json":
        return _json_tree(path)
    if suffix == ".npz":
        return read_arrays(path, names, LARGEST_ARRAYS)
    if kind == "numpy":
        return _numpy_tree(path)
    if kind == "zip":
        return read_torch_tree(path, LARGEST_ARRAYS)
    return _pickle_tree(io.BytesIO(path.read_bytes()))


def _numpy_tree(path: Path) -> Any:  # noqa: ANN401
    """The array under the file's name, or what an array of objects holds."""
    with path.open("rb") as stream:
        version = np.lib.format.read_magic(stream)
        if version != (1, 0):
            raise ValueError("an array file of another version than 1")
        _, _, dtype = np.lib.format.read_array_header_1_0(stream)
        if dtype.hasobject:
            return _pickle_tree(io.BytesIO(stream.read(_LARGEST_FILE)))
    return {path.stem: read_array(path, LARGEST_ARRAYS)}


def _pickle_tree(stream: io.BytesIO) -> Any:  # noqa: ANN401
    return tree_of(PickleMachine(stream, stand_in).load(), Budget(LARGEST_ARRAYS))


def _json_tree(path: Path) -> Any:  # noqa: ANN401
    if path.stat().st_size > _LARGEST_JSON:
        raise ValueError("it is larger than 64 MB")
    return _lists_as_arrays(json.loads(path.read_bytes()), _DEEPEST)


def _lists_as_arrays(value: Any, depth: int) -> Any:  # noqa: ANN401
    """Lists of numbers, and of such lists, as arrays; anything else as it is."""
    if depth == 0:
        raise ValueError("lists in lists without end")
    if isinstance(value, dict):
        return {name: _lists_as_arrays(inner, depth - 1) for name, inner in value.items()}
    if not isinstance(value, list):
        return value
    inner = [_lists_as_arrays(one, depth - 1) for one in value]
    if any(isinstance(one, dict | str | list | bool) or one is None for one in inner):
        return inner
    return np.array(inner, np.float64)  # ValueError where rows have different lengths
