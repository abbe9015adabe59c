"""A parsing's outline against the background, and its classes drawn to the photo's own edges.

A network answers softly, and where a background is busy its border of hair strays. The segmentation network that ships
tells person from background as well, and what both say is pooled (Genest and Zidek, "Combining probability
distributions", Statistical Science 1986, the logarithmic pool). Then a guided filter (He, Sun and Tang,
"Guided Image Filtering", ECCV 2010, https://doi.org/10.1007/978-3-642-15549-9_1) makes each class a line in the photo's
colours near each pixel, so that borders fall where colours change. Thin things (brows, glasses) and what lies before
the head keep the network's answer: they are narrower than the filter's window.

Convention: shares (9, S, S) sum to 1 over the classes, before and after. Worked number: where the network gives hair
0.6 on dark hair and 0.5 on the bright wall beside it, hair has near 0.9 and 0.1 after.
"""

from __future__ import annotations

from typing import Final

import cv2
import numpy as np

from ..shapes import Float32, UInt8
from .guided_filter import Guide, apply_lines
from .head_parsing import CLASSES

_WIDE: Final = tuple(CLASSES.index(name) for name in ("background", "skin", "hair", "clothes", "headwear"))
"""Classes that are wider than the window."""
_RADIUS: Final = 8
"""Of the window, pixels of a crop of 512: 30 mm across on a usual head. Of 8 and 16 and of a random walker the best
on twelve portraits against the teacher's hair (`benchmarks/parsing.py`)."""
_SIDE: Final = 512
_ALL_BACKDROP: Final = 1e-3
"""Guard against division by zero where there is backdrop alone."""
_FLAT: Final = 3e-4
"""Variance of the photo's colours (0..1) that counts as none."""


_PERSON: Final = 0.5
"""Weight of the segmentation's logit. On 23 portraits the overlap of hair with the teacher grew with it, from 0.833 to
0.838 at 0.7 with edges drawn; 0.809 was the network's own answer."""
_SUREST: Final = 0.99
"""Probability beyond which neither is believed to be surer."""


def pooled_with_person(
    shares: Float32[np.ndarray, "9 S S"], person: Float32[np.ndarray, "S S"]
) -> Float32[np.ndarray, "9 S S"]:
    """The shares with more or less background, by what a segmentation says.

    Args:
        shares: of each class.
        person: probability that a pixel shows the person.
    """
    background = shares[0]
    logit = _logit(background) - _PERSON * _logit(person)
    pooled = 1 / (1 + np.exp(-logit))
    out = shares * ((1 - pooled) / np.maximum(1 - background, _ALL_BACKDROP))
    out[0] = 1 - out[1:].sum(0)
    return np.clip(out, 0, 1).astype(np.float32)


def _logit(probability: Float32[np.ndarray, "S S"]) -> Float32[np.ndarray, "S S"]:
    held = np.clip(probability, 1 - _SUREST, _SUREST)
    return np.log(held / (1 - held))


def drawn_to_edges(
    shares: Float32[np.ndarray, "9 S S"], picture: UInt8[np.ndarray, "T T 3"]
) -> Float32[np.ndarray, "9 S S"]:
    """The shares with the borders of wide classes where the picture's colours change.

    Args:
        shares: of each class.
        picture: the crop, sRGB, of any size.
    """
    side = shares.shape[1]
    guide = cv2.resize(picture, (_SIDE, _SIDE), interpolation=cv2.INTER_AREA).astype(np.float32) / 255
    edges, kept = Guide(guide, _RADIUS, _FLAT), np.ones(len(shares), bool)
    kept[list(_WIDE)] = False
    room = np.clip(1 - shares[kept].sum(0), 0, 1)
    wide = []
    for k in _WIDE:
        large = cv2.resize(shares[k], (_SIDE, _SIDE), interpolation=cv2.INTER_LINEAR)
        drawn = apply_lines(edges.lines(large), guide)
        wide.append(cv2.resize(np.clip(drawn, 0, 1), (side, side), interpolation=cv2.INTER_AREA))
    found = np.stack(wide)
    out = shares.copy()
    out[list(_WIDE)] = found * (room / np.maximum(found.sum(0), 1e-6))
    return out.astype(np.float32)
