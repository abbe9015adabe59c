"""The 52 ARKit blend shapes: names and mirrored pairs.

Convention: Left and Right are the subject's (left = +X in `seif_core`), as in Apple's names; weights run from 0
(neutral) to 1 (full). Worked example: ``eyeBlinkLeft`` = 1 closes the eye at x > 0, which is at the right of a photo.
"""

from __future__ import annotations

from typing import Final

ARKIT_SOURCE: Final = "https://developer.apple.com/documentation/arkit/arfaceanchor/blendshapelocation"
"""Apple's documentation of ``ARFaceAnchor.BlendShapeLocation``: names and meaning of the 52 coefficients."""

ARKIT_52: Final[tuple[str, ...]] = (
    # left eye
    "eyeBlinkLeft",
    "eyeLookDownLeft",
    "eyeLookInLeft",
    "eyeLookOutLeft",
    "eyeLookUpLeft",
    "eyeSquintLeft",
    "eyeWideLeft",
    # right eye
    "eyeBlinkRight",
    "eyeLookDownRight",
    "eyeLookInRight",
    "eyeLookOutRight",
    "eyeLookUpRight",
    "eyeSquintRight",
    "eyeWideRight",
    # mouth and jaw
    "jawForward",
    "jawLeft",
    "jawRight",
    "jawOpen",
    "mouthClose",
    "mouthFunnel",
    "mouthPucker",
    "mouthLeft",
    "mouthRight",
    "mouthSmileLeft",
    "mouthSmileRight",
    "mouthFrownLeft",
    "mouthFrownRight",
    "mouthDimpleLeft",
    "mouthDimpleRight",
    "mouthStretchLeft",
    "mouthStretchRight",
    "mouthRollLower",
    "mouthRollUpper",
    "mouthShrugLower",
    "mouthShrugUpper",
    "mouthPressLeft",
    "mouthPressRight",
    "mouthLowerDownLeft",
    "mouthLowerDownRight",
    "mouthUpperUpLeft",
    "mouthUpperUpRight",
    # eyebrows, cheeks and nose
    "browDownLeft",
    "browDownRight",
    "browInnerUp",
    "browOuterUpLeft",
    "browOuterUpRight",
    "cheekPuff",
    "cheekSquintLeft",
    "cheekSquintRight",
    "noseSneerLeft",
    "noseSneerRight",
    # tongue
    "tongueOut",
)
"""The 52 names in the order and grouping of Apple's documentation (`ARKIT_SOURCE`)."""


def mirrored_name(name: str) -> str:
    """The ARKit name of the same movement on the other side; symmetric movements return themselves.

    ``mouthLeft`` and ``jawLeft`` (a movement towards the left) mirror to their Right counterparts like all others.
    """
    if name.endswith("Left"):
        return name.removesuffix("Left") + "Right"
    if name.endswith("Right"):
        return name.removesuffix("Right") + "Left"
    return name
