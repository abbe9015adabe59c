"""Small photo files of every kind, made for tests."""

from __future__ import annotations

import io
import struct

import numpy as np
import pytest
from PIL import Image, ImageDraw

pillow_heif = pytest.importorskip("pillow_heif")
pillow_heif.register_heif_opener()

FOCAL = 50 / 43.2666


def gradient(width=96, height=64):
    """An image whose corners differ: red grows to the right, green downwards."""
    x, y = np.meshgrid(np.linspace(20, 230, width), np.linspace(20, 230, height))
    return np.stack([x, y, np.full_like(x, 90)], axis=-1).astype(np.uint8)


def close(a, b, tolerance=4.0):
    return a.shape == b.shape and np.abs(a.astype(float) - b.astype(float)).mean() < tolerance


def exif_of(orientation=1, film=50, size=(96, 64)):
    exif = Image.Exif()
    exif[0x010F] = "Maker"
    exif[0x0112] = orientation
    tags = exif.get_ifd(0x8769)
    tags[0xA405] = film
    if size:
        tags[0xA002], tags[0xA003] = size
    return exif


def encoded(pixels, kind, **options):
    stream = io.BytesIO()
    Image.fromarray(pixels).save(stream, kind, **options)
    return stream.getvalue()


def write(folder, data, name="photo"):
    path = folder / name
    path.write_bytes(data)
    return path


def stored_for(orientation, upright):
    undo = {1: None, 2: 0, 3: 3, 4: 1, 5: 5, 6: 2, 7: 6, 8: 4}[orientation]
    image = Image.fromarray(upright)
    return np.asarray(image if undo is None else image.transpose(Image.Transpose(undo)))


def tiff(values, planar=False, fmt=1):
    """A little-endian TIFF without compression: (H, W, 3), plane by plane if planar."""
    height, width, channels = values.shape
    planes = [values[..., k] for k in range(3)] if planar else [values]
    bits = values.dtype.itemsize * 8
    body = b"".join(np.ascontiguousarray(p).tobytes() for p in planes)
    offsets = [8 + k * planes[0].nbytes for k in range(len(planes))]
    extra_at = 8 + len(body)
    extra, entries = b"", []
    for tag, kind, numbers in (
        (256, "I", [width]), (257, "I", [height]), (258, "H", [bits] * channels), (259, "H", [1]), (262, "H", [2]),
        (273, "I", offsets), (277, "H", [channels]), (278, "I", [height]), (279, "I", [p.nbytes for p in planes]),
        (284, "H", [2 if planar else 1]), (339, "H", [fmt] * channels),
    ):  # fmt: skip
        packed = struct.pack(f"<{len(numbers)}{kind}", *numbers)
        if len(packed) > 4:
            packed, extra = struct.pack("<I", extra_at + len(extra)), extra + packed
        entries.append(struct.pack("<HHI", tag, {"H": 3, "I": 4}[kind], len(numbers)) + packed.ljust(4, b"\0"))
    directory = struct.pack("<H", len(entries)) + b"".join(entries) + bytes(4)
    return b"II*\0" + struct.pack("<I", extra_at + len(extra)) + body + extra + directory


def cartoon(outline=(0, 0, 0)):
    """A flat drawing of a face, of the kind that face detectors take for one."""
    image = Image.new("RGB", (2048, 2048), (120, 180, 240))
    draw = ImageDraw.Draw(image)

    def ellipse(*box, **colours):
        draw.ellipse([4 * v for v in box], **colours)

    skin, line = (255, 220, 177), {"outline": outline, "width": 12}
    ellipse(120, 60, 392, 330, fill=(90, 50, 20))
    ellipse(140, 110, 372, 430, fill=skin, **line)
    for x in (205, 307):
        ellipse(x - 30, 225, x + 30, 265, fill=(255, 255, 255), **line)
        ellipse(x - 14, 231, x + 14, 259, fill=(60, 120, 60))
        ellipse(x - 6, 239, x + 6, 251, fill=(0, 0, 0))
        draw.arc([4 * (x - 38), 760, 4 * (x + 38), 960], 200, 340, fill=(60, 30, 10), width=24)
    draw.line([1024, 1000, 980, 1240, 1048, 1260], fill=(120, 70, 40), width=12)
    draw.chord([820, 1280, 1228, 1520], 10, 170, fill=(200, 60, 60), **line)
    return np.asarray(image.resize((512, 512), Image.Resampling.LANCZOS))
