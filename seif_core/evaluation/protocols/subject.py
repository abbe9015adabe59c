"""What a protocol measures: the truth, and the prediction, each a surface with its landmarks.

Convention: metres; landmarks are NoW's seven, or 51 or 68 of iBUG. Worked number: of 51 landmarks, row 0 is iBUG-68's
point 17, the right brow's outer end.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Final

import numpy as np

from ...errors import SettingsError
from ...geometry.alignment import Similarity
from ...shapes import Float, Int
from ..landmark_files import nose_tip_of, now_landmarks
from ..scan import NOW_LANDMARKS
from ..scan_points import outer_points

_IBUG: Final = {len(NOW_LANDMARKS): NOW_LANDMARKS, 51: tuple(range(17, 68)), 68: tuple(range(68))}
"""iBUG-68 indices of a set of landmarks, by its count."""


@dataclass(frozen=True, eq=False)
class Subject:
    """A surface and what is known of it.

    Attributes:
        vertices: (V, 3) float64, metres.
        triangles: (T, 3) of the outer surface; none for a point cloud.
        landmarks: (7 or 51 or 68, 3) metres, or None.
    """

    vertices: Float[np.ndarray, "V 3"]
    triangles: Int[np.ndarray, "T 3"]
    landmarks: Float[np.ndarray, "L 3"] | None = None

    def seven(self, whose: str) -> Float[np.ndarray, "7 3"]:
        """NoW's seven landmarks.

        Args:
            whose: "scan" or "prediction", for the message.

        Raises:
            SettingsError: it has no landmarks.
        """
        if self.landmarks is None:
            option = "--landmarks" if whose == "scan" else "--prediction-landmarks"
            raise SettingsError(
                f"This protocol aligns by landmarks, and the {whose} has none; give its landmarks (evaluate scan: "
                f"{option} FILE; compare: NAME.landmarks.txt beside it)."
            )
        return now_landmarks(self.landmarks)

    def ibug(self) -> dict[int, Float[np.ndarray, "3"]]:
        """The landmarks by their iBUG-68 index; empty without landmarks."""
        if self.landmarks is None:
            return {}
        return dict(zip(_IBUG[len(self.landmarks)], self.landmarks, strict=True))

    def nose(self) -> Float[np.ndarray, "3"]:
        """The nose tip, or what comes nearest to it: the nose's base, or the foremost vertex of an upright head."""
        tip = nose_tip_of(self.landmarks)
        if tip is not None:
            return tip
        if self.landmarks is not None:
            return now_landmarks(self.landmarks)[4]
        return self.vertices[self.vertices[:, 2].argmax()]

    def moved(self, motion: Similarity) -> Subject:
        """The same surface elsewhere."""
        marks = None if self.landmarks is None else motion.apply(self.landmarks)
        return replace(self, vertices=motion.apply(self.vertices), landmarks=marks)

    def points(self, centre: Float[np.ndarray, "3"], radius: float, count: int) -> Float[np.ndarray, "N 3"]:
        """Points of the outer surface within a radius (metres), evenly by area; see `scan_points.outer_points`.

        Raises:
            SettingsError: hardly anything lies there.
        """
        found = outer_points(self.vertices, self.triangles, centre, radius, count)
        if len(found) < 10:
            raise SettingsError(
                f"Only {len(found)} points of the surface lie within {1000 * radius:.0f} mm of the face's middle; "
                "check its unit and its landmarks."
            )
        return found


def shared_landmarks(
    one: Subject, other: Subject, wanted: tuple[int, ...]
) -> tuple[Float[np.ndarray, "K 3"], Float[np.ndarray, "K 3"]]:
    """Those of the wanted iBUG-68 landmarks that both have, as two arrays (K, 3); K may be 0."""
    first, second = one.ibug(), other.ibug()
    both = [i for i in wanted if i in first and i in second]
    return np.array([first[i] for i in both]).reshape(-1, 3), np.array([second[i] for i in both]).reshape(-1, 3)
