"""A decoded picture of any mode and colour space to 8-bit sRGB."""

from __future__ import annotations

import io
from typing import Final

import numpy as np
from PIL import Image, ImageCms

from .colour_encoding import ADOBE_RGB, Encoding, encoding_of, encoding_of_png, encoding_of_profile
from .colour_encoding import to_srgb as encoded_to_srgb
from .exif import is_adobe_rgb
from .isobmff import Still
from .levels import to_8_bits

_PNG: Final = b"\x89PNG\r\n\x1a\n"
_TO_BYTES: Final = 257
"""From 16 bits to 8."""


def to_srgb(
    image: Image.Image, name: str, notes: list[str], *, exif: Image.Exif, still: Still | None, data: bytes
) -> Image.Image:
    """The picture in sRGB, composited on white.

    Args:
        image: decoded.
        name: its name, for the warnings.
        notes: takes the warnings.
        exif: its EXIF, for cameras that note their colour space there alone.
        still: what a HEIC or AVIF file says of its colours.
        data: the file's bytes.
    """
    icc = image.info.get("icc_profile")
    encoding = _encoding(image, exif, still, data, icc)
    if image.mode in {"I", "F", "I;16", "I;16L", "I;16B", "I;16N"}:
        values = np.asarray(image)
        bright = encoding is not None and encoding.high_dynamic_range  # its white is not its brightest value
        grey = Image.fromarray((values / _TO_BYTES).astype(np.uint8) if bright else to_8_bits(values)).convert("RGB")
        return grey if encoding is None else _by_encoding(grey, encoding)
    if image.mode in {"P", "PA", "La", "RGBa"} or "transparency" in image.info:
        image = image.convert("RGBA")
    elif image.mode in {"1", "HSV", "YCbCr"}:
        image = image.convert("RGB")
    alpha = image.getchannel("A") if image.mode in {"RGBA", "LA"} else None
    if alpha is not None:
        image = image.convert("RGB" if image.mode == "RGBA" else "L")
    rgb = _by_encoding(image, encoding) if encoding else _by_profile(image, icc, name, notes)
    if alpha is not None and alpha.getextrema() != (255, 255):
        white = Image.new("RGB", rgb.size, "white")
        white.paste(rgb, mask=alpha)
        return white
    return rgb


def _encoding(
    image: Image.Image, exif: Image.Exif, still: Still | None, data: bytes, icc: bytes | None
) -> Encoding | None:
    """How the values are encoded where the profile does not tell, or cannot (high dynamic range)."""
    if image.mode in {"CMYK", "LAB"}:
        return None
    if data.startswith(_PNG) and (found := encoding_of_png(data)):
        return found
    if icc:
        return encoding_of_profile(icc)
    nclx = image.info.get("nclx_profile")
    told = still.encoding if still else None
    if nclx:
        told = nclx["color_primaries"], nclx["transfer_characteristics"]
    if told:
        return encoding_of(*told)
    return ADOBE_RGB if is_adobe_rgb(exif) else None


def _by_encoding(image: Image.Image, encoding: Encoding) -> Image.Image:
    return Image.fromarray(encoded_to_srgb(np.array(image.convert("RGB"), dtype=np.uint8), encoding))


def _by_profile(image: Image.Image, icc: bytes | None, name: str, notes: list[str]) -> Image.Image:
    srgb = ImageCms.createProfile("sRGB")
    try:
        if image.mode == "LAB":
            lab = ImageCms.createProfile("LAB")
            return _converted(ImageCms.profileToProfile(image, lab, srgb, outputMode="RGB"), image)
        if icc:
            profile = ImageCms.ImageCmsProfile(io.BytesIO(icc))
            return _converted(ImageCms.profileToProfile(image, profile, srgb, outputMode="RGB"), image)
    except (ImageCms.PyCMSError, OSError, ValueError):
        notes.append(f"The colour profile in {name} is damaged or of another kind of colour and was left out.")
    return image.convert("RGB")


def _converted(result: Image.Image | None, image: Image.Image) -> Image.Image:
    return image.convert("RGB") if result is None else result
