"""Photo files that are dangerous or damaged: bounded, typed, nothing started."""

from __future__ import annotations

import os
import struct
import subprocess
import sys

import numpy as np
import pytest
from conftest import REPOSITORY
from photo_files import encoded, exif_of, gradient, tiff, write

from seif_core.errors import PhotoNotFoundError, PhotoUnreadableError, PhotoUnsuitableError
from seif_core.portrait import decode
from seif_core.portrait.decode import decode_photo
from seif_core.portrait.photo_file import read_photo_file

pillow_heif = pytest.importorskip("pillow_heif")
pillow_heif.register_heif_opener()


# --- dangerous files


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="no pipes with a name here")
def test_pipes_and_devices_are_refused_without_waiting_for_them(tmp_path):
    os.mkfifo(tmp_path / "a.jpg")
    with pytest.raises(PhotoUnreadableError, match="pipe or a device"):
        decode_photo(tmp_path / "a.jpg")
    code = ("import pathlib; from seif_core.portrait.decode import decode_photo\n"
            "try: decode_photo(pathlib.Path('/dev/zero'))\nexcept Exception as e: print(type(e).__name__)")  # fmt: skip
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=60, cwd=REPOSITORY,
                          check=False)  # fmt: skip
    assert done.stdout.strip() == "PhotoUnreadableError"


def test_names_that_no_file_can_have_end_in_a_sentence(tmp_path):
    with pytest.raises(PhotoNotFoundError, match="no possible file name"):
        decode_photo(tmp_path / "a\0b.jpg")
    with pytest.raises(PhotoUnreadableError):
        decode_photo(tmp_path / ("a/" * 3000 + "b.jpg"))


def test_a_name_that_is_not_utf8_becomes_printable(tmp_path):
    path = tmp_path / os.fsdecode(b"caf\xe9.png")
    try:
        path.write_bytes(encoded(gradient(), "PNG"))
    except (OSError, UnicodeError):
        pytest.skip("this file system takes no such name")
    photo = decode_photo(path)
    assert photo.name.encode("utf-8").decode() == "caf\N{REPLACEMENT CHARACTER}.png"
    path.write_bytes(b"no picture")
    with pytest.raises(PhotoUnreadableError) as caught:
        decode_photo(path)
    assert str(caught.value).encode("utf-8")


def test_a_file_larger_than_any_photo_is_not_read_into_memory(tmp_path):
    with (tmp_path / "a.jpg").open("wb") as stream:
        stream.truncate(2_000_000)
    with pytest.raises(PhotoUnsuitableError, match="more than 1 MB"):
        read_photo_file(tmp_path / "a.jpg", limit=1_000_000)


@pytest.mark.parametrize("kind", ["HEIF", "AVIF", "WEBP", "GIF", "BMP", "JPEG2000"])
def test_every_format_is_refused_by_the_size_it_declares_without_taking_the_memory(tmp_path, kind):
    data = bytearray(encoded(gradient(), kind))
    huge = 16_000
    if kind in {"HEIF", "AVIF"}:
        at = data.index(b"ispe") + 8
        data[at : at + 8] = struct.pack(">II", huge, huge)
    elif kind == "GIF":
        data[6:10] = struct.pack("<HH", huge, huge)
    elif kind == "BMP":
        data[18:26] = struct.pack("<ii", huge, huge)
    elif kind == "JPEG2000":
        at = data.index(b"ihdr") + 4
        data[at : at + 8] = struct.pack(">II", huge, huge)
        at = data.index(b"\xff\x51") + 6
        data[at : at + 8] = struct.pack(">II", huge, huge)
    else:
        at = data.index(b"\x9d\x01\x2a") + 3
        data[at : at + 4] = struct.pack("<HH", huge, huge)
    code = (
        "import pathlib, resource, sys; from seif_core.portrait.decode import decode_photo\n"
        "resource.setrlimit(resource.RLIMIT_AS, (1_500_000_000, 1_500_000_000))\n"
        "try: decode_photo(pathlib.Path(sys.argv[1])); print('read')\n"
        "except Exception as e: print(type(e).__name__)"
    )
    if sys.platform != "linux":
        pytest.skip("the bound of memory is Linux's")
    path = str(write(tmp_path, bytes(data)))
    done = subprocess.run([sys.executable, "-c", code, path], capture_output=True, text=True, timeout=60,
                          cwd=REPOSITORY, check=False)  # fmt: skip
    assert done.stdout.strip() in {"PhotoUnsuitableError", "PhotoUnreadableError"}, done.stderr


@pytest.mark.parametrize("kind", ["u2", "f4"])
def test_a_tiff_is_refused_by_the_size_it_declares(tmp_path, kind):
    data = bytearray(tiff(np.zeros((32, 32, 3), kind), planar=True, fmt=3 if kind == "f4" else 1))
    for tag in (256, 257):
        at = data.index(struct.pack("<HHI", tag, 4, 1)) + 8
        data[at : at + 4] = struct.pack("<I", 60_000)
    with pytest.raises(PhotoUnsuitableError, match="too many to decode safely"):
        decode_photo(write(tmp_path, bytes(data)))


def test_a_tiff_is_refused_by_the_tile_it_declares(tmp_path):
    data = bytearray(encoded(gradient(), "TIFF"))
    for tag, becomes in ((296, 322), (282, 323)):
        data = data.replace(struct.pack("<HH", tag, 3), struct.pack("<HH", becomes, 3))
    at = struct.unpack_from("<I", data, 4)[0]
    count = struct.unpack_from("<H", data, at)[0]
    entries = bytes(data[at + 2 : at + 2 + 12 * count])
    entries += struct.pack("<HHII", 322, 4, 1, 65520) + struct.pack("<HHII", 323, 4, 1, 65520)
    data[4:8] = struct.pack("<I", len(data))
    data += struct.pack("<H", count + 2) + entries + bytes(4)
    with pytest.raises(PhotoUnsuitableError, match="too many to decode safely"):
        decode_photo(write(tmp_path, bytes(data)))


def test_a_progressive_jpeg_of_a_thousand_scans_is_refused(tmp_path):
    data = encoded(gradient(), "JPEG", progressive=True)
    scan = data[data.rindex(b"\xff\xda") : -2]
    with pytest.raises(PhotoUnsuitableError, match="too many scans"):
        decode_photo(write(tmp_path, data[:-2] + scan * 1000 + data[-2:]))


def test_a_postscript_file_named_jpg_starts_no_other_program(tmp_path, monkeypatch):
    monkeypatch.setattr(subprocess, "check_call", lambda *_, **__: pytest.fail("a program was started"))
    monkeypatch.setattr(subprocess, "Popen", lambda *_, **__: pytest.fail("a program was started"))
    eps = b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 100 100\n%%EndComments\n100 100 moveto\nshowpage\n%%EOF\n"
    with pytest.raises(PhotoUnreadableError):
        decode_photo(write(tmp_path, eps, "a.jpg"))
    assert not {"EPS", "PDF", "WMF", "PSD"} & set(decode.FORMATS)


# --- damaged files


@pytest.mark.parametrize("kind", ["AVIF", "HEIF"])
def test_damaged_avif_and_heic_end_in_a_typed_error(tmp_path, kind):
    noise = np.random.default_rng(0).integers(0, 255, (64, 64, 3), dtype=np.uint8)
    good = encoded(noise, kind, exif=exif_of())
    random = np.random.default_rng(1)
    refused = 0
    for _ in range(150):
        bad = bytearray(good)
        for _ in range(random.integers(1, 10)):
            bad[int(random.integers(0, min(len(bad), 600)))] = random.integers(0, 256)
        try:
            decode_photo(write(tmp_path, bytes(bad)))
        except (PhotoUnreadableError, PhotoUnsuitableError):
            refused += 1
    assert refused > 30


def test_an_error_that_only_avifs_decoder_raises_is_typed_too(tmp_path):
    good = encoded(gradient(), "AVIF")
    start = good.index(b"mdat") + 4
    with pytest.raises(PhotoUnreadableError, match="damaged"):
        decode_photo(write(tmp_path, good[:start] + bytes(len(good) - start)))
