"""Photo files to pixels: formats, orientation, focal length, and every way a file can be bad."""

from __future__ import annotations

import io
import struct
import sys
import zlib
from pathlib import Path

import numpy as np
import pytest
import skimage.data
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image, ImageCms

from seif_core.errors import PhotoNotFoundError, PhotoUnreadableError, PhotoUnsuitableError
from seif_core.portrait.decode import decode_photo
from seif_core.portrait.exif import focal_pixels


def gradient(width=48, height=32):
    """An image whose corners differ: red grows to the right, green downwards."""
    x, y = np.meshgrid(np.linspace(20, 230, width), np.linspace(20, 230, height))
    return np.stack([x, y, np.full_like(x, 90)], axis=-1).astype(np.uint8)


def saved(folder, image, name, **options):
    path = folder / name
    image.save(path, **options)
    return path


def close(a, b, tolerance=3.0):
    return np.abs(a.astype(float) - b.astype(float)).mean() < tolerance


@pytest.mark.parametrize("orientation", range(1, 9))
def test_every_exif_orientation_comes_out_upright(tmp_path, orientation):
    upright = gradient()
    undo = {1: None, 2: 0, 3: 3, 4: 1, 5: 5, 6: 2, 7: 6, 8: 4}[orientation]  # Pillow's transpose that stores it so
    stored = Image.fromarray(upright)
    if undo is not None:
        stored = stored.transpose(Image.Transpose(undo))
    exif = Image.Exif()
    exif[0x0112] = orientation
    photo = decode_photo(saved(tmp_path, stored, "a.png", exif=exif))
    assert photo.pixels.shape == upright.shape
    assert close(photo.pixels, upright, 0.5)


@pytest.mark.parametrize("name", ["a.webp", "a.avif", "a.tiff", "a.bmp", "a.jp2", "a.jpg", "a.ppm", "a.gif"])
def test_common_formats_keep_their_colours(tmp_path, name):
    photo = decode_photo(saved(tmp_path, Image.fromarray(gradient()), name))
    assert close(photo.pixels, gradient(), 6.0)


def test_transparent_pixels_become_white_and_half_transparent_ones_lighter(tmp_path):
    rgba = np.dstack([np.full((32, 48, 3), 100, np.uint8), np.full((32, 48), 255, np.uint8)])
    rgba[:8, :, 3] = 0
    rgba[8:16, :, 3] = 128
    pixels = decode_photo(saved(tmp_path, Image.fromarray(rgba), "a.png")).pixels
    assert (pixels[:8] == 255).all()
    assert np.abs(pixels[8:16].astype(int) - 177).max() <= 1
    assert (pixels[16:] == 100).all()


def test_palette_with_a_transparent_colour_is_composited(tmp_path):
    image = Image.fromarray(gradient()).quantize(8)
    pixels = decode_photo(saved(tmp_path, image, "a.png", transparency=0)).pixels
    first = np.asarray(image) == 0
    assert first.any()
    assert (pixels[first] == 255).all()


@pytest.mark.parametrize("mode", ["L", "LA", "1", "P", "CMYK", "YCbCr", "LAB"])
def test_colour_modes_come_out_as_rgb(tmp_path, mode):
    image = Image.fromarray(gradient())
    if mode == "LAB":
        image = ImageCms.profileToProfile(
            image, ImageCms.createProfile("sRGB"), ImageCms.createProfile("LAB"), outputMode="LAB"
        )
    else:
        image = image.convert(mode)
    name = "a.tiff" if mode in {"CMYK", "YCbCr", "LAB"} else "a.png"
    pixels = decode_photo(saved(tmp_path, image, name)).pixels
    expected = gradient() if mode in {"CMYK", "YCbCr", "LAB"} else np.asarray(image.convert("RGB"))
    assert close(pixels, expected, 12.0)


def test_adobe_cmyk_jpeg_is_not_inverted(tmp_path):
    photo = decode_photo(saved(tmp_path, Image.fromarray(gradient()).convert("CMYK"), "a.jpg", quality=95))
    assert close(photo.pixels, gradient(), 8.0)


def test_sixteen_bit_grey_keeps_its_range(tmp_path):
    values = np.linspace(0, 65535, 48 * 32).reshape(32, 48).astype(np.uint16)
    for name in ("a.png", "a.tiff"):
        pixels = decode_photo(saved(tmp_path, Image.fromarray(values), name)).pixels
        assert np.abs(pixels[..., 0].astype(float) - values / 257.0).max() <= 1.0


def test_sixteen_bit_colour_keeps_its_range(tmp_path):
    """Pillow cannot write it, so the PNG is put together by hand."""
    values = gradient().astype(np.uint16) * 257
    rows = b"".join(b"\0" + row.astype(">u2").tobytes() for row in values)

    def chunk(kind, data):
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    header = struct.pack(">IIBBBBB", 48, 32, 16, 2, 0, 0, 0)
    path = tmp_path / "a.png"
    path.write_bytes(
        b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", zlib.compress(rows)) + chunk(b"IEND", b"")
    )
    assert close(decode_photo(path).pixels, gradient(), 1.0)


def test_float_tiff_from_0_to_1_keeps_its_range(tmp_path):
    values = np.linspace(0, 1, 48 * 32, dtype=np.float32).reshape(32, 48)
    pixels = decode_photo(saved(tmp_path, Image.fromarray(values), "a.tiff")).pixels
    assert np.abs(pixels[..., 0] / 255.0 - values).max() < 0.01


def test_embedded_profile_is_converted_to_srgb(tmp_path):
    """A profile whose only difference is linear light: mid grey 55 becomes sRGB 128."""
    linear = _linear_profile()
    image = Image.new("RGB", (32, 32), (55, 55, 55))
    pixels = decode_photo(saved(tmp_path, image, "a.png", icc_profile=linear)).pixels
    assert abs(int(pixels[0, 0, 0]) - 128) <= 3


def test_broken_profile_is_ignored(tmp_path):
    photo = decode_photo(saved(tmp_path, Image.fromarray(gradient()), "a.png", icc_profile=b"nonsense"))
    assert close(photo.pixels, gradient(), 0.5)


def test_animation_gives_its_first_frame(tmp_path):
    frames = [Image.new("RGB", (32, 32), c) for c in ("red", "blue")]
    frames[0].save(tmp_path / "a.gif", save_all=True, append_images=frames[1:])
    assert decode_photo(tmp_path / "a.gif").pixels[0, 0].tolist() == [255, 0, 0]


def test_large_jpeg_is_scaled_down_and_its_focal_length_with_it(tmp_path):
    exif = Image.Exif()
    exif.get_ifd(0x8769)[0xA405] = 50
    photo = decode_photo(saved(tmp_path, Image.new("L", (3000, 2000), 80), "a.jpg", exif=exif), maximum_megapixels=1.0)
    height, width = photo.pixels.shape[:2]
    assert 0.8e6 < height * width <= 1e6
    assert photo.focal_px == pytest.approx(50 / 43.2666 * np.hypot(width, height), rel=2e-3)


def test_name_and_checksum_are_those_of_the_file(tmp_path):
    path = saved(tmp_path, Image.fromarray(gradient()), "Größe.png")
    import hashlib

    photo = decode_photo(path)
    assert photo.name == "Größe.png"
    assert photo.sha256 == hashlib.sha256(path.read_bytes()).hexdigest()


def test_missing_file_and_folder_are_named(tmp_path):
    with pytest.raises(PhotoNotFoundError, match="There is no file"):
        decode_photo(tmp_path / "none.jpg")
    with pytest.raises(PhotoNotFoundError, match="is a folder"):
        decode_photo(tmp_path)


def test_empty_file_says_so(tmp_path):
    (tmp_path / "a.jpg").touch()
    with pytest.raises(PhotoUnreadableError, match="is empty"):
        decode_photo(tmp_path / "a.jpg")


@pytest.mark.parametrize("content", [b"hello", b"\x89PNG\r\n\x1a\n", b"%PDF-1.4", b"<svg></svg>", bytes(5000)])
def test_what_is_no_picture_says_so(tmp_path, content):
    (tmp_path / "a.png").write_bytes(content)
    with pytest.raises(PhotoUnreadableError):
        decode_photo(tmp_path / "a.png")


@pytest.mark.parametrize("name", ["a.jpg", "a.png", "a.webp", "a.tiff", "a.gif"])
def test_truncated_file_is_refused(tmp_path, name):
    noise = np.random.default_rng(0).integers(0, 255, (128, 128, 3), dtype=np.uint8)
    path = saved(tmp_path, Image.fromarray(noise), name)
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])
    with pytest.raises(PhotoUnreadableError):
        decode_photo(path)


@pytest.mark.parametrize("progressive", [False, True])
@pytest.mark.parametrize("missing", [1, 2, 12])
def test_a_jpeg_that_lacks_only_its_end_is_read_and_the_user_told(tmp_path, missing, progressive):
    stream = io.BytesIO()
    Image.fromarray(skimage.data.astronaut()).save(stream, "JPEG", progressive=progressive)
    for name, content in (("whole.jpg", stream.getvalue()), ("a.jpg", stream.getvalue()[:-missing])):
        (tmp_path / name).write_bytes(content)
    photo, whole = decode_photo(tmp_path / "a.jpg"), decode_photo(tmp_path / "whole.jpg")
    assert (photo.pixels != whole.pixels).any(axis=2).mean() < 0.01
    assert missing > 2 or np.array_equal(photo.pixels, whole.pixels)
    assert [w for w in photo.warnings if "end of a.jpg is missing" in w]
    assert not whole.warnings


@given(data=st.data())
def test_damaged_files_never_raise_anything_else(tmp_path_factory, data):
    """Bytes of real files overwritten at random: a picture or a typed error."""
    name = data.draw(st.sampled_from(["JPEG", "PNG", "WEBP", "TIFF", "GIF", "BMP"]))
    stream = io.BytesIO()
    Image.fromarray(gradient()).save(stream, name)
    content = bytearray(stream.getvalue())
    for _ in range(data.draw(st.integers(1, 6))):
        content[data.draw(st.integers(0, len(content) - 1))] = data.draw(st.integers(0, 255))
    path = tmp_path_factory.mktemp("damaged") / "a"
    path.write_bytes(bytes(content))
    try:
        photo = decode_photo(path)
    except (PhotoUnreadableError, PhotoUnsuitableError):
        return
    assert photo.pixels.dtype == np.uint8


def test_tiny_picture_is_refused(tmp_path):
    with pytest.raises(PhotoUnsuitableError, match="1 x 1 pixels"):
        decode_photo(saved(tmp_path, Image.new("RGB", (1, 1)), "a.png"))


@pytest.mark.parametrize("side", [11_000, 20_000])
def test_enormous_png_is_refused_without_decoding_it(tmp_path, side):
    path = saved(tmp_path, Image.new("RGB", (32, 32)), "a.png")
    data = bytearray(path.read_bytes())
    data[16:24] = struct.pack(">II", side, side)
    data[29:33] = struct.pack(">I", zlib.crc32(data[12:29]))
    path.write_bytes(data)
    with pytest.raises(PhotoUnsuitableError, match="decode safely"):
        decode_photo(path)


def test_enormous_jpeg_is_refused(tmp_path):
    path = saved(tmp_path, Image.new("RGB", (32, 32)), "a.jpg")
    data = bytearray(path.read_bytes())
    start = data.index(b"\xff\xc0")
    data[start + 5 : start + 9] = struct.pack(">HH", 20_000, 20_000)
    path.write_bytes(data)
    with pytest.raises(PhotoUnsuitableError, match="too many to decode safely"):
        decode_photo(path)


def test_heic_without_its_library_names_the_library(tmp_path, monkeypatch):
    monkeypatch.setitem(sys.modules, "pillow_heif", None)
    monkeypatch.setattr(Image, "OPEN", {k: v for k, v in Image.OPEN.items() if k != "HEIF"})
    (tmp_path / "a.heic").write_bytes(b"\0\0\0\x18ftypheic\0\0\0\0mif1heic" + bytes(100))
    with pytest.raises(PhotoUnreadableError, match="pillow-heif"):
        decode_photo(tmp_path / "a.heic")


def test_heic_is_read_upright_where_its_library_is_installed(tmp_path):
    heif = pytest.importorskip("pillow_heif")
    heif.register_heif_opener()
    exif = exif_with(film=50)
    path = saved(tmp_path, Image.fromarray(gradient(96, 64)), "a.heic", quality=95, exif=exif)
    photo = decode_photo(path)
    assert close(photo.pixels, gradient(96, 64), 6.0)
    assert photo.focal_px == pytest.approx(50 / 43.2666 * np.hypot(96, 64), rel=1e-3)
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])
    with pytest.raises(PhotoUnreadableError):
        decode_photo(path)


def exif_with(**tags):
    numbers = {"focal": 0x920A, "film": 0xA405, "density": 0xA20E, "unit": 0xA210, "width": 0xA002, "height": 0xA003}
    exif = Image.Exif()
    for name, value in tags.items():
        exif.get_ifd(0x8769)[numbers[name]] = value
    return exif


def test_focal_length_from_the_35mm_equivalent():
    assert focal_pixels(exif_with(film=50), 6000, 4000) == pytest.approx(50 / 43.2666 * 7211.1, rel=1e-4)


def test_focal_length_from_the_sensor_resolution_in_inches_and_centimetres():
    tags = {"focal": 50.0, "width": 6000, "height": 4000}
    assert focal_pixels(exif_with(**tags, density=6000 / 36 * 25.4, unit=2), 3000, 2000) == pytest.approx(4166.7, 1e-4)
    assert focal_pixels(exif_with(**tags, density=6000 / 36 * 10, unit=3), 6000, 4000) == pytest.approx(8333.3, 1e-4)


@pytest.mark.parametrize(
    "tags",
    [{}, {"focal": 50.0}, {"film": 0}, {"film": 50, "width": 6000, "height": 4000}, {"film": 60000},
     {"focal": float("nan"), "density": 100.0}],
)  # fmt: skip
def test_focal_length_is_none_where_exif_does_not_tell_or_the_photo_was_cropped(tags):
    assert focal_pixels(exif_with(**tags), 4000, 4000) is None


def test_focal_length_survives_rotation(tmp_path):
    exif = exif_with(film=50)
    exif[0x0112] = 6
    photo = decode_photo(saved(tmp_path, Image.fromarray(gradient()), "a.jpg", exif=exif))
    assert photo.pixels.shape == (48, 32, 3)
    assert photo.focal_px == pytest.approx(50 / 43.2666 * np.hypot(48, 32), rel=1e-3)


def _linear_profile() -> bytes:
    """sRGB's primaries with linear tone curves: Pillow's own sRGB profile with its curves replaced."""
    data = bytearray(ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes())
    count = struct.unpack(">I", data[128:132])[0]
    for k in range(count):
        name, offset, size = struct.unpack(">4sII", data[132 + 12 * k : 144 + 12 * k])
        if name in {b"rTRC", b"gTRC", b"bTRC"}:
            curve = b"curv" + bytes(8)  # no entries: the identity
            data[offset : offset + size] = curve + bytes(size - len(curve))
    return bytes(data)


def test_reading_leaves_pillows_limits_alone(tmp_path):
    before = Image.MAX_IMAGE_PIXELS
    decode_photo(saved(tmp_path, Image.fromarray(gradient()), "a.png"))
    assert before == Image.MAX_IMAGE_PIXELS
    assert isinstance(tmp_path, Path)


def test_a_path_that_the_system_refuses_to_look_at_ends_in_a_sentence(tmp_path):
    with pytest.raises(PhotoUnreadableError, match="cannot be opened"):
        decode_photo(tmp_path / ("x" * 300 + ".jpg"))
