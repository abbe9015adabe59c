"""VRM 1.0's expression presets as combinations of ARKit keys.

Names: https://github.com/vrm-c/vrm-specification/blob/master/specification/VRMC_vrm-1.0/expressions.md. The emotions
follow the action units of Ekman and Friesen, Facial Action Coding System (happiness 6 + 12, sadness 1 + 4 + 15, anger
4 + 5 + 7 + 23, surprise 1 + 2 + 5 + 26) in ARKit's terms; the vowels their lip shapes.

Convention: Left and Right are the subject's. ``lookLeft`` turns both eyes to the subject's left: the left eye outwards,
the right eye inwards.
"""

from __future__ import annotations

from typing import Final

from .key_weights import Combination, both_sides
from .visemes import VISEMES

VRM_PRESETS: Final[dict[str, Combination]] = {
    "happy": {**both_sides(mouthSmile=0.8, cheekSquint=0.6, eyeSquint=0.3, mouthDimple=0.2)},
    "angry": {
        **both_sides(browDown=0.9, eyeSquint=0.4, eyeWide=0.2, mouthPress=0.5, noseSneer=0.4),
        "jawForward": 0.15,
    },
    "sad": {"browInnerUp": 0.8, **both_sides(browDown=0.2, mouthFrown=0.7, eyeSquint=0.2), "mouthShrugLower": 0.4},
    "relaxed": {**both_sides(mouthSmile=0.3, eyeBlink=0.25, cheekSquint=0.1)},
    "surprised": {"browInnerUp": 0.8, **both_sides(browOuterUp=0.8, eyeWide=0.7), "jawOpen": 0.4, "mouthFunnel": 0.2},
    "aa": VISEMES["aa"],
    "ih": VISEMES["I"],
    "ou": VISEMES["U"],
    "ee": VISEMES["E"],
    "oh": VISEMES["O"],
    "blink": both_sides(eyeBlink=1.0),
    "blinkLeft": {"eyeBlinkLeft": 1.0},
    "blinkRight": {"eyeBlinkRight": 1.0},
    "lookUp": both_sides(eyeLookUp=1.0),
    "lookDown": both_sides(eyeLookDown=1.0),
    "lookLeft": {"eyeLookOutLeft": 1.0, "eyeLookInRight": 1.0},
    "lookRight": {"eyeLookInLeft": 1.0, "eyeLookOutRight": 1.0},
    "neutral": {},
}
"""The 18 presets in the specification's order."""
