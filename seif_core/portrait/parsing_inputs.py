"""What the parsing network is shown of a head: its crop, maps of the landmarks, and features of a network that ships.

The features are those of MediaPipe's selfie segmentation (Apache-2.0), which has seen many real people: our own network
begins where it ends, and needs far fewer photos of its own.

Convention: the crop's own pixels, origin at the top left corner, centres at +0.5, y down, the head upright in it.
Worked number: a face of size 100 px whose outline's box is centred on (200, 300), not turned, is seen in a square of
280 px around (200, 290).
"""

from __future__ import annotations

from typing import Final, NamedTuple

import cv2
import numpy as np

from ..shapes import Float, Float32, UInt8
from .crop import Crop
from .interpreter import network
from .landmarks import Landmarks, turned
from .mesh_topology import LIPS

SIDE: Final = 256
"""Pixels a side of what the network is shown and of what it answers; the segmentation network's own size."""
VIEW: Final = 2.8
"""Side of the crop in sizes of the face: hats and hair to the shoulders lie inside. Chosen by eye on the sample
portraits."""
RISE: Final = 0.1
"""The crop's centre lies this many face sizes above the face's centre, for the hair."""
_EYES: Final = {
    68: ((36, 37, 38, 39, 40, 41), (42, 43, 44, 45, 46, 47)),
    478: (
        (33, 7, 163, 144, 145, 153, 154, 155, 133, 173, 157, 158, 159, 160, 161, 246),
        (263, 249, 390, 373, 374, 380, 381, 382, 362, 398, 384, 385, 386, 387, 388, 466),
    ),
}
_BROWS: Final = {
    68: ((17, 18, 19, 20, 21), (22, 23, 24, 25, 26)),
    478: ((70, 63, 105, 66, 107, 55, 65, 52, 53, 46), (300, 293, 334, 296, 336, 285, 295, 282, 283, 276)),
}
_MOUTH: Final = {68: (tuple(range(48, 60)),), 478: (LIPS,)}
"""Outlines by the number of landmarks: right one first."""
_FOREHEAD_68: Final = 0.21
"""The 68 points end at the brows: by this share of their height the face's outline goes on, as far as the Face Mesh's
does. Measured on the astronaut that scikit-image ships."""
_REACH: Final = 0.5
"""Distance from the face's outline, in face sizes, from which the map of distances says no more."""
_SEGMENTATION: Final = "selfie_features.tflite"
FEATURES: Final = {
    128: ("add_13__xeno_compat__1",),
    64: ("multiply", "add_10__xeno_compat__1"),
    32: ("add__xeno_compat__1", "add_7__xeno_compat__1"),
    16: ("add_4__xeno_compat__1", "multiply_6"),
}
"""Tensors of the segmentation network by their side in pixels: one from its encoder, one from its decoder."""
FEATURE_CHANNELS: Final = {128: 16, 64: 32, 32: 48, 16: 160}
MAPS: Final = 11
"""Channels of `picture_maps`."""
PERSON: Final = 3
"""Which of them tells person from background, -1..1."""


class NetworkInputs(NamedTuple):
    """What the network is shown of one crop.

    Attributes:
        maps: (11, S, S): colours (3, -1..1), person, inside the photo, place in the face (2), distance from the face's
            outline, eyes, brows, mouth.
        features: by side, (C, s, s), of the segmentation network.
    """

    maps: Float32[np.ndarray, "11 S S"]
    features: dict[int, Float32[np.ndarray, "C s s"]]


def head_crop(landmarks: Landmarks, view: float = VIEW, rise: float = RISE) -> Crop:
    """The square around a head, upright with it.

    Args:
        landmarks: of any scheme.
        view: side of the square in sizes of the face.
        rise: sizes of the face by which its centre lies above the face's.
    """
    outline = turned(face_outline(landmarks), -landmarks.roll)
    low, high = outline.min(0), outline.max(0)
    size = float((high - low).max())
    x, y = turned(((low + high) / 2 - np.array([0.0, rise * size]))[None], landmarks.roll)[0]
    return Crop(float(x), float(y), size * view, landmarks.roll)


def face_outline(landmarks: Landmarks) -> Float[np.ndarray, "N 2"]:
    """Points in the photo whose convex hull is the face, forehead included."""
    points = landmarks.points[:, :2].astype(np.float64)
    if len(points) != 68:
        return points
    upright = turned(points, -landmarks.roll)
    height = upright[:, 1].max() - upright[:, 1].min()
    brows = upright[17:27] - np.array([0.0, _FOREHEAD_68 * height])
    return np.concatenate([points, turned(brows, landmarks.roll)])


def network_inputs(
    image: UInt8[np.ndarray, "256 256 3"],
    seen: Float32[np.ndarray, "256 256"],
    points: Float[np.ndarray, "L 2"],
    outline: Float[np.ndarray, "N 2"],
) -> NetworkInputs:
    """Everything that the network is shown.

    Args:
        image: the crop, sRGB.
        seen: 1 where the crop's pixel lies in the photo.
        points: landmarks in pixels of the crop, 68 or 478.
        outline: points whose convex hull is the face, pixels of the crop.

    Raises:
        DependencyError: LiteRT is not installed.
        ModelError: the segmentation network is missing or damaged.
    """
    found = network(_SEGMENTATION)(image.astype(np.float32) / 255)
    features = {
        side: np.concatenate([found[name].transpose(2, 0, 1) for name in names]).astype(np.float32)
        for side, names in FEATURES.items()
    }
    maps = picture_maps(image, found["activation_10"][..., 0].astype(np.float32), seen, points, outline)
    return NetworkInputs(maps, features)


def picture_maps(
    image: UInt8[np.ndarray, "S S 3"],
    person: Float32[np.ndarray, "S S"],
    seen: Float32[np.ndarray, "S S"],
    points: Float[np.ndarray, "L 2"],
    outline: Float[np.ndarray, "N 2"],
) -> Float32[np.ndarray, "11 S S"]:
    """The channels of `NetworkInputs.maps`; arguments as in `network_inputs`, and the probability of a person."""
    side = image.shape[0]
    low, high = outline.min(0), outline.max(0)
    size, centre = max(float((high - low).max()), 1.0), (low + high) / 2
    rows, columns = np.mgrid[:side, :side].astype(np.float32) + 0.5
    count = 68 if len(points) == 68 else 478
    drawn = [_filled(points, rings, side) for rings in (_EYES[count], _BROWS[count], _MOUTH[count])]
    parts = [
        *(image.astype(np.float32).transpose(2, 0, 1) / 127.5 - 1),
        person * 2 - 1,
        seen,
        (columns - centre[0]) / size,
        (rows - centre[1]) / size,
        np.clip(_distance(outline, side) / (_REACH * size), -1, 1),
        *drawn,
    ]
    return np.stack(parts).astype(np.float32)


def _distance(outline: Float[np.ndarray, "N 2"], side: int) -> Float32[np.ndarray, "S S"]:
    """Distance to the hull's rim, pixels, positive inside."""
    hull = cv2.convexHull(np.round(outline - 0.5).astype(np.int32))
    inside = cv2.fillConvexPoly(np.zeros((side, side), np.uint8), hull, (1,))
    return np.asarray(
        cv2.distanceTransform(inside, cv2.DIST_L2, 3) - cv2.distanceTransform(1 - inside, cv2.DIST_L2, 3), np.float32
    )


def _filled(points: np.ndarray, rings: tuple[tuple[int, ...], ...], side: int) -> Float32[np.ndarray, "S S"]:
    out = np.zeros((side, side), np.float32)
    for ring in rings:
        hull = cv2.convexHull(np.round((points[list(ring)] - 0.5) * 16).astype(np.int32))
        cv2.fillConvexPoly(out, hull, (1.0,), cv2.LINE_AA, 4)
    return out
