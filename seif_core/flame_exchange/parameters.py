"""`FlameParameters`: one identity and T frames of expression and pose, in FLAME's own terms.

    vertices = LBS(template + shape . identity + static + expression . components + dynamic + correctives(pose)) + t

Source: Li et al., Learning a model of facial shape and expression from 4D scans, SIGGRAPH Asia 2017, eqs. 1-4; the two
offsets are those of VHAP (Qian, 2024) and stand in the rest pose.

Convention: FLAME's axes are `seif_core`'s: metres, Y up, the face towards +Z, +X the subject's left. Rotations are
axis-angle vectors in radians: the direction is the axis, the length the angle; each turns about its own joint, in the
frame of its parent, in the order root, neck, jaw, left eye, right eye. Worked number: a jaw of (0.2, 0, 0) is a turn by
11.5 degrees about +X and opens the mouth; a left eye of (0, 0.1, 0) looks 5.7 degrees to the subject's left; a root of
(0, 1.5708, 0) carries a nose that points along +Z to +X.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from ..shapes import Float32


@dataclass(frozen=True, eq=False)
class FlameParameters:
    """What a FLAME model needs to become a head in T frames.

    Attributes:
        shape: (S,) float32 identity in standard deviations, S up to 300; may be empty.
        expression: (T, E) float32 in standard deviations, E up to 100; may be (T, 0).
        pose: (T, 5, 3) float32 axis-angle, radians: root, neck, jaw, left eye, right eye.
        translation: (T, 3) float32 metres, added to the posed vertices; None where nobody told it.
        static_offset: (V, 3) float32 metres, rest pose: what the shape is beyond the identity, or None.
        dynamic_offset: (T, V, 3) float32 metres, rest pose: a frame beyond the components, or None.
        left_out: names that the file held and that are not used, such as eyelids.
        told: which of expression, translation and rotations the file held; the rest is 0.
    """

    shape: Float32[np.ndarray, " S"]
    expression: Float32[np.ndarray, "T E"]
    pose: Float32[np.ndarray, "T 5 3"]
    translation: Float32[np.ndarray, "T 3"] | None = None
    static_offset: Float32[np.ndarray, "V 3"] | None = None
    dynamic_offset: Float32[np.ndarray, "T V 3"] | None = None
    left_out: tuple[str, ...] = ()
    told: frozenset[str] = frozenset()

    @property
    def frames(self) -> int:
        """T."""
        return len(self.pose)
