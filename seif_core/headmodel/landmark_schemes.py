"""Landmark schemes: what must be known of a detector's points besides where they lie on the model."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from ..errors import SettingsError


@dataclass(frozen=True)
class LandmarkScheme:
    """A detector's set of landmarks; indices are counted from 0.

    Attributes:
        name: key of the embedding in `HeadModel.embeddings`.
        count: number of landmarks.
        contour: landmarks on the face's outline, which lie on the silhouette where the head turns away.
        outer_corners: outer corners of the right and the left eye; their distance is the unit of the error.
        irises: centre of the right and of the left iris, empty where the detector has none.
        iris_points: every iris landmark; they tell the gaze and nothing of the head.
        lids: rings around the right and around the left eye's opening, which carry the iris along.
        inner_lips: ring around the mouth's opening.
        has_depth: whether the third coordinate means anything.
    """

    name: str
    count: int
    contour: tuple[int, ...]
    outer_corners: tuple[int, int]
    irises: tuple[int, ...]
    iris_points: tuple[int, ...]
    lids: tuple[tuple[int, ...], tuple[int, ...]]
    inner_lips: tuple[int, ...]
    has_depth: bool


MEDIAPIPE: Final = LandmarkScheme(
    name="mediapipe478",
    count=478,
    # FACEMESH_FACE_OVAL, FACEMESH_RIGHT_EYE, FACEMESH_LEFT_EYE and the inner ring of FACEMESH_LIPS of MediaPipe
    # (Apache 2.0); the oval runs clockwise from the top of the forehead
    contour=(
        *(10, 338, 297, 332, 284, 251, 389, 356, 454, 323, 361, 288, 397, 365, 379, 378, 400, 377),
        *(152, 148, 176, 149, 150, 136, 172, 58, 132, 93, 234, 127, 162, 21, 54, 103, 67, 109),
    ),
    outer_corners=(33, 263),
    irises=(468, 473),
    iris_points=tuple(range(468, 478)),
    lids=(
        (33, 7, 163, 144, 145, 153, 154, 155, 133, 173, 157, 158, 159, 160, 161, 246),
        (263, 249, 390, 373, 374, 380, 381, 382, 362, 398, 384, 385, 386, 387, 388, 466),
    ),
    inner_lips=(78, 95, 88, 178, 87, 14, 317, 402, 318, 324, 308, 415, 310, 311, 312, 13, 82, 81, 80, 191),
    has_depth=True,
)
"""MediaPipe Face Mesh with irises (Kartynnik et al. 2019, Ablavatski et al. 2020)."""

IBUG68: Final = LandmarkScheme(
    name="ibug68",
    count=68,
    contour=tuple(range(17)),
    outer_corners=(36, 45),
    irises=(),
    iris_points=(),
    lids=(tuple(range(36, 42)), tuple(range(42, 48))),
    inner_lips=tuple(range(60, 68)),
    has_depth=False,
)
"""The 68 points of iBUG 300-W (Sagonas et al. 2013, figure 1)."""

IBUG_CHIN: Final = 8
"""The lowest point of the jaw's contour in `IBUG68`."""
IBUG_BROWS: Final = slice(17, 27)
"""Both brows in `IBUG68`, the right one first."""
IBUG_INNER_FACE: Final = slice(27, 68)
"""Nose, eyes and mouth in `IBUG68`: all but the jaw's contour and the brows."""
IBUG_NOSE_BASE: Final = 33
"""The middle of the nose's base in `IBUG68`."""

_SCHEMES: Final = {s.name: s for s in (MEDIAPIPE, IBUG68)}


def landmark_scheme(name: str) -> LandmarkScheme:
    """The scheme of that name.

    Raises:
        SettingsError: there is none.
    """
    if name not in _SCHEMES:
        raise SettingsError(f"The landmark scheme '{name}' is unknown; choose one of: {', '.join(_SCHEMES)}.")
    return _SCHEMES[name]


def known_scheme(name: str) -> LandmarkScheme | None:
    """The scheme of that name, None where there is none."""
    return _SCHEMES.get(name)
