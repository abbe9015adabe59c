"""The 52 ARKit shapes on the Open head and the principal components of their plausible mixtures.

Skin, teeth and tongue come from MakeHuman's face units. The eyeballs turn rigidly about their centres, by the angles
below, because the face units also shift them a little out of their sockets.

Convention: metres at weight 1, on MakeHuman's macro mean; left is the subject's left. Worked number: the middle of
the lower lip moves down by about 25 mm under ``jawOpen``.
"""

from __future__ import annotations

from typing import Final

import numpy as np

from ...expressions.arkit import ARKIT_52, mirrored_name
from ...headmodel.skinning import rotation_matrices
from ...shapes import Float64
from . import makehuman
from .eyeballs import SCLERA_RADIUS, unit_eyeball
from .regions import rings_around
from .rig import part_mask, smooth
from .selection import cavity_mask, head_selection
from .sliders import DECIMETRE

GAZE_UP: Final = np.radians(22.0)
GAZE_DOWN: Final = np.radians(24.0)
GAZE_SIDE: Final = np.radians(30.0)
"""Turn of the eyeball at weight 1 of ``eyeLookUp``, ``-Down``, ``-In`` and ``-Out``: the reach of comfortable gaze."""

_GAZE: Final = {
    "eyeLookDown": ("x", GAZE_DOWN, GAZE_DOWN),
    "eyeLookUp": ("x", -GAZE_UP, -GAZE_UP),
    "eyeLookIn": ("y", -GAZE_SIDE, GAZE_SIDE),
    "eyeLookOut": ("y", GAZE_SIDE, -GAZE_SIDE),
}
"""Name without side -> axis, angle of the left eye, angle of the right eye."""

CHEEK_SMOOTHING: Final = 6.0
"""Strength of the smoothing of ``cheekPuff``, whose face unit has a hard edge across the cheek."""

EXPRESSION_COMPONENTS: Final = 45
_DRAWS: Final = 3000


def key_shapes() -> Float64[np.ndarray, "K V 3"]:
    """(52, V, 3) offsets of the ARKit shapes in Apple's order, metres at weight 1."""
    selection = head_selection()
    shapes = np.stack([selection.from_body(makehuman.read_face_unit(name)) * DECIMETRE for name in ARKIT_52])
    eyeballs = part_mask("eye_left") | part_mask("eye_right")
    shapes[:, eyeballs] = 0.0
    for index, name in enumerate(ARKIT_52):
        gaze = name.removesuffix("Left").removesuffix("Right")
        if gaze in _GAZE:
            axis, left, right = _GAZE[gaze]
            part, angle = ("eye_left", left) if name.endswith("Left") else ("eye_right", right)
            shapes[index, part_mask(part)] = _turned_eyeball(axis, angle)
    puff = ARKIT_52.index("cheekPuff")
    outer = part_mask("skin") & ~(rings_around("mouth", 5) >= 0) & ~cavity_mask("mouth")
    shapes[puff, outer] = smooth(shapes[puff], CHEEK_SMOOTHING)[outer]
    # the face units are hand-made and a little uneven: each is averaged with its twin's mirror image
    twins = [ARKIT_52.index(mirrored_name(name)) for name in ARKIT_52]
    return (shapes + shapes[twins][:, selection.mirror] * [-1, 1, 1]) / 2


def _turned_eyeball(axis: str, angle: float) -> np.ndarray:
    """Offsets (N, 3) of a turned eyeball's vertices in metres at its size on the calibrated mean."""
    vector = np.zeros((1, 3))
    vector[0, "xyz".index(axis)] = angle
    return SCLERA_RADIUS * (unit_eyeball() @ rotation_matrices(vector)[0].T - unit_eyeball())


def expression_components(
    keys: Float64[np.ndarray, "K V 3"], jaw_motion: Float64[np.ndarray, "K V 3"], seed: int = 0
) -> Float64[np.ndarray, "E V 3"]:
    """Principal components (E, V, 3) of random plausible mixtures of the ARKit shapes, metres per standard deviation.

    Args:
        keys: (52, V, 3) ARKit shapes.
        jaw_motion: (52, V, 3) the part of each shape that the jaw joint makes; it is left out, as in FLAME, where the
            jaw's pose is a parameter of its own. Eyeballs are left out for the same reason.
        seed: of the random mixtures.
    """
    own = keys - jaw_motion
    own[:, part_mask("eye_left") | part_mask("eye_right")] = 0.0
    weights = _plausible_weights(np.random.default_rng(seed))
    centred = weights - weights.mean(axis=0)
    flat = own.reshape(len(own), -1)
    skin = np.repeat(head_selection().vertex_part == 0, 3)
    covariance = centred.T @ centred / (len(centred) - 1)
    root = np.linalg.cholesky(covariance + 1e-9 * np.eye(len(covariance)))
    values, vectors = np.linalg.eigh(root.T @ (flat[:, skin] @ flat[:, skin].T) @ root)
    top = np.argsort(values)[::-1][:EXPRESSION_COMPONENTS]
    mixtures = (root @ vectors[:, top]).T  # (E, 52) weights of one standard deviation
    components = np.tensordot(mixtures, own, axes=1)
    rows = components.reshape(len(components), -1)
    sign = np.sign(rows[np.arange(len(rows)), np.abs(rows).argmax(axis=1)])
    return components * sign[:, None, None]


def _plausible_weights(rng: np.random.Generator) -> np.ndarray:
    """(draws, 52) weights in 0..1: few shapes active at once, left and right mostly alike, opposites not together."""
    index = {name: i for i, name in enumerate(ARKIT_52)}
    weights = rng.beta(0.6, 1.6, (_DRAWS, len(ARKIT_52))) * (rng.random((_DRAWS, len(ARKIT_52))) < 0.3)
    for name, left in index.items():
        if name.endswith("Left") and not name.startswith(("jaw", "mouthLeft", "eyeLook")):
            right = index[name.removesuffix("Left") + "Right"]
            together = rng.random(_DRAWS) < 0.8
            weights[together, right] = weights[together, left] * rng.uniform(0.8, 1.2, together.sum())
    # mouthClose brings together the lips of an open jaw, no more than it is open
    weights[:, index["mouthClose"]] *= weights[:, index["jawOpen"]]
    for one, other in (
        ("jawLeft", "jawRight"),
        ("mouthLeft", "mouthRight"),
        ("mouthSmileLeft", "mouthFrownLeft"),
        ("mouthSmileRight", "mouthFrownRight"),
        ("eyeBlinkLeft", "eyeWideLeft"),
        ("eyeBlinkRight", "eyeWideRight"),
        ("browDownLeft", "browOuterUpLeft"),
        ("browDownRight", "browOuterUpRight"),
    ):
        first = rng.random(_DRAWS) < 0.5
        weights[first, index[one]] = 0.0
        weights[~first, index[other]] = 0.0
    return np.clip(weights, 0, 1)
