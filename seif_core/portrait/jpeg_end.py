"""A JPEG that broke off just before its end: what a download or a card reader that stopped too early leaves.

Every program shows it, and so it is no reason to refuse the photo, as long as hardly any of the picture is missing.
What is missing is found by decoding twice, once with nothing in its place and once with junk: where the two differ.

Convention: bytes of a whole file. Worked number: a photo without its last two bytes, the mark of its end, lacks
nothing; without its lower half it lacks half.
"""

from __future__ import annotations

import io
from typing import Final

import numpy as np
from PIL import Image

_START: Final = b"\xff\xd8"
_END: Final = b"\xff\xd9"
"""JPEG's marks of a file's start and end (ITU-T T.81, table B.1)."""
_JUNK: Final = b"\x55" * (1 << 16)
"""Bits that stand for a picture's rest: any that are no mark, and far more than 1 % of a photo has."""
_LOOK: Final = 1024
"""Pixels of the shorter side that are enough to look at: a photo of 100 megapixels would take a gigabyte."""
_MISSING: Final = 0.01
"""Share of the picture that may be missing: the end of the last row of blocks. Chosen, not measured."""


def with_end(data: bytes) -> bytes | None:
    """The JPEG with the mark of its end; None where that makes no picture, or where more of it is missing than that.

    Args:
        data: a file that a decoder called truncated, of any format.
    """
    if not data.startswith(_START):
        return None
    body = data[:-1] if data.endswith(_END[:1]) else data
    try:
        plain, other = _decoded(body + _END), _decoded(body + _JUNK + _END)
    except (OSError, ValueError, SyntaxError):
        return None
    return body + _END if (plain != other).any(axis=-1).mean() <= _MISSING else None


def _decoded(data: bytes) -> np.ndarray:
    with Image.open(io.BytesIO(data), formats=("JPEG",)) as image:
        image.draft(image.mode, (_LOOK, _LOOK))
        pixels = np.asarray(image)
    return pixels.reshape(*pixels.shape[:2], -1)
