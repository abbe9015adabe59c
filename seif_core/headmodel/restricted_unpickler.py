"""Reading pickles of arrays without running any code in them.

Model files of SMPL's and FLAME's family are Python 2 pickles of NumPy arrays, SciPy sparse matrices and chumpy objects.
Here none of those libraries is called: every global name that such a pickle mentions is mapped to an inert class of
this module that only records what it is given, any other name is refused, and the arrays are built afterwards from the
recorded shapes, types and bytes, all checked. So nothing in a file can name a function that would be run, and chumpy
is not needed.

Format facts: https://docs.python.org/3/library/pickletools.html and NumPy's ``ndarray.__reduce__``.
"""

from __future__ import annotations

import io
import math
import pickle
import stat
from pathlib import Path
from typing import Any, Final

import numpy as np

from ..errors import ModelError
from .pickle_machine import PickleMachine

_LARGEST_FILE: Final = 1 << 29
"""Bytes of a file: 512 MiB. FLAME's are 53 to 110 MB."""
LARGEST_CONTENT: Final = 1 << 29
"""Bytes that all arrays of a file may take together; FLAME with 400 components in float64 takes 55 MB."""
_LEAST_COST: Final = 4096
"""Bytes that every object counts at least, so that no file can hold endlessly many small or nested ones."""
_DEEPEST: Final = 12
"""Levels of containers in containers; files of trackers have four."""
_NUMERIC_KINDS: Final = "biuf"


def read_array_pickle(path: Path) -> dict[str, Any]:
    """Read a pickled dictionary of arrays.

    Args:
        path: a pickle of any protocol, written by Python 2 or 3.

    Returns:
        Name -> `np.ndarray` (sparse matrices become dense, chumpy objects their value), number or string; entries of
        other kinds are left out.

    Raises:
        ModelError: the file is missing, damaged, too large, no dictionary, or names anything but arrays.
    """
    try:
        about = path.stat()
        if not stat.S_ISREG(about.st_mode) or about.st_size > _LARGEST_FILE:
            raise ModelError(
                f"{path.name} is no regular file, or larger than 512 MB, which no head model is; choose the "
                f"model's file."
            )
        content = PickleMachine(io.BytesIO(path.read_bytes()), stand_in).load()
        if not isinstance(content, dict):
            raise ModelError(f"{path.name} holds no dictionary of arrays; choose the model's .pkl file.")
        budget = Budget(LARGEST_CONTENT)
        found = {str(name): _value(value, budget) for name, value in content.items()}
    except FileNotFoundError as error:
        raise ModelError(f"There is no file {path}; give the path of the model that you downloaded.") from error
    except _UNREADABLE as error:
        raise ModelError(
            f"{path.name} cannot be read as a pickle of arrays alone ({error}); choose the file that was published."
        ) from error
    return {name: value for name, value in found.items() if value is not None}


_UNREADABLE: Final = (
    OSError,
    EOFError,
    pickle.UnpicklingError,
    AttributeError,
    LookupError,
    TypeError,
    ValueError,
    OverflowError,
    MemoryError,
    RecursionError,
)
"""What a damaged or hostile pickle can raise; all of it ends in one sentence."""


class Budget:
    """What the arrays of a file may still take.

    Args:
        left: bytes.
    """

    def __init__(self, left: int) -> None:
        self._left = left

    def take(self, size: int) -> None:
        """Take so many bytes, before they are allocated.

        Raises:
            ValueError: more than are left.
        """
        self._left -= max(size, _LEAST_COST)
        if self._left < 0:
            raise ValueError("arrays that take more than 512 MB")


class Inert:
    """Base of the stand-ins: takes any arguments and any state, and does nothing with them."""

    args: tuple[Any, ...]
    state: Any
    value: Any

    def __new__(cls, *args: object, **_named: object) -> Any:  # noqa: ANN401
        """Keep the arguments, and nothing else."""
        made = object.__new__(cls)  # not __init__, which protocol 2 does not call
        made.args, made.state, made.value = args, None, None
        return made

    def __init__(self, *_args: object, **_named: object) -> None:
        """Everything is done in `__new__`."""


class _Ignored(Inert):
    """A set, ordered dictionary or other container whose content no model needs."""


class _NdarrayClass(Inert):
    """Stands for the class ``numpy.ndarray`` where it is an argument."""


class _ObjectClass(Inert):
    """Stands for the class ``object`` where it is an argument."""


class _Dtype(Inert):
    """``numpy.dtype(code, align, copy)``, then state ``(version, byteorder, ...)``."""

    def dtype(self) -> np.dtype[Any]:
        code = self.args[0] if self.args else None
        if not isinstance(code, str) or len(code) > 8:
            raise ValueError("an array type that is not a plain number")
        order = self.state[1] if isinstance(self.state, tuple) and len(self.state) > 1 else "="
        dtype = np.dtype(code)
        if dtype.kind not in _NUMERIC_KINDS or order not in ("<", ">", "=", "|"):
            raise ValueError(f"an array of type {code!r} instead of numbers")
        return dtype.newbyteorder(order)


class _Array(Inert):
    """``numpy.core.multiarray._reconstruct(...)``, then state ``(version, shape, dtype, fortran order, bytes)``."""

    def resolve(self, budget: Budget) -> np.ndarray:
        if not isinstance(self.state, tuple) or len(self.state) != 5:
            raise ValueError("an array without content")
        _, shape, dtype, fortran, raw = self.state
        return _build(raw, dtype, shape, "F" if fortran else "C", budget)


class _ArrayFromBuffer(Inert):
    """``numpy.core.numeric._frombuffer(bytes, dtype, shape, order)``, which protocol 5 writes."""

    def resolve(self, budget: Budget) -> np.ndarray:
        raw, dtype, shape, order = self.args
        return _build(raw, dtype, shape, order, budget)


class _Scalar(Inert):
    """``numpy.core.multiarray.scalar(dtype, bytes)``."""

    def resolve(self, budget: Budget) -> float | int:
        dtype, raw = self.args
        return _build(raw, dtype, (), "C", budget).item()


class _Sparse(Inert):
    """A SciPy sparse matrix in compressed or coordinate form; its state is its attributes."""

    def resolve(self, budget: Budget) -> np.ndarray:
        state = self.state
        shape = state.get("_shape", state.get("shape"))
        rows, columns = checked_shape(shape, dimensions=2)
        data = _number_array(state["data"], budget)
        budget.take(rows * columns * data.itemsize)
        dense = np.zeros((rows, columns), data.dtype)
        kind = state.get("format", self.kind)
        if kind == "coo":
            row, column = (_index_array(a, budget) for a in state.get("coords") or (state["row"], state["col"]))
        else:
            inner, pointers = _index_array(state["indices"], budget), _index_array(state["indptr"], budget)
            if pointers[0] != 0 or pointers[-1] != len(data) or (np.diff(pointers) < 0).any():
                raise ValueError("a sparse matrix whose pointers do not fit")
            outer = np.repeat(np.arange(len(pointers) - 1), np.diff(pointers))
            row, column = (inner, outer) if kind == "csc" else (outer, inner)
        if len(row) != len(data) or (row < 0).any() or (column < 0).any():
            raise ValueError("a sparse matrix whose indices do not fit")
        np.add.at(dense, (row, column), data)
        return dense

    kind = "csr"


class _SparseColumns(_Sparse):
    kind = "csc"


class _SparseCoordinates(_Sparse):
    kind = "coo"


class _Chumpy(Inert):
    """``chumpy.ch.Ch``: an array with derivatives; its value is its attribute ``x``."""

    def resolve(self, budget: Budget) -> np.ndarray:
        return _number_array(self.state["x"], budget)


class _ChumpySelect(Inert):
    """``chumpy.reordering.Select``: chosen elements ``idxs`` of ``a``, in shape ``preferred_shape``."""

    def resolve(self, budget: Budget) -> np.ndarray:
        idxs = _index_array(self.state["idxs"], budget).ravel()
        source = _number_array(self.state["a"], budget).ravel()
        budget.take(idxs.size * source.itemsize)
        chosen = source[idxs]
        shape = self.state.get("preferred_shape")
        return chosen if shape is None else chosen.reshape(checked_shape(shape))


class _Reconstructor(Inert):
    """``copy_reg._reconstructor(class, object, None)``: gives an instance of the stand-in class."""

    def __new__(cls, kind: object = None, *_args: object, **_named: object) -> Any:  # noqa: ANN401
        if not (isinstance(kind, type) and issubclass(kind, Inert)) or issubclass(kind, _Reconstructor):
            raise pickle.UnpicklingError("it rebuilds an object that is no array")
        return kind()


class _Encode(Inert):
    """``_codecs.encode(text, 'latin1')``, which Python 3 writes for bytes in old protocols."""

    def encoded(self) -> bytes:
        text = self.args[0]
        if not isinstance(text, str):
            raise TypeError("bytes that are no text")
        return text.encode("latin1")


class _EmptyBytes(_Encode):
    """``bytes()``, which Python 3 writes for no bytes in old protocols."""

    def encoded(self) -> bytes:
        return b""


_STAND_INS: Final[dict[tuple[str, str], type[Inert]]] = {
    ("numpy", "ndarray"): _NdarrayClass,
    ("numpy.matrixlib.defmatrix", "matrix"): _NdarrayClass,
    ("numpy", "dtype"): _Dtype,
    ("_codecs", "encode"): _Encode,
    ("copy_reg", "_reconstructor"): _Reconstructor,
    ("copyreg", "_reconstructor"): _Reconstructor,
    ("chumpy.ch", "Ch"): _Chumpy,
    ("chumpy", "Ch"): _Chumpy,
    ("chumpy.reordering", "Select"): _ChumpySelect,
    ("collections", "OrderedDict"): _Ignored,
    **{
        (f"numpy.{core}.multiarray", name): kind
        for core in ("core", "_core")
        for name, kind in (("_reconstruct", _Array), ("scalar", _Scalar))
    },
    **{(f"numpy.{core}.numeric", "_frombuffer"): _ArrayFromBuffer for core in ("core", "_core")},
    **{
        (f"scipy.sparse.{module}{name}", f"{name}_{kind}"): stand_in
        for module in ("", "_")
        for kind in ("matrix", "array")
        for name, stand_in in (("csc", _SparseColumns), ("csr", _Sparse), ("coo", _SparseCoordinates))
    },
    **{(module, "object"): _ObjectClass for module in ("__builtin__", "builtins")},
    **{(module, "bytes"): _EmptyBytes for module in ("__builtin__", "builtins")},
    **{(module, name): _Ignored for module in ("__builtin__", "builtins") for name in ("set", "frozenset")},
}
"""The only names that a pickle may mention, and what stands for them; protocol 2's Python 2 names and Python 3's."""


def stand_in(module: str, name: str) -> type[Inert]:
    """The stand-in of a global name; every other name is refused."""
    try:
        return _STAND_INS[module, name]
    except KeyError:
        raise pickle.UnpicklingError(f"it asks for {module}.{name}, which is no array") from None


def tree_of(content: object, budget: Budget, depth: int = _DEEPEST) -> Any:  # noqa: ANN401
    """What a pickle holds as plain dictionaries with text for keys, lists, arrays, numbers and text; None for others.

    NumPy's arrays of objects, which hold a dictionary where somebody gave one to ``np.save``, become what they hold.

    Args:
        content: of `PickleMachine.load`.
        budget: of the arrays, and of the number of objects.
        depth: levels of containers in containers that are followed.

    Raises:
        ValueError: nested deeper, or more than the budget.
    """
    budget.take(0)
    if depth == 0:
        raise ValueError("containers in containers without end")
    if isinstance(content, dict):
        return {str(name): tree_of(value, budget, depth - 1) for name, value in content.items()}
    held = _objects(content)
    if isinstance(content, list | tuple):
        held = list(content)
    if held is None:
        return _value(content, budget)
    return [tree_of(value, budget, depth - 1) for value in held]


def _objects(value: object) -> list[Any] | None:
    """The objects of a NumPy array of objects; None for anything else."""
    if not isinstance(value, _Array) or not isinstance(value.state, tuple) or len(value.state) != 5:
        return None
    _, _, dtype, _, raw = value.state
    named = isinstance(dtype, _Dtype) and dtype.args[:1] in {("O",), ("O8",), ("O4",)}
    return raw if named and isinstance(raw, list) else None


def _value(value: object, budget: Budget) -> object:
    """An array, number or string; None for anything else."""
    if isinstance(value, str | int | float):
        return value
    resolve = getattr(value, "resolve", None)
    if not isinstance(value, Inert) or resolve is None:
        return None
    if value.value is None:  # an object that is met twice is built once
        budget.take(0)
        value.value = resolve(budget)
    return value.value


def _number_array(value: object, budget: Budget) -> np.ndarray:
    resolved = _value(value, budget)
    if not isinstance(resolved, np.ndarray):
        raise TypeError("something else where an array belongs")
    return resolved


def _index_array(value: object, budget: Budget) -> np.ndarray:
    if isinstance(value, list):
        if not all(
            isinstance(n, int) for n in value
        ):  # no nested lists, which grow without bound when they share parts
            raise ValueError("indices that are no whole numbers")
        budget.take(8 * len(value))
        return np.array(value, np.int64)
    array = _number_array(value, budget)
    if array.dtype.kind not in "iu":
        raise ValueError("indices that are no whole numbers")
    budget.take(8 * array.size)
    return array.astype(np.int64)


def checked_shape(shape: object, dimensions: int | None = None) -> tuple[int, ...]:
    """A shape that a pickle tells, as a tuple of whole numbers.

    Raises:
        ValueError: it is none, is too large, or has another number of dimensions.
    """
    if not isinstance(shape, tuple | list) or not all(isinstance(n, int) and 0 <= n < _LARGEST_FILE for n in shape):
        raise ValueError("an array of no proper shape")
    if math.prod(shape) > _LARGEST_FILE or (dimensions is not None and len(shape) != dimensions):
        raise ValueError("an array of no proper shape")
    return tuple(shape)


def _build(raw: object, dtype: object, shape: object, order: object, budget: Budget) -> np.ndarray:
    if isinstance(raw, _Encode):
        raw = raw.encoded()
    if isinstance(raw, str):  # Python 2's bytes, read as latin1
        raw = raw.encode("latin1")
    if not isinstance(raw, bytes | bytearray) or not isinstance(dtype, _Dtype) or order not in ("C", "F"):
        raise ValueError("an array without plain content")
    resolved, extents = dtype.dtype(), checked_shape(shape)
    if len(raw) != resolved.itemsize * math.prod(extents):
        raise ValueError("an array whose bytes do not fill its shape")
    budget.take(len(raw))
    array = np.frombuffer(raw, resolved).reshape(extents, order="F" if order == "F" else "C")
    return array.astype(resolved.newbyteorder("="))
