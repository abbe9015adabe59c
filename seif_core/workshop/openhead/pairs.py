"""Corrections of pairs of keys: what has to be added to their sum so that it is a face again.

Neither ICT-FaceKit nor GNM has shapes for combinations (both are linear), so these follow from what a face cannot do:
closed lids stay closed and before the eyeball whatever else moves them, lips and cheeks stay before the teeth, lips do
not pass through each other, and muscles that pull the same skin the same way do not pull twice as far.

Convention: metres, the template's frame, where both keys are at 1; left and right mirror each other. Worked number:
with `eyeSquintLeft` the lids of a blink meet 2 mm higher, so the upper one goes 2 mm less far.
"""

from __future__ import annotations

from typing import Final

import numpy as np

from ...combination_shapes import LESS, CombinationShapes
from ...expressions.arkit import ARKIT_52, mirrored_name
from ...shapes import Float64
from . import lid_contact, mouth_lining, orbits, rims, tongue_out
from .calibration import fit_template, outer_skin
from .lip_contact import settle_mouth
from .lip_softening import even_corners, evenly
from .regions import rings_around
from .rig import part_mask
from .selection import head_selection
from .smooth_filling import fill_smoothly

LID_PAIRS: Final = (
    ("eyeBlinkLeft", "eyeSquintLeft"),
    ("eyeBlinkLeft", "eyeWideLeft"),
    ("eyeBlinkLeft", "cheekSquintLeft"),
    ("eyeBlinkLeft", "eyeLookDownLeft"),
    ("eyeBlinkLeft", "eyeLookUpLeft"),
    ("eyeBlinkLeft", "browDownLeft"),
    ("eyeBlinkLeft", "browInnerUp"),
    ("eyeBlinkLeft", "mouthSmileLeft"),
    ("eyeBlinkLeft", "noseSneerLeft"),
    ("eyeLookDownLeft", "eyeSquintLeft"),
    ("eyeLookUpLeft", "eyeWideLeft"),
)
"""Pairs at the left eye; the right eye's are their mirror images."""

MOUTH_PAIRS: Final = (
    ("mouthSmileLeft", "jawOpen"),
    ("mouthFrownLeft", "jawOpen"),
    ("mouthDimpleLeft", "jawOpen"),
    ("mouthStretchLeft", "jawOpen"),
    ("mouthLeft", "jawOpen"),
    ("jawLeft", "jawOpen"),
    ("mouthPucker", "jawOpen"),
    ("mouthFunnel", "jawOpen"),
    ("mouthRollLower", "jawOpen"),
    ("mouthRollUpper", "jawOpen"),
    ("mouthShrugLower", "jawOpen"),
    ("cheekPuff", "jawOpen"),
    ("mouthPucker", "mouthFunnel"),
    ("mouthPucker", "mouthSmileLeft"),
    ("mouthRollLower", "mouthRollUpper"),
    ("mouthShrugLower", "mouthShrugUpper"),
    ("mouthRollLower", "mouthShrugLower"),
    ("mouthSmileLeft", "mouthDimpleLeft"),
    ("mouthSmileLeft", "mouthStretchLeft"),
    ("mouthSmileLeft", "mouthUpperUpLeft"),
    ("mouthSmileLeft", "cheekSquintLeft"),
    ("noseSneerLeft", "mouthUpperUpLeft"),
    ("mouthStretchLeft", "mouthFrownLeft"),
    ("jawForward", "jawOpen"),
    ("mouthSmileLeft", "mouthSmileRight"),
    ("mouthSmileLeft", "mouthFunnel"),
    ("mouthSmileLeft", "mouthShrugLower"),
)
"""Pairs of the mouth that may need a correction; those of the left have mirror images."""

SHUT_PAIR: Final[tuple[str, str]] = ("mouthClose", f"{LESS}jawOpen")
"""`mouthClose` shuts the lips of the open jaw; what of it exceeds `jawOpen` presses them, as it would in a face."""
_PRESS: Final = 0.5
"""Weight of `mouthPress` of both sides in that; chosen by eye."""

SATURATING: Final = frozenset(
    {
        ("mouthPucker", "mouthFunnel"),
        ("mouthSmileLeft", "mouthDimpleLeft"),
        ("mouthSmileLeft", "mouthStretchLeft"),
        ("mouthSmileLeft", "cheekSquintLeft"),
        ("noseSneerLeft", "mouthUpperUpLeft"),
        ("mouthStretchLeft", "mouthFrownLeft"),
        ("mouthShrugLower", "mouthShrugUpper"),
        ("mouthSmileLeft", "mouthUpperUpLeft"),
        ("mouthSmileLeft", "jawOpen"),
        ("mouthStretchLeft", "jawOpen"),
        ("mouthDimpleLeft", "jawOpen"),
        ("mouthFrownLeft", "jawOpen"),
    }
)
"""Pairs whose muscles pull the same skin: where both pull alike, the sum reaches `_BEYOND` of the second pull more."""

_BEYOND: Final = 0.45
"""Share of what the sum goes beyond its larger part; chosen by eye."""
_ROUND_MOUTH: Final = 0.5
"""Share of evenness in the corners of the open mouth that keys of both sides get, which make it round."""
_MIDDLE: Final = 0.012
"""Metres from the middle plane at which a correction for both sides has become that of one side."""
_WORTH: Final = 0.0003
"""Metres: pairs whose correction is smaller everywhere are left out."""
_LID_REACH: Final = 9
"""Rings of vertices over which a correction of lids fades."""
_SMALLEST: Final = 2e-5
"""Metres: smaller offsets are set to zero, so that the file stays small."""


def combination_shapes(template: Float64[np.ndarray, "V 3"], keys: Float64[np.ndarray, "K V 3"]) -> CombinationShapes:
    """The corrections that are worth keeping, with the mirror images of those of the left."""
    mirror = head_selection().mirror
    pairs: list[tuple[str, str]] = [SHUT_PAIR]
    deltas = [_pressed(template, keys)]
    for pair in (*LID_PAIRS, *MOUTH_PAIRS, tongue_out.PAIR):
        delta = _correction(template, keys, pair)
        delta = mouth_lining.follow_skin(delta[None])[0]
        delta[np.abs(delta).max(axis=1) < _SMALLEST] = 0
        twin = (mirrored_name(pair[0]), mirrored_name(pair[1]))
        even = set(twin) == set(pair)
        if even:
            delta = (delta + delta[mirror] * [-1, 1, 1]) / 2
        if np.linalg.norm(delta, axis=1).max() < _WORTH:
            continue
        pairs.append(pair)
        deltas.append(delta)
        if not even:
            pairs.append(twin)
            deltas.append(delta[mirror] * [-1, 1, 1])
    return CombinationShapes(tuple(pairs), np.stack(deltas).astype(np.float32))


def _pressed(template: np.ndarray, keys: np.ndarray) -> np.ndarray:
    """What makes of `mouthClose` a press of the lips, where the jaw is shut."""
    close, left, right = (keys[ARKIT_52.index(n)] for n in ("mouthClose", "mouthPressLeft", "mouthPressRight"))
    pressed = _PRESS * (left + right)
    return pressed + mouth_lining.follow_skin(settle_mouth(template, pressed)[None])[0] - close


def _correction(template: np.ndarray, keys: np.ndarray, pair: tuple[str, str]) -> np.ndarray:
    first, second = (keys[ARKIT_52.index(name)] for name in pair)
    if pair == tongue_out.PAIR:
        return tongue_out.opening_taken_back(keys)
    if pair in LID_PAIRS:
        return _lids(template, first, second)
    other = mirrored_name(pair[0])
    if pair[0] == other or mirrored_name(pair[1]) != pair[1]:
        return _mouth(template, first, second, pair)
    # both sides are used together more often than one alone: what they need with the even key is halved
    twin = keys[ARKIT_52.index(other)]
    both = _mouth(template, first + twin + _mouth(template, first, twin, (pair[0], other)), second, pair)
    mirror = head_selection().mirror
    return left_share(template)[:, None] * (both + both[mirror] * [-1, 1, 1]) / 2


def left_share(template: np.ndarray) -> np.ndarray:
    """(V,) 1 on the subject's left, 0 on the right, mirror images add up to 1."""
    part = np.clip(template[:, 0] / _MIDDLE, -1, 1)
    return (1 + part * (3 - part**2) / 2) / 2


def _lids(template: np.ndarray, first: np.ndarray, second: np.ndarray) -> np.ndarray:
    """The upper lid comes to stand from the lower one as the first key alone has it, and both before the eyeball."""
    both = first + second
    lower, upper = rims.rim_halves(template, "socket_left")
    change = rims.gap(template + first, lower, upper) - rims.gap(template + both, lower, upper)
    rings = rings_around("socket_left", _LID_REACH + 2)
    skin = part_mask("skin")
    rest = np.flatnonzero(outer_skin() & ((rings > _LID_REACH) | (rings < 0)))
    known = np.concatenate([rest, lower, upper[1:-1]])
    given = np.concatenate([np.zeros((len(rest) + len(lower), 3)), change[1:-1]])
    out = fill_smoothly(fit_template(template).laplacian, known, np.ones(len(known)), given, 1.0)
    out[~skin] = 0
    lid_contact.carry_lashes(template, out[None], orbits.lining_rows("left")[0])
    out += lid_contact.lids_held(template, both + out, "left")
    return _with_lining(out)


def _mouth(template: np.ndarray, first: np.ndarray, second: np.ndarray, pair: tuple[str, str]) -> np.ndarray:
    out = evenly(_saturated(first, second)) if pair in SATURATING else np.zeros_like(first)
    if "jawOpen" in pair:
        share = 1.0 if pair[0] != mirrored_name(pair[0]) else _ROUND_MOUTH
        out += share * even_corners(first + second + out)
    return out + settle_mouth(template, first + second + out)


def _saturated(first: np.ndarray, second: np.ndarray) -> np.ndarray:
    """Offsets that shorten the sum where both keys pull alike."""
    skin = part_mask("skin")[:, None]
    both = first + second
    length, one, other = (np.linalg.norm(a, axis=1, keepdims=True) for a in (both, first, second))
    most = np.maximum(one, other)
    alike = np.clip((first * second).sum(axis=1, keepdims=True) / np.maximum(one * other, 1e-12), 0, 1)
    wanted = most + _BEYOND * np.maximum(length - most, 0)
    return np.where(skin, alike * np.minimum(wanted / np.maximum(length, 1e-12) - 1, 0) * both, 0.0)


def _with_lining(change: np.ndarray) -> np.ndarray:
    """The socket's lining goes with the lids' edge, as in the keys."""
    still = np.zeros_like(change[None])
    return orbits.seat_keys(change[None], still)[0]
