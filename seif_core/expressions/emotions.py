"""The seven basic emotions as combinations of ARKit keys, by way of facial action units.

Which units make an emotion: Friesen and Ekman, EMFACS-7: Emotional Facial Action Coding System, 1983 (the combinations
as tabled in https://en.wikipedia.org/wiki/Facial_Action_Coding_System). Which keys show a unit: Melinda Ozel, ARKit to
FACS cheat sheet, https://melindaozel.com/arkit-to-facs-cheat-sheet/. EMFACS gives letters of intensity for few units;
the other weights are chosen by eye on the sample portraits.

Convention: weights 0..1; contempt is one-sided, here on the subject's right. Worked number: joy has unit 6 at 0.7,
which gives ``cheekSquintLeft`` 0.7, and unit 12 at 0.8, which gives ``mouthSmileLeft`` 0.8.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from .key_weights import Combination, both_sides

ACTION_UNITS: Final[dict[str, Combination]] = {
    "1": {"browInnerUp": 1.0},
    "2": both_sides(browOuterUp=1.0),
    "4": both_sides(browDown=1.0),
    "5": both_sides(eyeWide=1.0),
    "6": both_sides(cheekSquint=1.0, eyeSquint=0.3),
    "7": both_sides(eyeSquint=1.0),
    "9": both_sides(noseSneer=1.0),
    "10": both_sides(mouthUpperUp=1.0),
    "12": both_sides(mouthSmile=1.0),
    "R12": {"mouthSmileRight": 1.0},
    "R14": {"mouthDimpleRight": 1.0},
    "15": both_sides(mouthFrown=1.0),
    "16": both_sides(mouthLowerDown=1.0),
    "17": {"mouthShrugLower": 1.0},
    "20": both_sides(mouthStretch=1.0),
    "23": {**both_sides(mouthPress=0.4), "mouthRollLower": 0.5, "mouthRollUpper": 0.4},
    "26": {"jawOpen": 1.0},
}
"""Action unit, with R where it stands on the right side alone -> the keys that show it at full strength."""

EMOTION_UNITS: Final[dict[str, Mapping[str, float]]] = {
    "joy": {"6": 0.7, "12": 0.8},
    "sadness": {"1": 0.8, "4": 0.3, "15": 0.7, "17": 0.3},
    "anger": {"4": 1.0, "5": 0.2, "7": 0.6, "23": 0.7},
    "surprise": {"1": 0.8, "2": 0.8, "5": 0.6, "26": 0.4},
    "disgust": {"9": 0.9, "10": 0.3, "15": 0.4, "16": 0.2},
    "fear": {"1": 0.8, "2": 0.5, "4": 0.4, "5": 0.8, "7": 0.2, "20": 0.6, "26": 0.25},
    "contempt": {"R12": 0.5, "R14": 0.7},
}
"""Emotion -> its action units and their strength."""


def _combined(units: Mapping[str, float]) -> dict[str, float]:
    """Keys of several units; where two show in one key, the stronger counts."""
    keys: dict[str, float] = {}
    for unit, strength in units.items():
        for name, weight in ACTION_UNITS[unit].items():
            keys[name] = max(keys.get(name, 0.0), round(strength * weight, 3))
    return keys


EMOTIONS: Final[dict[str, Combination]] = {name: _combined(units) for name, units in EMOTION_UNITS.items()}
"""Emotion -> weights of ARKit keys."""
