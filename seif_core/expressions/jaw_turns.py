"""The jaw's turns as keys, for programs that have keys and no bones: skinning and pose correctives in one displacement.

Convention: axis-angle about the jaw's joint, radians, +X opens, +Y turns to the subject's left. Worked number: at
``jaw_turn_open`` = 1 a point of the chin 0.08 m before the joint goes down by 0.08 sin 0.36 = 0.028 m. A key moves
along a straight line, so that half a key is half a turn to a millimetre only.
"""

from __future__ import annotations

from typing import Final

import numpy as np

from ..head import Head
from ..headmodel.skinning import pose_vertices
from ..shapes import Float32

JAW_TURNS: Final[dict[str, tuple[float, float, float]]] = {
    "jaw_turn_open": (0.36, 0.0, 0.0),
    "jaw_turn_left": (0.0, 0.13, 0.0),
    "jaw_turn_right": (0.0, -0.13, 0.0),
}
"""Key -> the jaw's axis-angle at 1, radians. Open is what the Open head's ``jawOpen`` turns (20.7 degrees); to the side
is 10 mm at a chin 0.08 m before the joint, the usual reach of a lower jaw (Okeson, Management of Temporomandibular
Disorders and Occlusion: 8 to 10 mm)."""

_JAW: Final = 2
"""The jaw's place among the joints."""


def jaw_turn(head: Head, name: str) -> Float32[np.ndarray, "V 3"]:
    """Displacement (V, 3), metres, of the neutral head at 1 of a key of `JAW_TURNS`."""
    pose = np.zeros((len(head.joints), 3))
    pose[_JAW] = JAW_TURNS[name]
    posed = pose_vertices(head.vertices, head.joints, head.skin_weights, pose, head.pose_deltas)
    return (posed - head.vertices).astype(np.float32)
