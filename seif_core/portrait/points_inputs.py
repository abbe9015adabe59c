"""What the network of the dense points is shown of a head: its crop, and features of a network that ships.

The features are those of MediaPipe's attention mesh (Apache-2.0), which has seen many real faces: our own network,
which has seen drawn heads alone, begins where those end.

Convention: the crop's own pixels, origin at the top left corner, centres at +0.5, y down, the head upright in it.
Worked number: a face of size 100 px whose outline's box is centred on (200, 300), not turned, is seen in a square of
160 px around (200, 295).
"""

from __future__ import annotations

from typing import Final, NamedTuple

import cv2
import numpy as np

from ..shapes import Float32, UInt8
from .crop import Crop, Pyramid
from .interpreter import network
from .landmarks import Landmarks
from .mesh_topology import MESH_POINTS
from .parsing_inputs import head_crop

SIDE: Final = 192
"""Pixels a side of what the network is shown; the attention mesh's own size."""
VIEW: Final = 1.6
"""Side of the crop in sizes of the face: the face mesh wants 1.5, ears and crown lie inside just so."""
RISE: Final = 0.05
"""The crop's centre lies this many face sizes above the face's centre."""
FINEST: Final = 146
"""Pixels a side to which the crop is brought first: the drawn heads have 91 pixels a face, so that a photo is shown no
finer than what the network learned from."""
FEATURES_FILE: Final = "face_features.tflite"
FEATURES: Final = {96: "p_re_lu_2", 48: "p_re_lu_5", 24: "p_re_lu_8", 12: "p_re_lu_11", 6: "p_re_lu_14"}
"""Tensors of the attention mesh's trunk by their side in pixels."""
FEATURE_CHANNELS: Final = {96: 16, 48: 32, 24: 64, 12: 128, 6: 128}


def points_crop(landmarks: Landmarks) -> Crop:
    """The square around a head in which its points are looked for, upright with it; landmarks of any scheme."""
    return head_crop(landmarks, VIEW, RISE)


def shown_crop(pyramid: Pyramid, crop: Crop) -> UInt8[np.ndarray, "192 192 3"]:
    """The crop of a photo as the network is shown it; the photo's border is repeated beyond its frame."""
    coarse = pyramid.sample(crop, FINEST, replicate=True)
    return np.asarray(cv2.resize(coarse, (SIDE, SIDE), interpolation=cv2.INTER_LINEAR), np.uint8)


class Shown(NamedTuple):
    """What the mesh's network says of a crop.

    Attributes:
        features: (C, s, s) by their side.
        mesh: (468, 3) its points, crop sides from the middle; the third is the depth, positive away from the viewer.
    """

    features: dict[int, Float32[np.ndarray, "C s s"]]
    mesh: Float32[np.ndarray, "M 3"]


def frozen_features(image: UInt8[np.ndarray, "192 192 3"]) -> Shown:
    """What the mesh's network says of a crop.

    Raises:
        DependencyError: LiteRT is not installed.
        ModelError: the network that ships is missing or damaged.
    """
    found = network(FEATURES_FILE)(image.astype(np.float32) / 255)
    features = {side: np.ascontiguousarray(found[name].transpose(2, 0, 1)) for side, name in FEATURES.items()}
    mesh = found["output_mesh"].reshape(MESH_POINTS, 3) / SIDE - np.array([0.5, 0.5, 0.0], np.float32)
    return Shown(features, mesh.astype(np.float32))
