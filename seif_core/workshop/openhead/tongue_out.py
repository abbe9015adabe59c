"""`tongueOut` as a tongue with volume that passes between parted teeth and lips.

No scan shows a tongue, so the key stays MakeHuman's, which pushes a wide flat tongue through closed teeth. Here the
tongue is made narrower and thicker and its tip round, and the key opens the jaw by a share of `jawOpen`, as nobody puts
a tongue out between closed teeth. A correction of the pair takes that share back where `jawOpen` opens the jaw anyway.

Convention: metres, the template's frame. Worked number: the lips part by 10 mm, the tongue between them is 9 mm thick.
"""

from __future__ import annotations

from itertools import pairwise
from typing import Final

import numpy as np

from ...expressions.arkit import ARKIT_52
from ...shapes import Float64
from .rig import part_mask

PAIR: Final = ("tongueOut", "jawOpen")
"""The pair of keys whose correction takes the opening back."""

_PARTING: Final = 0.3
"""Share of `jawOpen` by which the key parts teeth and lips; chosen by eye, as all below."""
_FOLLOW: Final = 0.45
"""Share of the jaw's own motion that the tongue takes part in: it lies between the lips, not on the lower one."""
_NARROWER: Final = 0.84
_THICKER: Final = 1.3
"""Factors of width and thickness where the tongue is out."""
_TIP: Final = 0.45
"""Share of its width that the tongue loses at the very tip."""
_TIP_LENGTH: Final = 0.016
"""Metres behind the tip over which it narrows."""
_OUT: Final = (0.015, 0.045)
"""Heights z between which the tongue's new form begins."""
_SLICES: Final = 12


def put_out(template: Float64[np.ndarray, "V 3"], keys: Float64[np.ndarray, "K V 3"]) -> Float64[np.ndarray, "V 3"]:
    """The key `tongueOut` (V, 3).

    Args:
        template: (V, 3) the mean head.
        keys: (52, V, 3) with `jawOpen` and MakeHuman's `tongueOut`.
    """
    tongue = part_mask("tongue")
    key = keys[ARKIT_52.index("tongueOut")].copy()
    key[tongue] = rounded((template + key)[tongue]) - template[tongue]
    return key + _opening(keys)


def opening_taken_back(keys: Float64[np.ndarray, "K V 3"]) -> Float64[np.ndarray, "V 3"]:
    """(V, 3) correction of `PAIR`."""
    return -_opening(keys)


def rounded(points: Float64[np.ndarray, "N 3"]) -> Float64[np.ndarray, "N 3"]:
    """A tongue's points (N, 3), lengthwise along z, narrower, thicker and with a round tip where it is out."""
    out = points.copy()
    x, y, z = points.T
    ends = np.linspace(z.min(), z.max(), _SLICES + 1)
    slices = [(z >= low - 1e-9) & (z <= high + 1e-9) for low, high in pairwise(ends)]
    known = [k for k, own in enumerate(slices) if own.sum() > 2]
    middles = (ends[:-1] + ends[1:])[known] / 2
    axis = np.interp(z, middles, [(y[slices[k]].min() + y[slices[k]].max()) / 2 for k in known])
    begun = np.clip((z - _OUT[0]) / (_OUT[1] - _OUT[0]), 0, 1)
    tip = np.clip(1 - (z.max() - z) / _TIP_LENGTH, 0, 1) ** 2
    out[:, 0] = x * (1 + begun * (_NARROWER - 1)) * (1 - _TIP * tip)
    out[:, 1] = axis + (y - axis) * (1 + begun * (_THICKER - 1) * (1 - tip))
    return out


def _opening(keys: np.ndarray) -> np.ndarray:
    """(V, 3) how far the key parts the mouth."""
    share = np.where(part_mask("tongue"), _FOLLOW, 1.0)[:, None]
    return _PARTING * share * keys[ARKIT_52.index("jawOpen")]
