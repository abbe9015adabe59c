"""Which parts of a head the photo's frame cuts off, in words.

Convention: sides are the person's own. Worked number: a face of which 200 of 478 landmarks lie left of the picture's
left edge has 42 percent of its landmarks beyond the photo.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np

from ..portrait.portrait import Portrait

if TYPE_CHECKING:
    from ..uniformize.upright import UprightHead

_LEAST: Final = 0.04
"""Share of the head's pixels in a direction that must lie beyond the frame to be worth a sentence: hair that only
touches the edge is not cut. Chosen by eye on cut sample portraits."""
_WEDGE: Final = np.radians(12.0)
"""Half of the angle in which a direction is looked at."""
_MOSTLY: Final = 0.71
"""Cosine of the angle to a side within which what lies beyond the photo's edge is on that side: an eighth of a turn."""
_FACE: Final = 0.03
"""Share of the landmarks beyond the frame from which the face counts as cut."""
_CHIN: Final = 152
"""The chin's lowest landmark of MediaPipe Face Mesh; drawn beyond the frame from where a twentieth of the face is cut
off."""
_SIDES: Final = ("at the top", "at the person's left", "below", "at the person's right")
"""Names of the four quarters of the square, clockwise from the top; the picture's right is the person's left."""
_BELOW: Final = 2
"""Of these quarters, the one that is no loss: every portrait ends there."""


def truncation_warnings(photo: Portrait, upright: UprightHead) -> tuple[str, ...]:
    """Sentences about what the frame cuts off; none for a head that is all in the picture.

    Args:
        photo: the portrait in the whole photo.
        upright: the head cut out of it.
    """
    found = []
    cut = [name for k, name in enumerate(_SIDES) if k != _BELOW and _share(upright, k, photo) > _LEAST]
    if cut:
        found.append(
            f"The photo cuts the head {' and '.join(cut)}; what lies beyond is completed from the fitted skull, the "
            "other side and the hair that is seen."
        )
    beyond = photo.beyond(photo.landmarks[:, :2])
    if beyond.mean() > _FACE:
        found.append(
            f"{beyond.mean():.0%} of the face lies beyond the photo's edge and is guessed from the rest; choose a "
            "photo that shows the whole face."
        )
    elif photo.landmark_scheme == "mediapipe478" and beyond[_CHIN]:
        found.append("The photo ends above the chin, whose shape is guessed; choose a photo that shows the whole face.")
    return tuple(found)


def _share(upright: UprightHead, quarter: int, photo: Portrait) -> float:
    """Share of the head's pixels straight up, down or to a side that lie beyond the photo's edge on that side.

    In a tilted head a corner that the photo's top cuts off lies beside the middle of the square as well.
    """
    head = upright.portrait.mask > 127
    rows, columns = np.nonzero(head)
    x, y = columns + 0.5 - len(head) / 2, len(head) / 2 - rows - 0.5
    away = np.remainder(np.arctan2(x, y) - quarter * np.pi / 2 + np.pi, 2 * np.pi) - np.pi
    straight = np.abs(away) < _WEDGE
    places = upright.crop.to_photo((np.stack([columns, rows], 1)[straight] + 0.5) / len(head))
    height, width = photo.pixels.shape[:2]
    out = places - np.clip(places, 0, (width, height))
    lean = quarter * np.pi / 2 + upright.crop.angle
    toward = out @ [np.sin(lean), -np.cos(lean)] > _MOSTLY * np.linalg.norm(out, axis=1)
    hidden = ~upright.shown[rows, columns][straight] & toward
    return float(hidden.mean()) if straight.any() else 0.0
