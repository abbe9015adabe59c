"""Small pickles that take all memory, never end, or crash an unpickler; each must end in one sentence, quickly."""

from __future__ import annotations

import os
import struct
import subprocess
import sys

import numpy as np
import pytest
import scipy.sparse
from conftest import REPOSITORY
from flame_pickle import Python2Pickler

from seif_core.errors import ModelError
from seif_core.headmodel.restricted_unpickler import read_array_pickle


def long_put() -> bytes:
    """An entry of the memo numbered 2**31 - 1, for which a table of 32 GB would be made."""
    return b"\x80\x02}r\xff\xff\xff\x7f."


def shared_keys() -> bytes:
    """A dictionary's key of tuples that share their parts: its hash takes 2**60 steps."""
    return b"\x80\x02}K\x01" + b"2\x86" * 60 + b"K\x01s."


def deep_key() -> bytes:
    """A key of a million nested tuples, whose hash overflows the stack."""
    return b"\x80\x02}K\x01" + b"\x85" * 900_000 + b"K\x01s."


def many_lists() -> bytes:
    """Nothing but empty lists, of 64 bytes each for one in the file."""
    return b"\x80\x02(" + b"]" * 1_500_000 + b"l."


def huge_bytes() -> bytes:
    """A byte array that declares 64 GB."""
    return b"\x80\x05\x96" + struct.pack("<Q", 1 << 36) + b"abc."


def shared_indices() -> bytes:
    """A sparse matrix whose indices are lists of lists that share their parts."""
    nested = b"]K\x01a"
    for _ in range(40):
        nested = b"(" + nested + b"2l"
    return (
        b"\x80\x02}U\x01acscipy.sparse.csc\ncsc_matrix\n)\x81}(U\x06_shapeK\x02K\x02\x86U\x07indices" + nested + b"ubs."
    )


def wide_pointers() -> bytes:
    """A sparse matrix whose first pointer is far below zero, so that its columns would be repeated 1e10 times."""
    matrix = scipy.sparse.csc_matrix(np.eye(2))
    matrix.indptr = np.array([-(10**10), 1, 2], np.int64)
    return Python2Pickler().dumps({"a": matrix})


def one_array_many_times() -> bytes:
    """A megabyte of bytes that two thousand arrays share."""
    one = Python2Pickler()._array(np.zeros(1 << 17))
    raw = b"T" + struct.pack("<i", 1 << 20) + bytes(1 << 20)
    assert raw in one
    arrays = one.replace(raw, raw + b"q\x01") + b"".join(
        b"U\x04%04d" % n + one.replace(raw, b"h\x01") for n in range(2000)
    )
    return b"\x80\x02}(U\x01a" + arrays + b"u."


READ: str = """
import resource, sys
resource.setrlimit(resource.RLIMIT_AS, (3 << 30, 3 << 30))
from pathlib import Path
from seif_core.errors import ModelError
from seif_core.headmodel.restricted_unpickler import read_array_pickle
try:
    read_array_pickle(Path(sys.argv[1]))
except ModelError as error:
    print(error)
"""
"""Run in a process of its own, whose memory is limited: a crash or a hang is an answer there."""


@pytest.mark.parametrize(
    "bomb",
    [long_put, shared_keys, deep_key, many_lists, huge_bytes, shared_indices, wide_pointers, one_array_many_times],
)
def test_a_small_pickle_takes_little_memory_and_time(tmp_path, bomb):
    path = tmp_path / "m.pkl"
    path.write_bytes(bomb())
    done = subprocess.run(
        [sys.executable, "-c", READ, str(path)], cwd=REPOSITORY, capture_output=True, text=True, timeout=60, check=False
    )
    assert done.returncode == 0, done.stderr
    assert "m.pkl" in done.stdout or bomb is long_put  # whose number is just a number here


INTERRUPTED: str = """
import signal, sys, threading, traceback
from pathlib import Path
from seif_core.headmodel.restricted_unpickler import read_array_pickle
signal.signal(signal.SIGINT, signal.default_int_handler)  # a shell's background jobs inherit that it is ignored
threading.Timer(0.05, signal.raise_signal, (signal.SIGINT,)).start()
try:
    read_array_pickle(Path(sys.argv[1]))
except KeyboardInterrupt as stopped:
    print(*(frame.name for frame in traceback.extract_tb(stopped.__traceback__)))
"""


def test_ctrl_c_is_heard_inside_the_loop_over_a_long_pickle(tmp_path):
    path = tmp_path / "m.pkl"
    path.write_bytes(b"\x80\x02" + b"N0" * 249_000 + b"}.")  # None and away with it: about as many steps as may be
    command = [sys.executable, "-c", INTERRUPTED, str(path)]
    done = subprocess.run(command, cwd=REPOSITORY, capture_output=True, text=True, timeout=120, check=False)
    assert "load" in done.stdout.split(), done.stderr


def test_colliding_numbers_are_no_keys(tmp_path):
    path = tmp_path / "m.pkl"
    path.write_bytes(b"\x80\x02}\x8a\x09" + (2**64 - 1).to_bytes(9, "little") + b"K\x01s.")
    with pytest.raises(ModelError, match="keys"):
        read_array_pickle(path)


def test_neither_pipes_nor_devices_are_read(tmp_path):
    os.mkfifo(tmp_path / "m.pkl")
    with pytest.raises(ModelError):
        read_array_pickle(tmp_path / "m.pkl")
