"""Any photo file to upright 8-bit sRGB pixels."""

from __future__ import annotations

import io
import math
import struct
import warnings
import zlib
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

import cv2
import numpy as np
from PIL import Image, ImageOps, UnidentifiedImageError

from ..errors import PhotoUnreadableError, PhotoUnsuitableError
from ..shapes import UInt8
from .camera_raw import is_camera_raw, largest_preview
from .deep_tiff import decode_unchanged, deep_pixels, is_deep_negative, largest_piece, profile
from .exif import already_upright, focal_pixels, orientation, parse_exif, read_exif
from .framing import shows_whole_frame
from .isobmff import Still, is_still, read_still, without_exif
from .jpeg_end import with_end
from .levels import brightened, to_8_bits
from .metadata import without_metadata, without_profile
from .photo_file import PhotoFile, read_photo_file
from .srgb import to_srgb
from .tiff import BITS, SUBFILE, directories, is_tiff

FORMATS: Final = (
    "JPEG", "MPO", "PNG", "WEBP", "AVIF", "HEIF", "TIFF", "BMP", "GIF", "JPEG2000", "PPM", "TGA", "QOI",
)  # fmt: skip
"""Pillow's names of the formats that are read; those that start other programs (EPS) are left out."""
_HEIF_BRANDS: Final = (b"heic", b"heix", b"heim", b"heis", b"hevc", b"mif1", b"msf1")
_BEGINNINGS: Final = (b"\xff\xd8", b"\x89P", b"II", b"MM")
"""How JPEG, PNG and TIFF begin, damaged ones too (their specifications)."""
_DAMAGE: Final = (
    OSError, SyntaxError, ValueError, EOFError, LookupError, TypeError, ArithmeticError, AttributeError, AssertionError,
    RuntimeError, struct.error, zlib.error, cv2.error,
)  # fmt: skip
"""What decoders raise on damaged files."""
_WHOLE_PIXELS: Final = 100e6
"""Formats that must be decoded whole are refused above this size, to stay below 2 GB of memory."""
_MINIMUM_SIDE: Final = 16
_MOST_SCANS: Final = 500
"""Scans of a progressive JPEG: each costs a pass over the whole picture. libjpeg-turbo's own limit against files made
to take for ever; encoders write about ten."""
_MOST_PAGES: Final = 32
_ORIENTATION: Final = 0x0112
_DARK: Final = 64
"""16-bit colours of which Pillow, which keeps their upper 8 bits, leaves less than this are read again in full."""
_TURNS: Final = {
    2: Image.Transpose.FLIP_LEFT_RIGHT, 3: Image.Transpose.ROTATE_180, 4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE, 6: Image.Transpose.ROTATE_270, 7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_90,
}  # fmt: skip
"""What brings a picture of each EXIF orientation upright (Exif 2.32, section 4.6.5.1.6)."""


@dataclass(frozen=True, eq=False)
class Photo:
    """A decoded photo.

    Attributes:
        name: file name without folder, printable.
        sha256: of the file's bytes.
        pixels: (H, W, 3) uint8 sRGB, upright, alpha composited on white.
        focal_px: focal length in pixels of `pixels`, or None when EXIF does not tell.
        whole_frame: whether EXIF and shape speak for a photo that was not cropped (see `framing`).
        warnings: sentences about what was changed, left out or looks bad.
    """

    name: str
    sha256: str
    pixels: UInt8[np.ndarray, "H W 3"]
    focal_px: float | None
    whole_frame: bool = False
    warnings: tuple[str, ...] = ()


@dataclass(frozen=True, eq=False)
class _Picture:
    """A decoded picture before it is turned upright: `stored` is its size before it was scaled down."""

    rgb: Image.Image
    stored: tuple[int, int]
    exif: Image.Exif
    turn: int
    warnings: list[str] = field(default_factory=list)


def decode_photo(path: Path, maximum_megapixels: float = 50.0) -> Photo:
    """Decode a photo: its main picture, turned upright, converted to sRGB and 8 bits.

    The largest preview of a camera raw file; high dynamic range rolled off to standard; dark pictures brightened.

    Args:
        path: the file.
        maximum_megapixels: larger photos are scaled down to this size.

    Raises:
        PhotoNotFoundError: no such file, or a directory.
        PhotoUnreadableError: no picture in a format that is read, a damaged one, or no regular file.
        PhotoUnsuitableError: too large to decode safely, too small to show a face, or raw without a preview.
    """
    file = read_photo_file(path)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # size is checked below; damaged EXIF is no reason to refuse a photo
            _register_heif()
            return _photo(file, maximum_megapixels * 1e6)
    except Image.DecompressionBombError as error:
        raise _too_large(file.name, "more than 100 million") from error
    except UnidentifiedImageError as error:
        raise PhotoUnreadableError(_unidentified(file)) from error
    except MemoryError as error:
        raise PhotoUnsuitableError(f"{file.name} needs more memory than there is; scale it down.") from error
    except _DAMAGE as error:
        raise PhotoUnreadableError(
            f"{file.name} is damaged or incomplete ({_in_words(error)}); copy or download the photo again."
        ) from error


def refuse_other_files(path: Path) -> None:
    """Refuse at once what is no picture: a folder, a head.blend, a HEIC photo that cannot be read here.

    Reads the file and looks at how it begins; what a damaged picture lacks, `decode_photo` finds out.

    Raises:
        PhotoError: as `decode_photo` would.
    """
    file = read_photo_file(path)
    heic = is_still(file.data)
    if is_camera_raw(file.data) or is_tiff(file.data) or file.data[:2] in _BEGINNINGS:
        return
    _register_heif()
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            Image.open(io.BytesIO(file.data), formats=available_formats()).close()
    except UnidentifiedImageError as error:
        if file.data[4:8] != b"ftyp" or (heic and "HEIF" not in Image.OPEN):
            raise PhotoUnreadableError(_unidentified(file)) from error
    except (Image.DecompressionBombError, MemoryError, *_DAMAGE):
        return


def _photo(file: PhotoFile, maximum: float) -> Photo:
    notes, data, outer = [], file.data, Image.Exif()
    if is_camera_raw(data):
        preview = largest_preview(data, file.name)
        notes.append(
            f"{file.name} is a camera raw file; the picture of {preview.size[0]} x {preview.size[1]} pixels that the "
            "camera put into it was used."
        )
        outer = parse_exif(data) if is_tiff(data) else outer
        data = preview.data
    picture = _whole_or_mended(data, file.name, maximum)
    exif, turn = picture.exif, picture.turn
    if _ORIENTATION not in exif:  # a preview often says nothing of its own
        turn = max(turn, orientation(outer))
    rgb = ImageOps.invert(picture.rgb) if is_deep_negative(data) else picture.rgb
    shrink = math.sqrt(maximum / (rgb.width * rgb.height))
    if shrink < 1:
        size = max(1, int(rgb.width * shrink)), max(1, int(rgb.height * shrink))
        rgb = rgb.resize(size, Image.Resampling.BOX, reducing_gap=2.0)
    focal = focal_pixels(exif, *picture.stored) or focal_pixels(outer, *picture.stored)
    if focal is not None:
        focal *= rgb.width / picture.stored[0]
    if turn in _TURNS:
        rgb = rgb.transpose(_TURNS[turn])
    pixels = np.array(rgb, dtype=np.uint8)
    bright = brightened(pixels)
    if bright is not None:
        notes.append(f"{file.name} is very dark; it was brightened, and its shadows are noisy.")
    found = (*notes, *picture.warnings)
    whole = any(shows_whole_frame(each, *picture.stored) for each in (exif, outer))
    return Photo(file.name, file.sha256, pixels if bright is None else bright, focal, whole, found)


def _whole_or_mended(data: bytes, name: str, maximum: float) -> _Picture:
    """The picture; where the file is damaged, what is left when only its metadata, its profile or its end are."""
    try:
        return _decoded(data, name, maximum)
    except _DAMAGE:
        for mend, told in (
            (without_metadata, f"What the camera noted in {name} is damaged and was left out."),
            (without_profile, f"What is told of the colours of {name} is damaged and was left out."),
            (with_end, f"The end of {name} is missing; its last rows may be wrong. Copy or download the photo again."),
        ):
            mended = mend(data)
            if mended is not None and mended != data:
                with suppress(*_DAMAGE):
                    picture = _decoded(mended, name, maximum)
                    picture.warnings.append(told)
                    return picture
        raise


def _decoded(data: bytes, name: str, maximum: float) -> _Picture:
    still = read_still(data) if is_still(data) else None
    if largest_piece(data) > _WHOLE_PIXELS:
        raise _too_large(name, "more than 100 million")
    deep = deep_pixels(data, name)
    if deep is not None:
        return _deep_picture(data, name, deep)
    source = without_exif(data, still) if still and still.names else data
    with Image.open(io.BytesIO(source), formats=available_formats()) as image:
        return _loaded(image, data, still, name, maximum)


def _loaded(image: Image.Image, data: bytes, still: Still | None, name: str, maximum: float) -> _Picture:
    _to_main_page(image)
    _check_size(image, data, name, maximum)
    stored = image.size
    exif, turn = _metadata(image, still)
    if image.format == "TIFF":  # Pillow turns it while it loads, and would stumble over damaged EXIF
        upright = Image.Exif()
        upright[_ORIENTATION], turn = turn, 1
        image.getexif = lambda: upright
    image.load()
    if image.format == "PNG":  # its EXIF may follow the picture
        exif = read_exif(image)
        turn = orientation(exif)
    notes: list[str] = []
    if _is_deep(image, data) and max(high for _, high in _extrema(image)) < _DARK:
        return _deep_picture(data, name, decode_unchanged(data), exif, image.info.get("icc_profile"))
    rgb = to_srgb(image, name, notes, exif=exif, still=still, data=data)
    return _Picture(rgb, stored, exif, turn, notes)


def _metadata(image: Image.Image, still: Still | None) -> tuple[Image.Exif, int]:
    """EXIF, and the orientation that has yet to be undone.

    A HEIC or AVIF file may say itself how it is turned (then its EXIF only tells how the camera was held, and
    libheif has turned it already); where it does not, its EXIF means what it means elsewhere.
    """
    own = Image.Exif() if image.format == "PNG" else read_exif(image)
    if still is None:
        return own, orientation(own)
    exif = parse_exif(still.exif) if still.exif else own
    if still.turned:
        return exif, orientation(own) if image.format == "AVIF" else 1
    return exif, 1 if already_upright(exif, *image.size) else orientation(exif)


def _deep_picture(
    data: bytes, name: str, values: np.ndarray, exif: Image.Exif | None = None, icc: bytes | None = None
) -> _Picture:
    """A picture from values of more than 8 bits; EXIF and profile are a TIFF's own, if not given."""
    if exif is None:
        exif, icc = parse_exif(data), profile(data)
    image = Image.fromarray(to_8_bits(values)).convert("RGB")
    _refuse_small(image.size, name)
    if icc:
        image.info["icc_profile"] = icc
    notes: list[str] = []
    rgb = to_srgb(image, name, notes, exif=exif, still=None, data=data)
    return _Picture(rgb, rgb.size, exif, orientation(exif), notes)


def _is_deep(image: Image.Image, data: bytes) -> bool:
    """Whether Pillow kept only the upper half of 16-bit colours."""
    if image.mode not in {"RGB", "RGBA"}:
        return False
    if image.format == "PNG":
        return data[24:25] == b"\x10"
    return image.format == "TIFF" and any(16 in d.numbers(BITS)[:1] for d in directories(data)[:1])


def _extrema(image: Image.Image) -> list[tuple[int, int]]:
    return [band.getextrema() for band in image.convert("RGB").split()]  # pyright: ignore[reportReturnType]


def _to_main_page(image: Image.Image) -> None:
    """Go to the first page of a TIFF that is no smaller copy or mask of another; other containers open at theirs."""
    if image.format != "TIFF":
        return
    for page in range(min(getattr(image, "n_frames", 1), _MOST_PAGES)):
        image.seek(page)
        kind = image.tag_v2.get(SUBFILE, 0)  # pyright: ignore[reportAttributeAccessIssue]
        if isinstance(kind, int) and not kind & 0b101:
            return
    image.seek(0)


def _check_size(image: Image.Image, data: bytes, name: str, maximum: float) -> None:
    _refuse_small(image.size, name)
    if image.format in {"JPEG", "MPO"} and data.count(b"\xff\xda") > _MOST_SCANS and image.info.get("progressive"):
        raise PhotoUnsuitableError(f"{name} is a progressive JPEG of too many scans; save it again.")
    if image.width * image.height > maximum:
        _draft(image, name, maximum)


def _refuse_small(size: tuple[int, int], name: str) -> None:
    if min(size) < _MINIMUM_SIDE:
        raise PhotoUnsuitableError(
            f"{name} has {size[0]} x {size[1]} pixels, too few to show a face; choose a larger photo."
        )


def _draft(image: Image.Image, name: str, maximum: float) -> None:
    """Let the JPEG decoder scale while it decodes; refuse what would have to be decoded whole."""
    width, height = image.size
    factor = math.sqrt(maximum / (width * height))
    if image.format in {"JPEG", "MPO"} and not image.info.get("progressive"):
        # the decoder halves as long as the size asked for is not undercut: ask for the half that memory allows
        halvings = math.floor(math.log2(1 / factor))
        if width * height / 4**halvings > _WHOLE_PIXELS:
            halvings += 1
        image.draft(None, (width >> halvings, height >> halvings))
    if image.width * image.height > _WHOLE_PIXELS:
        raise _too_large(name, f"{width} x {height}")


def _too_large(name: str, size: str) -> PhotoUnsuitableError:
    return PhotoUnsuitableError(
        f"{name} has {size} pixels, too many to decode safely; scale it down to 50 megapixels or less."
    )


def _register_heif() -> None:
    """HEIC is read where the optional library is installed."""
    try:
        from pillow_heif import register_heif_opener  # pyright: ignore[reportMissingImports]
    except ImportError:
        return
    register_heif_opener(thumbnails=False, depth_images=False, aux_images=False)


def available_formats() -> list[str]:
    """Those of `FORMATS` that this Pillow reads."""
    Image.init()
    return [name for name in FORMATS if name in Image.OPEN]


def _unidentified(file: PhotoFile) -> str:
    head = file.data[:12]
    if head[4:8] == b"ftyp" and head[8:12] in _HEIF_BRANDS and "HEIF" not in Image.OPEN:
        return f"{file.name} is a HEIC photo, which needs the Python package pillow-heif; install it or save as JPEG."
    if head[4:8] == b"ftyp" or is_tiff(file.data) or head[:2] in _BEGINNINGS:
        return (
            f"{file.name} is damaged, or of a kind of its format that cannot be read; "
            "copy the photo again, or save it as JPEG."
        )
    return f"{file.name} is no picture that can be read; choose a JPEG, PNG, TIFF, WebP, AVIF or HEIC file."


def _in_words(error: Exception) -> str:
    return str(error).split("\n", maxsplit=1)[0][:200] or type(error).__name__
