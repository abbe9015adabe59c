"""Colour encodings that no ICC profile describes: high dynamic range (PQ, HLG) and wide gamuts, to sRGB.

Sources: ITU-R BT.2100-2 (PQ and HLG, tables 4 and 5), ITU-R BT.2408-7 (203 cd/m2 is the white of paper, section 2),
ITU-T H.273 (the numbers of primaries and transfer characteristics, tables 2 and 3), IEC 61966-2-1 (sRGB).
"""

from __future__ import annotations

import math
import struct
from dataclasses import dataclass, replace
from typing import Final

import numpy as np

from ..geometry.colour import from_srgb
from ..geometry.colour import to_srgb as linear_to_srgb
from ..shapes import Float, Float32, UInt8

_WHITE: Final = 203.0
"""Luminance in cd/m2 of a white sheet in a high dynamic range picture (ITU-R BT.2408-7, table 1): sRGB's white."""
_KNEE: Final = 0.6
"""Light (1 is white) up to which it is kept as it is; above, highlights are rolled off towards white. Chosen by eye."""
_HLG_PEAK: Final = 1000.0
"""Peak in cd/m2 of the display that HLG's system gamma of 1.2 belongs to (ITU-R BT.2100-2, note 5f)."""
_HLG_POWER: Final = 0.2
"""HLG's system gamma at that peak, less 1: the power of the luminance that light is multiplied by."""
_PQ: Final = (2610 / 16384, 2523 / 4096 * 128, 3424 / 4096, 2413 / 4096 * 32, 2392 / 4096 * 32)
_HLG: Final = (0.17883277, 0.28466892, 0.55991073)
"""Constants m1, m2, c1, c2, c3 of PQ and a, b, c of HLG (ITU-R BT.2100-2, tables 4 and 5)."""
_GAMMAS: Final = {4: 2.2, 5: 2.8, 8: 1.0}
_CHROMATICITIES: Final = {
    9: ((0.708, 0.292), (0.170, 0.797), (0.131, 0.046)),
    11: ((0.680, 0.320), (0.265, 0.690), (0.150, 0.060)),
    12: ((0.680, 0.320), (0.265, 0.690), (0.150, 0.060)),
}
"""x, y of red, green and blue with white D65: BT.2020, P3 (a still with the cinema's white is shown with D65's too)."""
_ADOBE: Final = ((0.64, 0.33), (0.21, 0.71), (0.15, 0.06))
"""Adobe RGB (1998), section 4.3.1.1."""
_SRGB: Final = ((0.64, 0.33), (0.30, 0.60), (0.15, 0.06))
_D65: Final = (0.3127, 0.3290)
_GAMMA_UNIT: Final = 100_000
"""What a PNG's gAMA is multiplied by (PNG, third edition, section 11.3.2.2)."""
_GAMMA_RANGE: Final = (20_000, 200_000)
"""gAMA that a picture may have: powers of 5 to 0.5; any other is a slip of a program."""
_USUAL_POWER: Final = 2.2
_USUAL_WITHIN: Final = 0.1
"""Logarithm of the power by which a picture may differ from sRGB's and still be read as sRGB."""
_CHRM_BYTES: Final = 32
"""Of a PNG's cHRM: x and y of white, red, green and blue (PNG, third edition, section 11.3.2.1)."""
_LIKE_SRGB: Final = 0.02
"""x or y by which a PNG's primaries may differ from sRGB's and be taken for them. Chosen, not measured."""
_LEAST_GAMUT: Final = 0.05
"""Twice the area in x and y that a PNG's primaries must span to be believed; sRGB's span 0.22."""
_BLACK: Final = 16 / 255
_WHITE_NARROW: Final = 235 / 255
"""Of values in narrow range."""
_ROWS: Final = 256
"""Rows of the photo that are converted at a time."""


@dataclass(frozen=True)
class Encoding:
    """How a photo's values stand for light.

    Attributes:
        primaries: x, y of red, green and blue.
        transfer: `pq`, `hlg`, `srgb`, or a power.
        narrow: whether black is 16 and white 235 of 8 bits (ITU-R BT.2100-2, table 9), as video has it.
    """

    primaries: tuple[tuple[float, float], ...]
    transfer: str | float
    narrow: bool = False

    @property
    def high_dynamic_range(self) -> bool:
        """Whether there is light brighter than white."""
        return self.transfer in {"pq", "hlg"}


ADOBE_RGB: Final = Encoding(_ADOBE, 563 / 256)
"""What a camera's Adobe RGB setting writes, known by the EXIF interoperability index R03 (DCF 2.0, section 4.5)."""


def encoding_of(primaries: int, transfer: int) -> Encoding | None:
    """From the code points of ITU-T H.273; None for what is sRGB or near enough (BT.709, BT.601, unknown)."""
    kind = {16: "pq", 18: "hlg"}.get(transfer) or _GAMMAS.get(transfer, "srgb")
    if kind == "srgb" and primaries not in _CHROMATICITIES:
        return None
    return Encoding(_CHROMATICITIES.get(primaries, _SRGB), kind)


def encoding_of_png(data: bytes) -> Encoding | None:
    """From a PNG's chunks (PNG, third edition, section 11.3.2): cICP, or gAMA where neither sRGB nor a profile is.

    None without them, and where gAMA is what sRGB comes near to: most programs write that without thinking.
    """
    at, told, gamma, primaries = 8, False, 0, _SRGB
    while at + 8 <= len(data):
        size, kind = struct.unpack_from(">I4s", data, at)
        if kind == b"cICP" and size == 4:
            found = encoding_of(data[at + 8], data[at + 9])
            return found and replace(found, narrow=data[at + 11] == 0)
        told = told or kind in {b"sRGB", b"iCCP"}
        if kind == b"gAMA" and size == 4 and at + 12 <= len(data):
            gamma = struct.unpack_from(">I", data, at + 8)[0]
        if kind == b"cHRM" and size == _CHRM_BYTES and at + 8 + size <= len(data):
            places = np.array(struct.unpack_from(">8I", data, at + 8)) / _GAMMA_UNIT
            primaries = tuple((float(x), float(y)) for x, y in places[2:].reshape(3, 2))
        if kind == b"IDAT":
            break
        at += size + 12
    if told or not _GAMMA_RANGE[0] <= gamma <= _GAMMA_RANGE[1]:
        return None
    power = _GAMMA_UNIT / gamma
    away, apart = np.abs(np.subtract(primaries, _SRGB)).max(), np.diff(np.array(primaries), axis=0)
    wide = bool(away > _LIKE_SRGB and np.min(primaries) > 0 and abs(np.linalg.det(apart)) > _LEAST_GAMUT)
    usual = abs(math.log(power / _USUAL_POWER)) < _USUAL_WITHIN
    return None if usual and not wide else Encoding(primaries if wide else _SRGB, power)


def encoding_of_profile(icc: bytes) -> Encoding | None:
    """From the `cicp` tag of an ICC profile (ICC.1:2022, section 9.2.17) of high dynamic range; None without one."""
    count = struct.unpack_from(">I", icc, 128)[0] if len(icc) > 132 else 0
    for k in range(min(count, 100)):
        if 144 + 12 * k > len(icc):
            return None
        name, offset, _ = struct.unpack_from(">4sII", icc, 132 + 12 * k)
        if name == b"cicp" and offset + 12 <= len(icc):
            found = encoding_of(icc[offset + 8], icc[offset + 9])
            return found if found and found.high_dynamic_range else None
    return None


def to_srgb(pixels: UInt8[np.ndarray, "H W 3"], encoding: Encoding) -> UInt8[np.ndarray, "H W 3"]:
    """The photo in sRGB; highlights brighter than white are rolled off, colours that sRGB lacks are clipped.

    Convention: worked number: a grey PQ value of 148 (0.58) is 203 cd/m2, white, and comes out as 238 (what is brighter
    needs the values above); one of 26 cd/m2 (0.37, 95) is 0.13 of white and comes out as 101.

    Args:
        pixels: (H, W, 3) uint8 in the photo's own encoding.
        encoding: from `encoding_of` and its like.
    """
    steps = np.arange(256, dtype=np.float64) / 255.0
    if encoding.narrow:
        steps = np.clip((steps - _BLACK) / (_WHITE_NARROW - _BLACK), 0, 1)
    table = _light(steps, encoding.transfer).astype(np.float32)
    matrix = (np.linalg.inv(_to_xyz(_SRGB)) @ _to_xyz(encoding.primaries)).astype(np.float32)
    luminance = _to_xyz(encoding.primaries)[1].astype(np.float32)
    result = np.empty_like(pixels)
    for top in range(0, len(pixels), _ROWS):
        light = table[pixels[top : top + _ROWS]]
        if encoding.transfer == "hlg":
            light = (
                light * (np.maximum(light @ luminance, 1e-6) ** _HLG_POWER)[..., None] * np.float32(_HLG_PEAK / _WHITE)
            )
        light = np.maximum(light @ matrix.T, 0.0)
        if encoding.high_dynamic_range:
            light = _rolled_off(light)
        result[top : top + _ROWS] = (linear_to_srgb(light) * 255.0 + 0.5).astype(np.uint8)
    return result


def _light(value: Float[np.ndarray, " N"], transfer: str | float) -> Float[np.ndarray, " N"]:
    """Light of encoded values 0..1: for PQ in units of white, for HLG the scene's, otherwise 0..1."""
    if isinstance(transfer, float):
        return value**transfer
    if transfer == "pq":
        m1, m2, c1, c2, c3 = _PQ
        root = value ** (1 / m2)
        return 10_000.0 / _WHITE * (np.maximum(root - c1, 0.0) / (c2 - c3 * root)) ** (1 / m1)
    if transfer == "hlg":
        a, b, c = _HLG
        return np.where(value <= 0.5, value**2 / 3, (np.exp((value - c) / a) + b) / 12)
    return from_srgb(value)


def _rolled_off(light: Float32[np.ndarray, "H W 3"]) -> Float32[np.ndarray, "H W 3"]:
    """Highlights below 1, by their largest channel, so that hues stay; one to one up to the knee, smooth across it."""
    peak = light.max(axis=-1, keepdims=True)
    room = np.float32(1.0 - _KNEE)
    rolled = _KNEE + room * (1.0 - np.exp(-(peak - np.float32(_KNEE)) / room))
    return np.where(peak > _KNEE, light * (rolled / np.maximum(peak, 1e-6)), light).astype(np.float32)


def _to_xyz(primaries: tuple[tuple[float, float], ...]) -> Float[np.ndarray, "3 3"]:
    """Matrix from linear RGB to CIE XYZ (SMPTE RP 177)."""
    columns = np.array([[x / y, 1.0, (1 - x - y) / y] for x, y in primaries]).T
    x, y = _D65
    return columns * np.linalg.solve(columns, np.array([x / y, 1.0, (1 - x - y) / y]))
