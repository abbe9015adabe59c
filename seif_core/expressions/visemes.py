"""The 15 visemes of Oculus Lipsync as combinations of ARKit keys.

Names, order and phonemes: https://developers.meta.com/horizon/documentation/unity/audio-ovrlipsync-viseme-reference.
The combinations describe how the lips and jaw stand for those phonemes (International Phonetic Alphabet): closed for
p b m, the lower lip under the teeth for f v, rounded for sh, o and u, spread for e and i. A tongue behind the teeth has
no ARKit key, so th, t, k, n and r differ by jaw and lips alone.
"""

from __future__ import annotations

from typing import Final

from .key_weights import Combination, both_sides

VISEMES: Final[dict[str, Combination]] = {
    "sil": {},
    "PP": {"mouthRollLower": 0.3, "mouthRollUpper": 0.3, **both_sides(mouthPress=0.5)},
    "FF": {"jawOpen": 0.05, "mouthRollLower": 0.5, "mouthShrugUpper": 0.1, **both_sides(mouthUpperUp=0.3)},
    "TH": {"jawOpen": 0.15, "tongueOut": 0.3, **both_sides(mouthUpperUp=0.1, mouthLowerDown=0.2)},
    "DD": {"jawOpen": 0.12, **both_sides(mouthUpperUp=0.15, mouthLowerDown=0.3)},
    "kk": {"jawOpen": 0.2, **both_sides(mouthUpperUp=0.1, mouthLowerDown=0.25)},
    "CH": {"jawOpen": 0.08, "mouthFunnel": 0.6, **both_sides(mouthUpperUp=0.1, mouthLowerDown=0.1)},
    "SS": {"jawOpen": 0.04, **both_sides(mouthStretch=0.3, mouthUpperUp=0.15, mouthLowerDown=0.35)},
    "nn": {"jawOpen": 0.1, **both_sides(mouthUpperUp=0.1, mouthLowerDown=0.2)},
    "RR": {"jawOpen": 0.1, "mouthFunnel": 0.4, "mouthPucker": 0.15},
    "aa": {"jawOpen": 0.55, **both_sides(mouthUpperUp=0.1, mouthLowerDown=0.15)},
    "E": {"jawOpen": 0.25, **both_sides(mouthStretch=0.35, mouthSmile=0.15, mouthLowerDown=0.15)},
    "I": {"jawOpen": 0.12, **both_sides(mouthStretch=0.3, mouthSmile=0.3, mouthLowerDown=0.15)},
    "O": {"jawOpen": 0.35, "mouthFunnel": 0.6},
    "U": {"jawOpen": 0.12, "mouthPucker": 0.6, "mouthFunnel": 0.3},
}
"""The 15 visemes in the engine's order; ``sil`` is silence."""
