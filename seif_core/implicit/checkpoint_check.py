"""What a checkpoint of `torch.save` declares, checked before torch allocates it.

torch's restricted loader runs no code of a file, but believes its sizes: a checkpoint of a few hundred bytes may
declare
storages of terabytes, its zip form may hold gigabytes of zeros in a few megabytes, and its pickles may be made so that
they never end. Here the pickles are interpreted by `headmodel.pickle_machine` with inert stand-ins, and the storages
that
they name are added up: together they cannot be larger than the file that holds them.

Forms: a zip (PyTorch 1.6 and later, whose entries are never deflated), and four pickles one after the other followed by
the storages' bytes (before 1.6). Source: torch/serialization.py.
"""

from __future__ import annotations

import io
import pickle
import stat
import zipfile
from pathlib import Path
from typing import Any, Final

from ..headmodel.pickle_machine import PickleMachine
from ..headmodel.torch_zip import LARGEST_PICKLE, table_of_tensors

_LARGEST_FILE: Final = 1 << 31
"""Bytes of a checkpoint: 2 GiB. The published networks take about 60 MB, training state included three times that."""
_LEGACY_PICKLES: Final = 5
"""Pickles of the form before PyTorch 1.6: magic number, version, system, content, keys of the storages."""

_ITEM_SIZES: Final = {
    **dict.fromkeys(("DoubleStorage", "LongStorage", "ComplexFloatStorage"), 8),
    **dict.fromkeys(("FloatStorage", "IntStorage"), 4),
    **dict.fromkeys(("HalfStorage", "BFloat16Storage", "ShortStorage"), 2),
    **dict.fromkeys(("ByteStorage", "CharStorage", "BoolStorage", "UntypedStorage"), 1),
}
"""Bytes of an element by the storage's class."""

_ALLOWED: Final = {
    ("collections", "OrderedDict"),
    ("torch", "Size"),
    ("torch", "device"),
    ("torch", "Tensor"),
    ("torch.nn.parameter", "Parameter"),
    *((f"torch{module}", name) for module in ("", ".storage") for name in (*_ITEM_SIZES, "_LegacyStorage")),
    *(("torch._utils", f"_rebuild_{name}") for name in ("tensor", "tensor_v2", "parameter", "parameter_with_state")),
}
"""Names that a checkpoint of networks mentions; of these none allocates more than the storage that it is given."""


class _Recorded:
    """Base of the stand-ins: takes anything, does nothing."""

    state: Any

    def __new__(cls, *_args: object) -> Any:  # noqa: ANN401
        made = object.__new__(cls)
        made.state = None
        return made

    def __init__(self, *_args: object) -> None:
        """Everything is done in `__new__`."""


def check_checkpoint(path: Path) -> None:
    """Refuse a file whose content would not be what its size promises.

    Raises:
        FileNotFoundError: no such file.
        ValueError, LookupError, TypeError, OSError, pickle.UnpicklingError: no checkpoint, or one that declares more
        than
            it holds; the text is a clause.
    """
    about = path.stat()
    if not stat.S_ISREG(about.st_mode) or about.st_size > _LARGEST_FILE:
        raise ValueError("it is no regular file, or larger than 2 GB")
    with path.open("rb") as stream:
        zipped = stream.read(4) == b"PK\x03\x04"
    if zipped:
        _check_zip(path, about.st_size)
    else:
        _check_legacy(path, about.st_size)


def _check_zip(path: Path, size: int) -> None:
    with zipfile.ZipFile(path) as archive:
        _check_pickle(io.BytesIO(archive.read(table_of_tensors(archive, size))), size)


def _check_legacy(path: Path, size: int) -> None:
    with path.open("rb") as stream:
        pickles = io.BytesIO(stream.read(LARGEST_PICKLE))
    for _ in range(_LEGACY_PICKLES):
        _check_pickle(pickles, size)


def _check_pickle(stream: io.BytesIO, size: int) -> None:
    """Interpret one pickle, whose storages together must fit into `size` bytes."""
    declared: dict[str, int] = {}
    total = 0

    def storage(identifier: object) -> object:
        if not isinstance(identifier, tuple) or len(identifier) < 5 or identifier[0] != "storage":
            raise pickle.UnpicklingError("it refers to something that is no storage")
        nonlocal total
        kind, key, _, count = identifier[1:5]
        width = _ITEM_SIZES.get(getattr(kind, "__name__", ""))
        if width is None or not isinstance(key, str) or not isinstance(count, int) or count < 0:
            raise pickle.UnpicklingError("a storage of an unknown kind")
        total += max(0, width * count - declared.get(key, 0))
        declared[key] = max(declared.get(key, 0), width * count)
        if total > size:
            raise ValueError(f"its tensors take {total / 1e6:.0f} MB, but the file {size / 1e6:.0f} MB")
        return _Recorded()

    PickleMachine(stream, _find, storage).load()


def _find(module: str, name: str) -> type[_Recorded]:
    if (module, name) not in _ALLOWED:
        raise pickle.UnpicklingError(f"it asks for {module}.{name}")
    return type(name, (_Recorded,), {})
