"""Attention mesh: lips and eyelids seen at four times the mesh's resolution.

Source: Grishchenko et al., "Attention Mesh: High-fidelity Face Mesh Prediction in Real-time", 2020,
https://arxiv.org/abs/2006.10962. The network is MediaPipe's, in two parts; between them the feature map is sampled on
squares around lips and eyes, which MediaPipe does with operators of its own. How those sample (pixel centres, squares
of 16 px) was found by the landmarks' steadiness under shifted and mirrored crops.
"""

from __future__ import annotations

import math
from typing import Final

import numpy as np

from ..shapes import Float, Float32
from .crop import Crop, Pyramid
from .interpreter import network
from .mesh_topology import LEFT_EYE_REGION, LIPS, MESH_POINTS, MIRROR, RIGHT_EYE_REGION

_SIDE: Final = 16
_MARGIN: Final = 1.5
_STRIDE: Final = 4
"""Pixels of the 192 px input per cell of the feature map; also units of the heads' output per cell of their square."""
_REGIONS: Final = (
    ("transform_tensor_bilinear_v2", "conv_lips", LIPS, 61, 291),
    ("transform_tensor_bilinear_v2_1", "conv_left_eye", RIGHT_EYE_REGION, 33, 133),
    ("transform_tensor_bilinear_v2_2", "conv_right_eye", LEFT_EYE_REGION, 362, 263),
)
"""Input and output of the head, its landmarks, and the two of them that lie level. The network's left is the picture's,
ours the person's."""


def attention_mesh(pyramid: Pyramid, crop: Crop) -> Float[np.ndarray, "P 3"]:
    """Points (468, 3) in pixels, with lips and eyelids refined."""
    trunk = network("face_attention_trunk.tflite")
    outputs = trunk(pyramid.sample(crop, trunk.resolution).astype(np.float32) / 255.0)
    raw = outputs["output_mesh"].reshape(MESH_POINTS, 3).astype(np.float64)
    features = outputs["p_re_lu_3"]
    squares = {name: _square(raw[list(rows), :2] / _STRIDE, raw[[a, b], :2]) for name, _, rows, a, b in _REGIONS}
    heads = network("face_attention_heads.tflite")
    refined = heads.run({name: _sampled(features, *square) for name, square in squares.items()})
    for name, output, rows, _, _ in _REGIONS:
        linear, centre = squares[name]
        local = refined[output].reshape(-1, 2).astype(np.float64) / _STRIDE - _SIDE / 2
        raw[list(rows), :2] = (local @ linear.T + centre) * _STRIDE
    raw /= trunk.resolution
    points = np.column_stack([crop.to_photo(raw[:, :2]), raw[:, 2] * crop.size])
    return points[MIRROR] if crop.mirrored else points


def _square(
    points: Float[np.ndarray, "N 2"], level: Float[np.ndarray, "2 2"]
) -> tuple[Float[np.ndarray, "2 2"], Float[np.ndarray, "2"]]:
    """The turned rectangle around a region: (2, 2) from cells of the square to cells of the map, and its centre."""
    dx, dy = level[1] - level[0]
    angle = math.atan2(dy, dx)
    rotation = np.array([[math.cos(angle), -math.sin(angle)], [math.sin(angle), math.cos(angle)]])
    upright = points @ rotation
    low, high = upright.min(0), upright.max(0)
    return rotation * ((high - low) * _MARGIN / _SIDE), rotation @ ((low + high) / 2)


def _sampled(
    features: Float32[np.ndarray, "M M C"], linear: Float[np.ndarray, "2 2"], centre: Float[np.ndarray, "2"]
) -> Float32[np.ndarray, "S S C"]:
    """The feature map on the square, bilinear, zero outside of the map; cell centres at +0.5."""
    size = features.shape[0]
    cells = np.arange(_SIDE) + 0.5 - _SIDE / 2
    grid = np.stack(np.meshgrid(cells, cells), axis=-1).reshape(-1, 2)
    place = grid @ linear.T + centre - 0.5
    corner = np.floor(place).astype(np.int64)
    part = place - corner
    result = np.zeros((len(grid), features.shape[2]), dtype=np.float32)
    for x in (0, 1):
        for y in (0, 1):
            at = corner + np.array([x, y])
            weight = np.abs(1 - x - part[:, 0]) * np.abs(1 - y - part[:, 1])
            weight *= ((at >= 0) & (at < size)).all(1)
            column, row = np.clip(at, 0, size - 1).T
            result += features[row, column] * weight[:, None].astype(np.float32)
    return result.reshape(_SIDE, _SIDE, -1)
