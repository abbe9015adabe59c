"""Every kind of photo file that users bring: orientation, depth, colours, containers, raw files."""

from __future__ import annotations

import io
import struct
import zlib

import cv2
import numpy as np
import pytest
from photo_files import FOCAL, close, encoded, exif_of, gradient, stored_for, tiff, write
from PIL import Image, ImageCms
from PIL.PngImagePlugin import PngInfo

from seif_core.errors import PhotoUnreadableError, PhotoUnsuitableError
from seif_core.portrait.decode import decode_photo
from seif_core.portrait.isobmff import is_still, read_still

pillow_heif = pytest.importorskip("pillow_heif")
pillow_heif.register_heif_opener()


@pytest.mark.parametrize("orientation", [1, 3, 6, 8])
@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP", "TIFF", "HEIF", "AVIF"])
def test_orientation_and_focal_length_are_read_alike_from_every_format(tmp_path, kind, orientation):
    """The camera notes the size of what it stored; AVIF's writer turns EXIF's orientation into `irot`, HEIC's not."""
    upright = gradient()
    stored = stored_for(orientation, upright)
    size = stored.shape[1], stored.shape[0]
    quality = {"quality": 95} if kind in {"JPEG", "WEBP", "HEIF", "AVIF"} else {}
    exif = exif_of(orientation, size=size)
    exif = exif if kind == "HEIF" else exif.tobytes()
    photo = decode_photo(write(tmp_path, encoded(stored, kind, exif=exif, **quality)))
    assert close(photo.pixels, upright, 8.0)
    assert photo.focal_px == pytest.approx(FOCAL * np.hypot(96, 64), rel=1e-3)


@pytest.mark.parametrize("kind", ["HEIF", "AVIF"])
def test_irot_turns_once_though_the_exif_says_so_too(tmp_path, kind):
    upright = gradient()
    data = encoded(stored_for(6, upright), kind, exif=exif_of(6, size=(64, 96)).tobytes(), quality=95)
    assert read_still(data).turned
    photo = decode_photo(write(tmp_path, data))
    assert close(photo.pixels, upright, 8.0)
    assert photo.focal_px == pytest.approx(FOCAL * np.hypot(96, 64), rel=1e-3)


def test_heic_without_irot_is_turned_by_its_exif_unless_its_pixels_were_turned_already(tmp_path):
    upright = gradient()
    sideways = encoded(stored_for(6, upright), "HEIF", exif=exif_of(6, size=(64, 96)), quality=95)
    assert not read_still(sideways).turned
    assert close(decode_photo(write(tmp_path, sideways)).pixels, upright, 8.0)
    already = encoded(upright, "HEIF", exif=exif_of(6, size=(64, 96)), quality=95)
    assert close(decode_photo(write(tmp_path, already)).pixels, upright, 8.0)


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP", "HEIF", "AVIF"])
def test_damaged_exif_refuses_no_picture(tmp_path, kind):
    exif = exif_of()
    del exif[0x0112]
    whole = exif.tobytes()
    good = encoded(gradient(), kind, exif=whole)
    place = good.index(whole[6:])
    random = np.random.default_rng(3)
    for _ in range(25):
        bad = bytearray(good)
        for _ in range(random.integers(1, 12)):
            bad[place + int(random.integers(0, len(whole) - 6))] = random.integers(0, 256)
        assert decode_photo(write(tmp_path, bytes(bad))).pixels.shape in {(64, 96, 3), (96, 64, 3)}


def test_a_tiffs_damaged_exif_directory_refuses_no_picture(tmp_path):
    """A TIFF's own directory says where its pixels are: only what EXIF adds to it may be damaged."""
    data = bytearray(encoded(gradient(), "TIFF", exif=exif_of().tobytes()))
    at = data.index(struct.pack("<HHI", 0x8769, 4, 1)) + 8
    good = struct.unpack_from("<I", data, at)[0]
    for target in (len(data) - 3, 2**31, 5):
        data[at : at + 4] = struct.pack("<I", target)
        assert close(decode_photo(write(tmp_path, bytes(data))).pixels, gradient(), 0.5)
    data[at : at + 4] = struct.pack("<I", good)
    for kind in range(256):
        data[good + 4] = kind
        assert close(decode_photo(write(tmp_path, bytes(data))).pixels, gradient(), 0.5)


def test_metadata_larger_than_pillow_reads_refuse_no_png(tmp_path):
    info = PngInfo()
    info.add_text("workflow", "x" * 3_000_000, zip=True)
    photo = decode_photo(write(tmp_path, encoded(gradient(), "PNG", pnginfo=info)))
    assert close(photo.pixels, gradient(), 0.5)
    assert any("left out" in w for w in photo.warnings)


def chunk_of_png(kind: bytes, content: bytes) -> bytes:
    return struct.pack(">I", len(content)) + kind + content + struct.pack(">I", zlib.crc32(kind + content))


@pytest.mark.parametrize(
    ("kind", "content"),
    [
        (b"iCCP", b"large\0\0" + zlib.compress(bytes(3 << 20))),
        (b"iCCP", b"packed otherwise\0\x07abc"),
        (b"gAMA", b"\0"),
        (b"sRGB", b""),
    ],
)
def test_colours_that_a_png_tells_badly_refuse_no_picture(tmp_path, kind, content):
    data = encoded(gradient(), "PNG")
    photo = decode_photo(write(tmp_path, data[:33] + chunk_of_png(kind, content) + data[33:], "holiday.png"))
    assert close(photo.pixels, gradient(), 0.5)
    assert any("holiday.png is damaged and was left out" in w for w in photo.warnings)


# --- depth


@pytest.mark.parametrize("planar", [False, True])
@pytest.mark.parametrize("kind", ["u2", "f4"])
def test_deep_colour_tiff_keeps_its_colours(tmp_path, kind, planar):
    values = (gradient() * 257).astype("u2") if kind == "u2" else (gradient() / 255).astype("f4")
    photo = decode_photo(write(tmp_path, tiff(values, planar, 3 if kind == "f4" else 1)))
    assert close(photo.pixels, gradient(), 1.0)


def test_deep_colours_other_than_rgb_plane_by_plane_are_refused_and_not_noise(tmp_path):
    data = tiff((gradient() * 257).astype("u2"), planar=True)
    data = data.replace(struct.pack("<HHIH", 262, 3, 1, 2), struct.pack("<HHIH", 262, 3, 1, 5))
    with pytest.raises(PhotoUnreadableError, match="save it as RGB"):
        decode_photo(write(tmp_path, data))


def test_a_deep_tiffs_profile_is_converted_too(tmp_path):
    """The sRGB profile with its red and green exchanged: so are the colours, but for their white."""
    srgb = bytearray(ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes())
    red, green = srgb.index(b"rXYZ", 128), srgb.index(b"gXYZ", 128)
    srgb[red : red + 4], srgb[green : green + 4] = b"gXYZ", b"rXYZ"
    data = tiff((gradient() * 257).astype("u2"), planar=True)
    at = struct.unpack_from("<I", data, 4)[0]
    count = struct.unpack_from("<H", data, at)[0]
    entries = data[at + 2 : at + 2 + 12 * count] + struct.pack("<HHII", 34675, 7, len(srgb), len(data))
    start = len(data) + len(srgb)
    data = data[:4] + struct.pack("<I", start) + data[8:] + bytes(srgb)
    data += struct.pack("<H", count + 1) + entries + bytes(4)
    assert close(decode_photo(write(tmp_path, data)).pixels, gradient()[..., [1, 0, 2]], 6.0)


def test_fractions_brighter_than_white_are_clipped_and_do_not_darken_the_rest(tmp_path):
    values = (gradient() / 255).astype("f4")
    values[:4, :4] = 1.3
    photo = decode_photo(write(tmp_path, tiff(values, fmt=3)))
    assert close(photo.pixels[8:], gradient()[8:], 1.0)


def test_a_tiff_of_fractions_as_opencv_writes_it_is_read(tmp_path):
    path = tmp_path / "photo.tif"
    assert cv2.imwrite(str(path), (gradient() / 255).astype("f4")[..., ::-1])
    assert close(decode_photo(path).pixels, gradient(), 2.0)


def test_half_fractions_are_refused_by_what_they_are_not_with_advice_to_save_as_they_are(tmp_path):
    with pytest.raises(PhotoUnreadableError, match=r"16-bit fractions.*8 or 16 bits"):
        decode_photo(write(tmp_path, tiff((gradient() / 255).astype("f2"), fmt=3)))


@pytest.mark.parametrize("bits", [10, 12, 14])
@pytest.mark.parametrize("kind", ["PNG", "TIFF"])
def test_few_bits_in_sixteen_fill_the_range(tmp_path, bits, kind):
    grey = (gradient()[..., 0].astype(np.uint16) << (bits - 8)) + 1
    grey[0, 0] = 2**bits - 1
    photo = decode_photo(write(tmp_path, encoded(grey, kind)))
    assert close(photo.pixels[..., 0], gradient()[..., 0], 2.0)


def test_twelve_bit_colours_in_sixteen_fill_the_range(tmp_path):
    colours = gradient().astype(np.uint16) * 16
    colours[0, 0] = 4095
    done, png = cv2.imencode(".png", colours[..., ::-1])
    assert done
    for data in (png.tobytes(), tiff(colours)):
        assert close(decode_photo(write(tmp_path, data)).pixels, gradient(), 2.0)


def test_a_dark_picture_is_brightened_with_a_warning(tmp_path):
    photo = decode_photo(write(tmp_path, encoded(gradient() // 16, "PNG")))
    assert photo.pixels.max() > 220
    assert any("dark" in w for w in photo.warnings)
    assert decode_photo(write(tmp_path, encoded(gradient() // 2, "PNG"))).warnings == ()


# --- colours


def pq_of(srgb):
    """sRGB as PQ, white at 203 cd/m2 (ITU-R BT.2100 table 4, inverse EOTF)."""
    value = srgb / 255.0
    light = np.where(value <= 0.04045, value / 12.92, ((value + 0.055) / 1.055) ** 2.4) * 203 / 10_000
    power = light ** (2610 / 16384)
    return ((0.8359375 + 18.8515625 * power) / (1 + 18.6875 * power)) ** 78.84375


def hlg_of(srgb):
    """sRGB as HLG for a display of 1000 cd/m2, white at 203 (greys: BT.2100 table 5 with the inverse system gamma)."""
    value = srgb / 255.0
    light = np.where(value <= 0.04045, value / 12.92, ((value + 0.055) / 1.055) ** 2.4) * 203 / 1000
    scene = light ** (1 / 1.2)
    return np.where(scene <= 1 / 12, np.sqrt(3 * scene), 0.17883277 * np.log(np.maximum(12 * scene - 0.28466892, 1e-9))
                    + 0.55991073)  # fmt: skip


def grey_ramp():
    return np.repeat(np.tile(np.linspace(10, 200, 96), (64, 1))[..., None], 3, axis=2)


def with_chunk(png, kind, data):
    chunk = struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))
    return png[:33] + chunk + png[33:]


@pytest.mark.parametrize(("curve", "transfer"), [(pq_of, 16), (hlg_of, 18)])
@pytest.mark.parametrize("kind", ["PNG", "HEIF", "AVIF"])
def test_high_dynamic_range_comes_out_with_the_contrast_of_standard_range(tmp_path, kind, curve, transfer):
    values = np.round(curve(grey_ramp()) * 255).astype(np.uint8)
    if kind == "PNG":
        data = with_chunk(encoded(values, "PNG"), b"cICP", bytes([9, transfer, 0, 1]))
    elif kind == "HEIF":
        nclx = {"color_primaries": 9, "transfer_characteristics": transfer, "matrix_coefficients": 9,
                "full_range_flag": 1}  # fmt: skip
        data = encoded(values, "HEIF", quality=98, nclx_profile=nclx, **nclx)
    else:
        data = bytearray(encoded(values, "AVIF", quality=98))
        at = data.index(b"nclx") + 4
        data[at : at + 4] = struct.pack(">HH", 9, transfer)
    assert not is_still(bytes(data)) or read_still(bytes(data)).encoding == (9, transfer)
    photo = decode_photo(write(tmp_path, bytes(data)))
    # below the knee the same light; above it highlights are rolled off
    below = grey_ramp()[0, :, 0] < 180
    assert np.abs(photo.pixels[:, below].astype(float) - grey_ramp()[:, below]).mean() < 5
    assert np.abs(photo.pixels.astype(float) - grey_ramp()).max() < 24


def deep_png(values: np.ndarray) -> bytes:
    """A PNG of 16 bits a channel, which Pillow does not write."""
    height, width, _ = values.shape
    rows = b"".join(b"\0" + row.astype(">u2").tobytes() for row in values.reshape(height, -1))
    parts = [(b"IHDR", struct.pack(">IIBBBBB", width, height, 16, 2, 0, 0, 0)), (b"IDAT", zlib.compress(rows))]
    chunks = [
        struct.pack(">I", len(d)) + k + d + struct.pack(">I", zlib.crc32(k + d)) for k, d in [*parts, (b"IEND", b"")]
    ]
    return b"\x89PNG\r\n\x1a\n" + b"".join(chunks)


@pytest.mark.parametrize("bits", [8, 16])
def test_linear_light_that_a_png_tells_by_its_gamma_alone_is_not_taken_for_dark(tmp_path, bits):
    light = (grey_ramp() / 255) ** 2.2
    values = encoded((light * 255).round().astype(np.uint8), "PNG") if bits == 8 else deep_png((light * 65535).round())
    photo = decode_photo(write(tmp_path, with_chunk(values, b"gAMA", struct.pack(">I", 100_000))))
    assert np.abs(photo.pixels.astype(float) - grey_ramp())[:, 60:].mean() < 4


@pytest.mark.parametrize("gamma", [45_455, 50_000, 0, 1, 2**31])
def test_a_png_gamma_near_to_srgbs_or_without_sense_changes_nothing(tmp_path, gamma):
    data = with_chunk(encoded(grey_ramp().astype(np.uint8), "PNG"), b"gAMA", struct.pack(">I", gamma))
    np.testing.assert_array_equal(decode_photo(write(tmp_path, data)).pixels, grey_ramp().astype(np.uint8))


def test_a_png_gamma_beside_an_srgb_chunk_is_left_out(tmp_path):
    data = with_chunk(encoded(grey_ramp().astype(np.uint8), "PNG"), b"gAMA", struct.pack(">I", 100_000))
    data = with_chunk(data, b"sRGB", b"\0")
    np.testing.assert_array_equal(decode_photo(write(tmp_path, data)).pixels, grey_ramp().astype(np.uint8))


def test_high_dynamic_range_of_16_bits_comes_out_with_the_contrast_of_standard_range(tmp_path):
    data = with_chunk(deep_png(np.round(pq_of(grey_ramp()) * 65535)), b"cICP", bytes([9, 16, 0, 1]))
    photo = decode_photo(write(tmp_path, data))
    below = grey_ramp()[0, :, 0] < 180
    assert np.abs(photo.pixels[:, below].astype(float) - grey_ramp()[:, below]).mean() < 5


def grey_deep(values: np.ndarray, kind: str, **options) -> bytes:
    stream = io.BytesIO()
    Image.fromarray(np.round(values).astype(np.uint16)).save(stream, kind, **options)
    return stream.getvalue()


def test_a_grey_picture_in_pq_is_tone_mapped_too(tmp_path):
    data = with_chunk(grey_deep(pq_of(grey_ramp()[..., 0]) * 65535, "PNG"), b"cICP", bytes([9, 16, 0, 1]))
    photo = decode_photo(write(tmp_path, data))
    below = grey_ramp()[0, :, 0] < 180
    assert np.abs(photo.pixels[:, below].astype(float) - grey_ramp()[:, below]).mean() < 5


def test_narrow_range_is_widened(tmp_path):
    values = np.round(16 + pq_of(grey_ramp()) * 219).astype(np.uint8)
    photo = decode_photo(write(tmp_path, with_chunk(encoded(values, "PNG"), b"cICP", bytes([9, 16, 0, 0]))))
    below = grey_ramp()[0, :, 0] < 180
    assert np.abs(photo.pixels[:, below].astype(float) - grey_ramp()[:, below]).mean() < 5


def test_primaries_that_a_png_names_are_converted(tmp_path):
    png = encoded(np.full((32, 32, 3), (150, 100, 100), np.uint8), "PNG")
    prophoto = (34570, 35850, 73470, 26530, 15960, 84040, 3660, 10)
    png = with_chunk(with_chunk(png, b"cHRM", struct.pack(">8I", *prophoto)), b"gAMA", struct.pack(">I", 55556))
    red, green, _ = decode_photo(write(tmp_path, png)).pixels[0, 0].astype(int)
    plain = encoded(np.full((32, 32, 3), (150, 100, 100), np.uint8), "PNG")
    usual = (31270, 32900, 64000, 33000, 30000, 60000, 15000, 6000)
    plain = with_chunk(with_chunk(plain, b"cHRM", struct.pack(">8I", *usual)), b"gAMA", struct.pack(">I", 45455))
    assert red - green > 90  # the same numbers mean a stronger red
    assert (decode_photo(write(tmp_path, plain)).pixels[0, 0] == (150, 100, 100)).all()


@pytest.mark.parametrize("places", [[30000] * 8, [0] * 8, [2**32 - 1] * 8, [31270, 32900, 10, 10, 20, 20, 30, 30]])
def test_primaries_that_make_no_sense_do_not_cost_the_picture(tmp_path, places):
    png = encoded(np.full((32, 32, 3), (150, 100, 100), np.uint8), "PNG")
    png = with_chunk(with_chunk(png, b"cHRM", struct.pack(">8I", *places)), b"gAMA", struct.pack(">I", 45455))
    photo = decode_photo(write(tmp_path, png))
    assert (photo.pixels[0, 0] == (150, 100, 100)).all()
    assert photo.warnings == ()


@pytest.mark.parametrize("bits", [16, 12])
def test_a_deep_tiff_whose_zero_is_white_is_no_negative(tmp_path, bits):
    grey = gradient()[..., 0].astype(np.float64)
    data = grey_deep((255 - grey) / 255 * (2**bits - 1), "TIFF", tiffinfo={262: 0})
    assert close(decode_photo(write(tmp_path, data)).pixels[..., 0], gradient()[..., 0], 2.0)


def test_a_profile_that_only_names_pq_is_rolled_off_too(tmp_path):
    """ICC.1:2022's cicp tag: the profile's own tables cannot say what high dynamic range means."""
    srgb = bytearray(ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes())
    count = struct.unpack(">I", srgb[128:132])[0]
    tag = b"cicp" + bytes(4) + bytes([9, 16, 0, 1])
    offset = len(srgb) + 12
    table = b"".join(
        struct.pack(">4sII", n, o + 12, s)
        for n, o, s in struct.iter_unpack(">4sII", bytes(srgb[132 : 132 + 12 * count]))
    )
    profile = bytes(srgb[:128]) + struct.pack(">I", count + 1) + table + struct.pack(">4sII", b"cicp", offset, 12)
    profile += bytes(srgb[132 + 12 * count :]) + tag
    profile = struct.pack(">I", len(profile)) + profile[4:]
    values = np.round(pq_of(grey_ramp()) * 255).astype(np.uint8)
    photo = decode_photo(write(tmp_path, encoded(values, "PNG", icc_profile=profile)))
    assert np.abs(photo.pixels.astype(float) - grey_ramp()).mean() < 8


def test_p3_without_a_profile_is_converted(tmp_path):
    """P3's (216, 60, 60) is sRGB's (234, 38, 51) or so: more red than the numbers say."""
    data = with_chunk(encoded(np.full((32, 32, 3), (216, 60, 60), np.uint8), "PNG"), b"cICP", bytes([12, 13, 0, 1]))
    red, green, _ = decode_photo(write(tmp_path, data)).pixels[0, 0].astype(int)
    assert red > 228
    assert green < 50


def test_adobe_rgb_that_only_exif_tells_is_converted(tmp_path):
    exif = exif_of()
    exif.get_ifd(0x8769)[0xA001] = 65535
    exif.get_ifd(0x8769)[0xA005] = {1: "R03"}
    pixels = np.full((32, 32, 3), (100, 160, 100), np.uint8)
    red, green, _ = decode_photo(write(tmp_path, encoded(pixels, "PNG", exif=exif))).pixels[0, 0].astype(int)
    plain = decode_photo(write(tmp_path, encoded(pixels, "PNG"))).pixels[0, 0].astype(int)
    assert (plain == (100, 160, 100)).all()
    assert red < 85
    assert abs(green - 160) < 6


def test_a_profile_that_is_left_out_is_told_by_the_photos_name(tmp_path):
    path = write(tmp_path, encoded(gradient(), "PNG", icc_profile=b"nonsense"), "holiday.png")
    assert any("holiday.png" in w and "profile" in w for w in decode_photo(path).warnings)


# --- containers


def test_a_reduced_first_page_is_not_taken_for_the_picture(tmp_path):
    small = Image.fromarray(gradient(24, 16))
    small.save(tmp_path / "a.tif", save_all=True, append_images=[Image.fromarray(gradient())])
    data = bytearray((tmp_path / "a.tif").read_bytes())
    at = struct.unpack_from("<I", data, 4)[0]
    count = struct.unpack_from("<H", data, at)[0]
    assert struct.unpack_from("<H", data, at + 2)[0] == 256
    # NewSubfileType comes first in a directory: move the directory to the end of the file, with one more entry
    entries = struct.pack("<HHII", 254, 4, 1, 1) + data[at + 2 : at + 2 + 12 * count + 4]
    data[4:8] = struct.pack("<I", len(data))
    data += struct.pack("<H", count + 1) + entries
    assert close(decode_photo(write(tmp_path, bytes(data))).pixels, gradient(), 0.5)


def test_a_burst_gives_its_main_picture(tmp_path):
    other, main = np.zeros((64, 96, 3), np.uint8), gradient()
    heif = pillow_heif.from_pillow(Image.fromarray(other))
    heif.add_from_pillow(Image.fromarray(main))
    heif.save(tmp_path / "a.heic", quality=95, primary_index=1)
    assert close(decode_photo(tmp_path / "a.heic").pixels, main, 8.0)
    Image.fromarray(main).save(tmp_path / "a.mpo", "MPO", save_all=True, append_images=[Image.fromarray(other)])
    assert close(decode_photo(tmp_path / "a.mpo").pixels, main, 8.0)


def raw(preview, thumbnail, *, orientation=1, mark=b"", where="subifd"):
    """A DNG or NEF in miniature: a thumbnail first, sensor data and a JPEG preview in SubIFDs."""
    thumb, jpeg = np.ascontiguousarray(thumbnail), encoded(preview, "JPEG", quality=95) if preview is not None else b""
    blob = thumb.tobytes() + jpeg + bytes(16)
    thumb_at, jpeg_at, cfa_at = 8, 8 + thumb.nbytes, 8 + thumb.nbytes + len(jpeg)

    def directory(at, entries, following=0):
        packed = b"".join(struct.pack("<HHI", t, k, 1) + struct.pack("<I", v) for t, k, v in sorted(entries))
        return struct.pack("<H", len(entries)) + packed + struct.pack("<I", following)

    size = 2 + 12 * 7 + 4
    start = 8 + len(blob)
    cfa = [(254, 4, 0), (256, 4, 4), (257, 4, 4), (258, 3, 8), (262, 3, 32803), (273, 4, cfa_at), (279, 4, 16)]
    shown = [(254, 4, 1), (256, 4, 8), (257, 4, 8), (259, 3, 7), (262, 3, 6)]
    if where == "subifd":
        shown += [(273, 4, jpeg_at), (279, 4, len(jpeg))]
    else:
        shown += [(513, 4, jpeg_at), (514, 4, len(jpeg))]
    subs = start + size + size + 8
    main = [(254, 4, 1), (256, 4, thumb.shape[1]), (257, 4, thumb.shape[0]), (258, 3, 8), (259, 3, 1), (262, 3, 2),
            (273, 4, thumb_at), (274, 3, orientation), (277, 3, 3), (278, 4, thumb.shape[0]), (279, 4, thumb.nbytes),
            (50706, 4, 0x0401)]  # fmt: skip
    pointers = struct.pack("<II", start, start + size)
    entry = struct.pack("<HHII", 330, 4, 2, start + 2 * size)
    head = directory(subs, main)
    body = struct.pack("<H", len(main) + 1)
    items = [head[2 + 12 * k : 14 + 12 * k] for k in range(len(main))] + [entry]
    body += b"".join(sorted(items, key=lambda e: struct.unpack("<H", e[:2])[0])) + bytes(4)
    return b"II*\0" + struct.pack("<I", subs) + blob + directory(0, cfa) + directory(0, shown) + pointers + body


@pytest.mark.parametrize("where", ["subifd", "jpeg tags"])
def test_a_raw_file_gives_its_largest_preview_turned_by_its_own_orientation(tmp_path, where):
    upright = gradient(480, 640)
    data = raw(stored_for(6, upright), gradient(160, 120), orientation=6, where=where)
    photo = decode_photo(write(tmp_path, data, "IMG_1.dng"))
    assert close(photo.pixels, upright, 6.0)
    assert any("IMG_1.dng" in w and "raw" in w for w in photo.warnings)


def test_a_raw_file_is_turned_and_measured_by_its_own_exif_where_the_preview_has_none_of_that(tmp_path):
    upright = gradient(480, 640)
    exif = Image.Exif()
    exif[0x010F] = "Maker"
    stream = io.BytesIO()
    Image.fromarray(stored_for(6, upright)).save(stream, "JPEG", quality=95, exif=exif.tobytes())
    data = raw(None, gradient(160, 120), orientation=6)
    assert close(decode_photo(write(tmp_path, data + stream.getvalue(), "a.dng")).pixels, upright, 6.0)


@pytest.mark.parametrize("preview", [None, (256, 171)])
def test_a_raw_file_with_a_thumbnail_alone_is_refused_in_words(tmp_path, preview):
    data = raw(gradient(*preview) if preview else None, gradient(160, 120))
    with pytest.raises(PhotoUnsuitableError, match=r"camera raw.*develop"):
        decode_photo(write(tmp_path, data, "IMG_1.nef"))


@pytest.mark.parametrize("head", [b"FUJIFILMCCD-RAW 0201", b"\0\0\0\x18ftypcrx \0\0\0\1crx isom", b"IIU\0" + bytes(20)])
def test_raw_files_that_are_no_tiff_give_their_largest_preview_too(tmp_path, head):
    small, large = (encoded(gradient(w, w), "JPEG", quality=95) for w in (160, 640))
    photo = decode_photo(write(tmp_path, head + bytes(64) + small + bytes(9) + large + bytes(9)))
    assert close(photo.pixels, gradient(640, 640), 6.0)
