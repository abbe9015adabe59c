"""The head mask: who is head, who is background, clothes or somebody else.

Person segmentation (MediaPipe selfie segmentation, Apache-2.0) on upright crops around the head, refined with the photo
as guide by a guided filter (He, Sun and Tang, "Guided Image Filtering", ECCV 2010,
https://doi.org/10.1007/978-3-642-15549-9_1), then limited to the head by the landmarks.
"""

from __future__ import annotations

from typing import Final

import cv2
import numpy as np

from ..shapes import Float, Float32, UInt8
from .crop import Crop, Pyramid, paste
from .interpreter import network
from .landmarks import Landmarks, turned

_VIEWS: Final = (2.2, 3.2)
"""Crops for the segmentation, in sizes of the face: close for detail, wide for context."""
_RISE: Final = 0.12
"""The crops' centre lies this many face sizes above the face's centre, for the hair."""
_RESOLUTION: Final = 768
"""Side of the refined mask in pixels, for the close crop."""


def head_mask(pyramid: Pyramid, landmarks: Landmarks) -> UInt8[np.ndarray, "H W"]:
    """Mask of the chosen head: 255 on face, hair, ears and neck, 0 elsewhere, soft at the rim.

    Args:
        pyramid: the photo.
        landmarks: of the chosen face; any scheme.
    """
    close, wide = (_head_crop(landmarks, view) for view in _VIEWS)
    resolution = int(min(_RESOLUTION, max(256, close.size)))
    person = _combined(pyramid, close, wide, resolution)
    guide = pyramid.sample(close, resolution, replicate=True).astype(np.float32) / 255.0
    refined = guided_filter(guide, person, radius=max(2, resolution // 64), epsilon=1e-4)
    alpha = np.clip((refined - 0.5) * 2.5 + 0.5, 0.0, 1.0)
    alpha = _main_component(alpha * _reach(landmarks, close, resolution), landmarks, close)
    full = paste(alpha.astype(np.float32), close, pyramid.height, pyramid.width)
    return np.clip(full * 255.0 + 0.5, 0, 255).astype(np.uint8)


def guided_filter(
    guide: Float32[np.ndarray, "H W 3"], values: Float32[np.ndarray, "H W"], radius: int, epsilon: float
) -> Float32[np.ndarray, "H W"]:
    """Colour guided filter: `values` smoothed along the edges of `guide`.

    Args:
        guide: (H, W, 3) float32 in 0..1.
        values: (H, W) float32.
        radius: of the box window in pixels.
        epsilon: how much variance of the guide counts as flat.
    """

    def mean(image: np.ndarray) -> np.ndarray:
        side = 2 * radius + 1
        return np.asarray(cv2.boxFilter(image, -1, (side, side), borderType=cv2.BORDER_REFLECT), dtype=np.float32)

    centre, level = mean(guide), mean(values)
    pairs = [(i, j) for i in range(3) for j in range(i, 3)]
    covariance = np.empty((*values.shape, 3, 3), dtype=np.float32)
    for i, j in pairs:
        entry = mean(guide[..., i] * guide[..., j]) - centre[..., i] * centre[..., j]
        covariance[..., i, j] = covariance[..., j, i] = entry + (epsilon if i == j else 0.0)
    cross = np.stack([mean(guide[..., i] * values) - centre[..., i] * level for i in range(3)], axis=-1)
    slope = np.linalg.solve(covariance, cross[..., None])[..., 0].astype(np.float32)
    offset = level - (slope * centre).sum(-1)
    return (mean(slope) * guide).sum(-1) + mean(offset)


def _head_crop(landmarks: Landmarks, view: float) -> Crop:
    upright = turned(landmarks.points[:, :2].astype(np.float64), -landmarks.roll)
    centre = (upright.min(0) + upright.max(0)) / 2 - np.array([0.0, _RISE * landmarks.size])
    x, y = turned(centre[None], landmarks.roll)[0]
    return Crop(float(x), float(y), landmarks.size * view, landmarks.roll)


def _combined(pyramid: Pyramid, close: Crop, wide: Crop, resolution: int) -> Float32[np.ndarray, "R R"]:
    """Mean of the two segmentations on the close crop's pixels."""
    near = cv2.resize(_segment(pyramid, close), (resolution, resolution), interpolation=cv2.INTER_LINEAR)
    ratio = close.size / wide.size
    step = ratio * 256 / resolution
    shift = turned(np.array([[close.x - wide.x, close.y - wide.y]]), -wide.angle)[0] / wide.size
    origin = (0.5 - ratio / 2 + shift) * 256 + step / 2 - 0.5
    matrix = np.array([[step, 0.0, origin[0]], [0.0, step, origin[1]]])
    flags = cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP
    far = cv2.warpAffine(_segment(pyramid, wide), matrix, (resolution, resolution), flags=flags)
    return ((near + far) / 2).astype(np.float32)


def _segment(pyramid: Pyramid, crop: Crop) -> Float32[np.ndarray, "R R"]:
    """Probability of a person on each pixel of the crop."""
    net = network("selfie_segmentation.tflite")
    image = pyramid.sample(crop, net.resolution, replicate=True).astype(np.float32) / 255.0
    return net(image)["activation_10"][..., 0].astype(np.float32)


def _reach(landmarks: Landmarks, crop: Crop, resolution: int) -> Float[np.ndarray, "R R"]:
    """1 where the head can be, falling to 0: an ellipse around skull and hair, and the neck below the chin."""
    points = crop.from_photo(landmarks.points[:, :2].astype(np.float64)) * resolution
    low, high = points.min(0), points.max(0)
    width, height = high - low
    y, x = np.mgrid[:resolution, :resolution].astype(np.float64) + 0.5
    centre_x = (low[0] + high[0]) / 2
    chin = high[1]
    soft = max(1.0, 0.02 * height)
    below = np.clip((chin + 0.35 * height - y) / soft, 0.0, 1.0)
    half = 1.15 * width - np.clip((y - (chin - 0.1 * height)) / (0.3 * height), 0.0, 1.0) * 0.55 * width
    beside = np.clip((half - np.abs(x - centre_x)) / soft, 0.0, 1.0)
    return below * beside


def _main_component(alpha: Float[np.ndarray, "R R"], landmarks: Landmarks, crop: Crop) -> Float[np.ndarray, "R R"]:
    """Only what hangs together with the face; holes inside it closed."""
    resolution = alpha.shape[0]
    points = crop.from_photo(landmarks.points[:, :2].astype(np.float64)) * resolution
    hull = cv2.convexHull(np.round(points).astype(np.int32))
    face = cv2.fillConvexPoly(np.zeros(alpha.shape, np.uint8), hull, (1,))
    alpha = np.maximum(alpha, face)
    count, labels = cv2.connectedComponents((alpha > 0.5).astype(np.uint8), connectivity=4)
    if count <= 1:
        return alpha
    chosen = int(np.bincount(labels[face > 0], minlength=count)[1:].argmax()) + 1
    body = (labels == chosen).astype(np.uint8)
    near = cv2.dilate(body, np.ones((5, 5), np.uint8))
    return alpha * near
