"""A helper process that does not outlive the process that started it, however that one ends."""

from __future__ import annotations

import contextlib
import ctypes
import os
import signal
import sys
import threading
import time
from typing import Final

_SET_DEATH_SIGNAL: Final = 1
"""PR_SET_PDEATHSIG of Linux's prctl(2)."""

_SYNCHRONIZE: Final = 0x100000
_FOREVER: Final = 0xFFFFFFFF
"""Access right and duration of Windows' OpenProcess and WaitForSingleObject."""

_NO_SUCH_PROCESS: Final = 87
"""Windows' ERROR_INVALID_PARAMETER, which OpenProcess gives for an id that no process has."""

_PAUSE: Final = 0.2
"""Seconds between two looks at the parent where the system does not tell of its end."""


def end_with(parent: int) -> None:
    """From now on this process ends when `parent` does; at once if that has happened already.

    Args:
        parent: process id of the process that started this one.
    """
    if sys.platform == "linux":
        with contextlib.suppress(OSError, AttributeError):
            ctypes.CDLL(None).prctl(_SET_DEATH_SIGNAL, signal.SIGKILL)
    watch = _wait_on_windows if os.name == "nt" else _wait
    threading.Thread(target=watch, args=(parent,), daemon=True, name="parent").start()


def runs(process: int) -> bool:
    """Whether a process of that id runs; where the system does not tell, it is taken to run."""
    if os.name == "nt":
        kernel = ctypes.windll.kernel32  # pyright: ignore[reportAttributeAccessIssue]
        kernel.OpenProcess.restype = ctypes.c_void_p
        handle = kernel.OpenProcess(_SYNCHRONIZE, False, process)  # noqa: FBT003 - the system's own signature
        if not handle:
            return kernel.GetLastError() != _NO_SUCH_PROCESS
        ended = kernel.WaitForSingleObject(ctypes.c_void_p(handle), 0) == 0
        kernel.CloseHandle(ctypes.c_void_p(handle))
        return not ended
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return False
    except OSError:
        return True
    return True


def _wait(parent: int) -> None:
    while os.getppid() == parent:
        time.sleep(_PAUSE)
    os._exit(1)


def _wait_on_windows(parent: int) -> None:
    kernel = ctypes.windll.kernel32  # pyright: ignore[reportAttributeAccessIssue]
    kernel.OpenProcess.restype = ctypes.c_void_p
    handle = kernel.OpenProcess(_SYNCHRONIZE, False, parent)  # noqa: FBT003 - the system's own signature
    if handle:
        kernel.WaitForSingleObject(ctypes.c_void_p(handle), _FOREVER)
    os._exit(1)
