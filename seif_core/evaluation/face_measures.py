"""Facts about a face in millimetres: how wide its nose is, how far its eyes are apart, how high its chin.

A distance says how far a head is from the truth, not whether it is this person's: these measures are what people are
told apart by. They come from landmarks alone, so that a head of any model has them, and a scan with 68 picked points.

Convention: landmarks are iBUG-68 in metres, measures in millimetres. Worked number: outer corners of the mouth at
x = -25 and x = 25 mm make a mouth 50 mm wide.

Source: the anthropometric measures of Farkas, Anthropometry of the Head and Face, 1994 (al-al, n-sn, sn-prn, ch-ch,
zy-zy, go-go, li-gn, en-en), by the iBUG-68 landmarks that come nearest to his; Sagonas et al., 300 Faces in-the-Wild,
2013, figure 1.
"""

from __future__ import annotations

from typing import Final

import numpy as np

from ..errors import SettingsError
from ..shapes import Float

_Ends = tuple[tuple[int, ...], tuple[int, ...]]

MEASURES: Final[dict[str, _Ends]] = {
    "nose width": ((31,), (35,)),
    "nose length": ((27,), (33,)),
    "nose projection": ((33,), (30,)),
    "mouth width": ((48,), (54,)),
    "face width": ((0,), (16,)),
    "jaw width": ((4,), (12,)),
    "chin height": ((57,), (8,)),
    "eye distance": ((36, 39), (42, 45)),
    "inner eye distance": ((39,), (42,)),
    "cheeks": ((2,), (14,)),
    "face height": ((27,), (8,)),
}
"""Each measure's two ends as iBUG-68 landmarks; of several the middle counts."""


def face_measures(landmarks: Float[np.ndarray, "L 3"]) -> dict[str, float]:
    """`MEASURES` in millimetres of landmarks (68, 3) in metres.

    Raises:
        SettingsError: another number of landmarks.
    """
    if landmarks.shape != (68, 3):
        raise SettingsError(f"{len(landmarks)} landmarks came; facial measures need iBUG's 68, jaw line and all.")
    points = landmarks.astype(np.float64)
    return {
        name: 1000 * float(np.linalg.norm(points[list(one)].mean(axis=0) - points[list(other)].mean(axis=0)))
        for name, (one, other) in MEASURES.items()
    }
