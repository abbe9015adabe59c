"""Where the numbers are crunched: the choice of device, repeatable arithmetic, and running out of memory."""

from __future__ import annotations

import ctypes
import errno
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

from .errors import DependencyError, DeviceError, SeifError

DEVICES: Final = ("auto", "cpu", "cuda", "mps")
"""What a user may ask for; ``auto`` is the CUDA GPU if there is one, else the CPU."""

_MMAP_THRESHOLD: Final = -3
_TRIM_THRESHOLD: Final = -1
"""The GNU C library's ``M_MMAP_THRESHOLD`` and ``M_TRIM_THRESHOLD`` (malloc.h)."""
_LARGE: Final = 12 << 20
"""Bytes of a large array: one number for each texel of a texture of 2048 is one; what is on the way in a part of them
is none."""
_KEPT: Final = 16 << 20
"""Bytes of smaller arrays that may stay with each thread until `return_memory`: what a step has at once. With 128
MB the peak in full quality was 1,370 MB, with 32 up to 1,310, with none 1,200."""

_WORDS_OF_WANT: Final = (
    *("out of memory", "not enough memory", "can't allocate memory", "bad_alloc", "alloc_cpu"),  # torch, C++
    *("cannot allocate memory", "failed to map segment"),  # the system, its loader of libraries
    *("insufficient memory", "outofmemoryerror", "failed to allocate"),  # OpenCV, ONNX
    "can't start new thread",
)


def choose_device(name: str) -> str:
    """Turn ``auto`` into a device and check that a named one exists.

    On Apple's chips ``auto`` is the CPU: the fit needs double precision, which ``mps`` lacks, and the rest is short.

    Raises:
        DeviceError: there is no such device on this machine.
        DependencyError: torch is not installed.
    """
    if name not in DEVICES:
        raise DeviceError(f"There is no device '{name}'; choose one of: {', '.join(DEVICES)}.")
    torch = _torch()
    there = {
        "cpu": True,
        "cuda": torch.cuda.is_available(),
        "mps": torch.backends.mps.is_available(),
    }
    if name == "auto":
        return "cuda" if there["cuda"] else "cpu"
    if not there[name]:
        raise DeviceError(f"This machine has no usable device '{name}'; choose auto or cpu.")
    return name


def share_the_cores() -> None:
    """Let idle threads of OpenMP sleep instead of spin; to be called before torch is first imported.

    Spinning gains nothing here, and on a machine whose cores are busy (Blender's are) it makes the fit ten to twenty
    times slower.
    """
    os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")


def return_memory() -> None:
    """Give back to the system what earlier steps have freed.

    Linux's C library keeps it, in pieces between which the next step's arrays do not fit: a process that makes many
    heads would hold ever more. Elsewhere, and with other C libraries, nothing is done.
    """
    if sys.platform == "linux":
        trim = getattr(ctypes.CDLL(None), "malloc_trim", None)
        if trim is not None:
            trim(0)


def return_large_arrays_at_once() -> None:
    """From now on, have Linux's C library give large arrays back to the system once they are freed, small ones not.

    By itself it raises the size from which it does so to that of the largest array that was ever freed, up to 32 MB,
    and keeps what is smaller. New pages take time: a twentieth of the texture's. Once told a size, it gives back all
    that is freed at its heap's end, too, which cost a seventh of the processor time in full quality: `_KEPT` stays.
    Elsewhere, and with other C libraries, nothing is done.
    """
    if sys.platform == "linux":
        mallopt = getattr(ctypes.CDLL(None), "mallopt", None)
        if mallopt is not None:
            mallopt(_MMAP_THRESHOLD, _LARGE)
            mallopt(_TRIM_THRESHOLD, _KEPT)


@contextmanager
def one_thread() -> Iterator[None]:
    """Inside, torch counts with one thread: where each step is short, waking the others takes longer than the step.

    Raises:
        DependencyError: torch is not installed.
    """
    torch = _torch()
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        yield
    finally:
        torch.set_num_threads(before)


@contextmanager
def repeatable(seed: int) -> Iterator[None]:
    """Inside, the same numbers come out for the same seed; torch's own state is restored afterwards.

    Raises:
        DependencyError: torch is not installed.
    """
    os.environ.setdefault("CUBLAS_WORKSPACE_CONFIG", ":4096:8")  # cuBLAS is repeatable only with a fixed workspace
    torch = _torch()
    before, warn_only = (
        torch.are_deterministic_algorithms_enabled(),
        torch.is_deterministic_algorithms_warn_only_enabled(),
    )
    with torch.random.fork_rng(devices=range(torch.cuda.device_count())):
        torch.manual_seed(seed)
        torch.use_deterministic_algorithms(mode=True, warn_only=True)
        try:
            yield
        finally:
            torch.use_deterministic_algorithms(before, warn_only=warn_only)


@contextmanager
def memory_in_words() -> Iterator[None]:
    """Turn 'out of memory' of Python, numpy, torch, OpenCV and the system's loader of libraries into a sentence.

    Raises:
        DeviceError: the work inside ran out of memory.
    """
    try:
        yield
    except SeifError:
        raise
    except BaseException as error:
        if not is_want_of_memory(error):
            raise
        raise DeviceError(_OF_DEVICE if isinstance(error, RuntimeError) else _OF_MACHINE) from error


_OF_MACHINE: Final = "There was not enough memory for this photo; close other programs or choose a smaller texture."
_OF_DEVICE: Final = (
    "The device ran out of memory; choose the device cpu, close other programs or choose a smaller texture."
)


def is_want_of_memory(error: BaseException) -> bool:
    """Whether an error says that memory ran out; many libraries say it in words only."""
    if isinstance(error, MemoryError) or (isinstance(error, OSError) and error.errno == errno.ENOMEM):
        return True
    said = str(error).lower()
    return not isinstance(error, KeyboardInterrupt) and any(words in said for words in _WORDS_OF_WANT)


def _torch():  # noqa: ANN202 - the module itself
    share_the_cores()
    try:
        import torch
    except ImportError as error:
        if is_want_of_memory(error):
            raise DeviceError(_OF_MACHINE) from error
        raise DependencyError(f"PyTorch is not installed ({error}); install the runtime first.") from error
    return torch
