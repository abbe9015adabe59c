"""Which parts of a face something covers: sunglasses, a mask, a telephone, a hand, a microphone.

The landmark network draws a face also where none is seen, and the fit follows it; the parsing tells what is seen there
instead of skin.

Convention: the parts are hulls of landmarks in pixels of the parsing's crop. Worked number: a mouth of which the
parsing gives 0.4 to skin, 0.35 to things in front and 0.25 to clothes is covered by 0.6.
"""

from __future__ import annotations

from typing import Final

import cv2
import numpy as np

from ..shapes import Bool, Float
from .head_parsing import HeadParsing
from .portrait import Portrait

_SOCKETS: Final = (
    (226, 247, 30, 29, 27, 28, 56, 190, 243, 244, 233, 232, 231, 230, 229, 228, 31),
    (446, 467, 260, 259, 257, 258, 286, 414, 463, 464, 453, 452, 451, 450, 449, 448, 261),
)
"""Lids and skin about the eyes: right eye first."""
_ZONES: Final = {
    "right eye": _SOCKETS[:1],
    "left eye": _SOCKETS[1:],
    "nose": ((195, 5, 4, 45, 275, 48, 278, 3, 248, 197),),
    "mouth": ((61, 146, 91, 181, 84, 17, 314, 405, 321, 375, 291, 409, 270, 269, 267, 0, 37, 39, 40, 185),),
    "chin": ((43, 106, 182, 83, 18, 313, 406, 335, 273, 262, 428, 199, 208, 32, 170, 140, 171, 175, 396, 369, 395),),
    "right cheek": ((50, 117, 123, 147, 187, 205, 36, 101),),
    "left cheek": ((280, 346, 352, 376, 411, 425, 266, 330),),
}
"""Convex hulls of MediaPipe Face Mesh landmarks; sides are the person's."""
_COVERS: Final = ("front", "headwear", "clothes")
_SHARE: Final = {"right eye": 0.6, "left eye": 0.6, "right cheek": 0.1, "left cheek": 0.1}
"""Share of a part that must be covered, at the eyes by glasses too. On 160 public-domain portraits the most was 0.15 at
the eyes, of glasses that one sees through, 0.07 at the cheeks and 0.08 elsewhere. Drawn over 45 of them, masks,
sunglasses and hands gave more on all, a black telephone at the cheek on 43, a black microphone on 44."""
_SHARE_ELSEWHERE: Final = 0.2
_IN_FRAME: Final = 0.8
"""Share of a part that must lie in the photo to be judged, ..."""
_EDGE: Final = 4
"""... and not so near its edge, in pixels of the parsing, which takes the smear beyond it for headwear: in tight crops
of the astronaut that cut a cheek it gave 0.15 to 0.67 of what was left of it to headwear."""


def covered_parts(portrait: Portrait) -> tuple[str, ...]:
    """Names of the parts that something covers, from the eyes down; empty without a parsing or another scheme."""
    parsing = portrait.parsing
    if portrait.landmark_scheme != "mediapipe478" or parsing is None:
        return ()
    shares = {
        name: _covered(portrait, parsing, rings, (*_COVERS, "glasses") if rings[0] in _SOCKETS else _COVERS)
        for name, rings in _ZONES.items()
    }
    found = [name for name, share in shares.items() if share > _SHARE.get(name, _SHARE_ELSEWHERE)]
    return ("eyes", *found[2:]) if found[:2] == ["right eye", "left eye"] else tuple(found)


def occlusion_warnings(portrait: Portrait) -> tuple[str, ...]:
    """A sentence that names what is covered; none for a face that is seen."""
    names = [f"the {name}" for name in covered_parts(portrait)]
    if not names:
        return ()
    listed = names[0] if len(names) == 1 else f"{', '.join(names[:-1])} and {names[-1]}"
    sentence = (
        f"Something seems to cover {listed}; shape and colour there are not the person's. "
        "Choose a photo that shows the whole face."
    )
    return (sentence,)


def _covered(
    portrait: Portrait, parsing: HeadParsing, rings: tuple[tuple[int, ...], ...], covers: tuple[str, ...]
) -> float:
    """How much of a part shows one of the classes `covers`, 0..1; 0 where most of it lies outside the photo."""
    side = parsing.shares.shape[1]
    points = parsing.crop.from_photo(portrait.landmarks[:, :2].astype(np.float64)) * side
    place = _hulls(points, rings, side)
    rows, columns = np.nonzero(place)
    at = parsing.crop.to_photo(np.stack([columns, rows], axis=1) / side + 0.5 / side)
    height, width = portrait.pixels.shape[:2]
    edge = _EDGE * parsing.crop.size / side
    in_photo = ((at >= edge) & (at <= (width - edge, height - edge))).all(axis=1)
    if in_photo.sum() <= _IN_FRAME * len(in_photo):
        return 0.0
    return float(parsing.share(*covers)[rows, columns][in_photo].mean())


def _hulls(points: Float[np.ndarray, "L 2"], rings: tuple[tuple[int, ...], ...], side: int) -> Bool[np.ndarray, "S S"]:
    out = np.zeros((side, side), np.uint8)
    for ring in rings:
        cv2.fillConvexPoly(out, cv2.convexHull(np.round(points[list(ring)]).astype(np.int32)), (1,))
    return out > 0
