"""What a process keeps from one photo to the next: networks and tables of the head model, nothing of the photos."""

from __future__ import annotations

import ctypes
import gc
import subprocess
import sys
import weakref

import pytest
import skimage.data
from conftest import REPOSITORY
from fake_stages import fake_stages
from PIL import Image

from seif_core import pipeline
from seif_core.pipeline import ReconstructionSettings, reconstruct

SIZES = (512, 496, 480, 464)
_LEAST = 1 << 20
"""Bytes: what a photo of 460 pixels a side keeps, if it is kept, is its pixels (0.6 MB), mask, maps, texture."""


@pytest.fixture
def photos(tmp_path):
    """The same face in pictures of four sizes, so that nothing of one serves the next."""
    face = Image.fromarray(skimage.data.astronaut())
    found = []
    for size in SIZES:
        found.append(tmp_path / f"{size}.png")
        face.resize((size, size)).save(found[-1])
    return found


class _Mallinfo(ctypes.Structure):
    """What glibc's ``mallinfo2`` returns (malloc.h)."""

    _fields_ = [
        (name, ctypes.c_size_t)
        for name in ["arena", "ordblks", "smblks", "hblks", "hblkhd", "usmblks", "fsmblks", "used", "free", "cost"]
    ]


def bytes_in_use() -> int:
    """Bytes that the C library gave out, to NumPy and torch too, and did not get back."""
    gc.collect()
    info = ctypes.CDLL(None).mallinfo2
    info.restype = _Mallinfo
    told = info()
    return told.used + told.hblkhd


@pytest.mark.skipif(sys.platform != "linux" or not hasattr(ctypes.CDLL(None), "mallinfo2"), reason="asks glibc")
def test_memory_is_flat_after_the_third_photo(photos):
    settings, kept = ReconstructionSettings(quality="fast", texture_size=256), []
    for photo in photos:
        reconstruct(photo, settings)
        kept.append(bytes_in_use())
    assert kept[3] - kept[2] < _LEAST


def test_nothing_of_a_photo_outlives_its_result(tmp_path):
    photo = tmp_path / "a.png"
    photo.write_bytes(b"a photo")
    done = reconstruct(photo, ReconstructionSettings(texture_size=64), stages=fake_stages())
    parts = (done.portrait, done.fit, done.surface, done.uniform, done.head, done)
    alive = [weakref.ref(part) for part in parts]
    del done, parts
    gc.collect()
    assert [type(ref()).__name__ for ref in alive if ref() is not None] == []


def test_what_a_stage_has_freed_is_given_back_before_the_next_takes_its_memory(tmp_path, monkeypatch):
    given = []
    monkeypatch.setattr(pipeline, "return_memory", lambda: given.append("pipeline"))
    monkeypatch.setattr("seif_core.shaping.return_memory", lambda: given.append("shaping"))
    photo = tmp_path / "a.png"
    photo.write_bytes(b"a photo")
    reconstruct(photo, ReconstructionSettings(texture_size=64), stages=fake_stages())
    assert given == ["shaping", "pipeline", "pipeline", "pipeline"]


_FREES_ARRAYS = """
from pathlib import Path
import numpy as np
from seif_core.device import return_large_arrays_at_once

def held():
    lines = Path("/proc/self/status").read_text().splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith("VmRSS")) / 1024

{call}
np.ones(30 << 20, np.uint8)  # by itself the library now keeps what is smaller
large, small = [], []
for _ in range(10):
    large.append(np.ones(14 << 20, np.uint8))
    small.append(np.ones(50_000, np.uint8))
before = held()
del large
between = held()
much = [np.ones(5 << 20, np.uint8) for _ in range(2)]
full = held()
del much
print(before - between, full - held())
"""


@pytest.mark.skipif(sys.platform != "linux" or not hasattr(ctypes.CDLL(None), "mallopt"), reason="asks glibc")
@pytest.mark.parametrize(("call", "back"), [("return_large_arrays_at_once()", True), ("", False)])
def test_large_arrays_go_back_as_soon_as_they_are_freed_and_small_ones_stay(call: str, back: bool):
    command = [sys.executable, "-c", _FREES_ARRAYS.format(call=call)]
    told = subprocess.run(command, capture_output=True, text=True, check=True, cwd=REPOSITORY)
    large, small = map(float, told.stdout.split())
    assert (large > 130) is back
    assert small < 4


def test_full_quality_asks_for_it_and_fast_quality_does_not(tmp_path, monkeypatch):
    asked = []
    monkeypatch.setattr(pipeline, "return_large_arrays_at_once", lambda: asked.append(1))
    photo = tmp_path / "a.png"
    photo.write_bytes(b"a photo")
    for quality, times in (("fast", 0), ("full", 1)):
        reconstruct(photo, ReconstructionSettings(texture_size=64, quality=quality), stages=fake_stages())
        assert len(asked) == times
