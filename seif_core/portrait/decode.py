"""Any photo file to upright 8-bit sRGB pixels."""

from __future__ import annotations

import hashlib
import io
import logging
import math
import struct
import warnings
import zlib
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import numpy as np
from PIL import Image, ImageCms, ImageOps, UnidentifiedImageError

from ..errors import PhotoNotFoundError, PhotoUnreadableError, PhotoUnsuitableError
from ..shapes import UInt8
from .exif import focal_pixels
from .framing import shows_whole_frame

_LOG = logging.getLogger(__name__)

_FORMATS: Final = (
    "JPEG", "MPO", "PNG", "WEBP", "AVIF", "HEIF", "TIFF", "BMP", "GIF", "JPEG2000", "PPM", "TGA", "QOI",
)  # fmt: skip
"""Pillow's names of the formats that are read; those that start other programs (EPS) are left out."""
_HEIF_BRANDS: Final = (b"heic", b"heix", b"heim", b"heis", b"hevc", b"mif1", b"msf1")
_DAMAGE: Final = (OSError, SyntaxError, ValueError, EOFError, IndexError, KeyError, TypeError, struct.error, zlib.error)
"""What Pillow's decoders raise on damaged files."""
_WHOLE_PIXELS: Final = 100e6
"""Formats that must be decoded whole are refused above this size, to stay below 2 GB of memory."""
_MINIMUM_SIDE: Final = 16


@dataclass(frozen=True, eq=False)
class Photo:
    """A decoded photo.

    Attributes:
        name: file name without folder.
        sha256: of the file's bytes.
        pixels: (H, W, 3) uint8 sRGB, upright, alpha composited on white.
        focal_px: focal length in pixels of `pixels`, or None when EXIF does not tell.
        whole_frame: whether EXIF and shape speak for a photo that was not cropped (see `framing`).
    """

    name: str
    sha256: str
    pixels: UInt8[np.ndarray, "H W 3"]
    focal_px: float | None
    whole_frame: bool = False


def decode_photo(path: Path, maximum_megapixels: float = 50.0) -> Photo:
    """Decode a photo: first frame, EXIF orientation applied, embedded profile converted to sRGB, 8 bits.

    Args:
        path: the file.
        maximum_megapixels: larger photos are scaled down to this size.

    Raises:
        PhotoNotFoundError: no such file, or a directory.
        PhotoUnreadableError: no picture in a format that is read, or a damaged one.
        PhotoUnsuitableError: too large to decode safely, or too small to show a face.
    """
    digest = _sha256(path)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # size is checked below; damaged EXIF is no reason to refuse a photo
            _register_heif()
            with Image.open(path, formats=_available_formats()) as image:
                return _decode(image, path.name, digest, maximum_megapixels * 1e6)
    except Image.DecompressionBombError as error:
        raise PhotoUnsuitableError(
            f"{path.name} is too large to decode safely ({error}); scale it down to 50 megapixels or less."
        ) from error
    except UnidentifiedImageError as error:
        raise PhotoUnreadableError(_unidentified(path)) from error
    except MemoryError as error:
        raise PhotoUnsuitableError(f"{path.name} needs more memory than there is; scale it down.") from error
    except _DAMAGE as error:
        raise PhotoUnreadableError(
            f"{path.name} is damaged or incomplete ({error}); copy or download the photo again."
        ) from error


def _sha256(path: Path) -> str:
    try:
        if path.is_dir():
            raise PhotoNotFoundError(f"{path.name or path} is a folder; choose a photo in it.")
        with path.open("rb") as stream:
            digest = hashlib.file_digest(stream, "sha256").hexdigest()
            empty = stream.tell() == 0
    except (FileNotFoundError, NotADirectoryError) as error:
        raise PhotoNotFoundError(f"There is no file {path}; choose an existing photo.") from error
    except OSError as error:
        raise PhotoUnreadableError(
            f"{path.name} cannot be opened ({error.strerror}); check its permissions."
        ) from error
    if empty:
        raise PhotoUnreadableError(f"{path.name} is empty (0 bytes); copy or download the photo again.")
    return digest


def _decode(image: Image.Image, name: str, digest: str, maximum: float) -> Photo:
    stored = image.size
    if min(stored) < _MINIMUM_SIDE:
        raise PhotoUnsuitableError(
            f"{name} has {stored[0]} x {stored[1]} pixels, too few to show a face; choose a larger photo."
        )
    if stored[0] * stored[1] > maximum:
        _draft(image, name, maximum)
    image.load()
    exif = image.getexif()  # not earlier: for PNG it decodes the picture
    icc = image.info.get("icc_profile")
    rgb = _to_srgb(image, icc)
    shrink = math.sqrt(maximum / (rgb.width * rgb.height))
    if shrink < 1:
        rgb = rgb.resize(
            (max(1, int(rgb.width * shrink)), max(1, int(rgb.height * shrink))), Image.Resampling.BOX, reducing_gap=2.0
        )
    focal = focal_pixels(exif, *stored)
    if focal is not None:
        focal *= rgb.width / stored[0]
    orientation = exif.get(0x0112, 1)
    if orientation != 1:
        rgb.getexif()[0x0112] = orientation
        rgb = ImageOps.exif_transpose(rgb)
    whole = shows_whole_frame(exif, *stored)
    return Photo(name, digest, np.array(rgb, dtype=np.uint8), focal, whole)


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
        raise PhotoUnsuitableError(
            f"{name} has {width} x {height} pixels, too many to decode safely; scale it down to 50 megapixels or less."
        )


def _to_srgb(image: Image.Image, icc: bytes | None) -> Image.Image:
    if image.mode in {"I", "F", "I;16", "I;16L", "I;16B", "I;16N"}:
        return Image.fromarray(_deep_grey(np.asarray(image))).convert("RGB")
    if image.mode in {"P", "PA", "La", "RGBa"} or "transparency" in image.info:
        image = image.convert("RGBA")
    elif image.mode in {"1", "HSV", "YCbCr"}:
        image = image.convert("RGB")
    alpha = image.getchannel("A") if image.mode in {"RGBA", "LA"} else None
    if alpha is not None:
        image = image.convert("RGB" if image.mode == "RGBA" else "L")
    rgb = _apply_profile(image, icc)
    if alpha is not None and alpha.getextrema() != (255, 255):
        white = Image.new("RGB", rgb.size, "white")
        white.paste(rgb, mask=alpha)
        return white
    return rgb


def _apply_profile(image: Image.Image, icc: bytes | None) -> Image.Image:
    srgb = ImageCms.createProfile("sRGB")
    try:
        if image.mode == "LAB":
            lab = ImageCms.createProfile("LAB")
            return _converted(ImageCms.profileToProfile(image, lab, srgb, outputMode="RGB"), image)
        if icc:
            profile = ImageCms.ImageCmsProfile(io.BytesIO(icc))
            return _converted(ImageCms.profileToProfile(image, profile, srgb, outputMode="RGB"), image)
    except (ImageCms.PyCMSError, OSError, ValueError) as error:
        _LOG.warning("the embedded colour profile was ignored: %s", error)
    return image.convert("RGB")


def _converted(result: Image.Image | None, image: Image.Image) -> Image.Image:
    return image.convert("RGB") if result is None else result


def _deep_grey(values: np.ndarray) -> np.ndarray:
    """Grey of more than 8 bits to 8: integers by their 16-bit range, floats by 0..1 (or their maximum, if larger)."""
    values = np.nan_to_num(values.astype(np.float32), nan=0.0, posinf=0.0, neginf=0.0)
    top = float(values.max(initial=0.0))
    if top <= 1.0:
        white = 1.0
    elif top <= 255.0:
        white = 255.0
    else:
        white = max(65535.0, top)
    return np.clip(values * (255.0 / white) + 0.5, 0, 255).astype(np.uint8)


def _register_heif() -> None:
    """HEIC is read where the optional library is installed."""
    try:
        from pillow_heif import register_heif_opener  # pyright: ignore[reportMissingImports]
    except ImportError:
        return
    register_heif_opener()


def _available_formats() -> list[str]:
    Image.init()
    return [name for name in _FORMATS if name in Image.OPEN]


def _unidentified(path: Path) -> str:
    with path.open("rb") as stream:
        head = stream.read(12)
    if head[4:8] == b"ftyp" and head[8:12] in _HEIF_BRANDS:
        return f"{path.name} is a HEIC photo, which needs the Python package pillow-heif; install it or save as JPEG."
    return f"{path.name} is no picture that can be read; choose a JPEG, PNG, TIFF, WebP, AVIF or HEIC file."
