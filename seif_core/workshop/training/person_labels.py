"""Where a photo shows a person, and which pixels of it are head rather than clothes, by place and colour.

Labels for training the parsing (`parsing_photos`). Persons are told by MediaPipe's selfie segmentation (Apache-2.0) on
several upright crops. Hair, skin and clothes are told apart by colour histograms that are learned from the one photo
(as in Rother et al., "GrabCut", SIGGRAPH 2004, https://doi.org/10.1145/1015706.1015720, without its iterations),
weighed with where a neck usually is.
"""

from __future__ import annotations

from typing import Final

import cv2
import numpy as np
from scipy.ndimage import gaussian_filter

from ...portrait.crop import Crop, Pyramid
from ...portrait.head_region import NECK_BASE, FaceFrame, above_the_base
from ...portrait.interpreter import network
from ...portrait.landmarks import Landmarks
from ...portrait.parsing_inputs import head_crop
from ...shapes import Bool, Float, Float32, UInt8

_VIEWS: Final = (2.2, 2.8, 3.6)
"""Crops for the segmentation, in sizes of the face: close for detail, wide for context."""
_BINS: Final = 24
_USED_COLOURS: Final = 1500.0
"""About how many of the histogram's cells colours of photos fall into."""


def person_probability(
    pyramid: Pyramid, landmarks: Landmarks, crop: Crop, side: int
) -> Float32[np.ndarray, "side side"]:
    """Probability of a person on each pixel of an upright crop around the head, the mean of several views.

    Args:
        pyramid: the photo.
        landmarks: of the chosen face.
        crop: of `parsing_inputs.head_crop`.
        side: pixels a side of the result.
    """
    views = [head_crop(landmarks, view) for view in _VIEWS]
    return np.mean([_onto(_segment(pyramid, c), c, crop, side) for c in views], axis=0).astype(np.float32)


def head_probability(
    image: UInt8[np.ndarray, "R R 3"], person: Float32[np.ndarray, "R R"], frame: FaceFrame
) -> Float32[np.ndarray, "R R"]:
    """Probability that a person's pixel is head (face, hair, ears, neck) rather than clothes or shoulder.

    Args:
        image: the crop, head upright.
        person: probability of a person on each pixel.
        frame: where the face lies in it.
    """
    x, y = frame.coordinates()
    beside = np.abs(x)
    is_person = person > 0.5
    face = frame.hull & (y > -0.85) & (y < -0.1)
    skin_seed = is_person & face if (is_person & face).any() else face  # a crop so tight that no person is seen in it
    hair_seed = is_person & ~frame.hull & (y < -0.7) & (beside < 0.8)
    other_seed = is_person & ((y > NECK_BASE + 0.05) | ((y > 0.15) & (beside > 0.75)))
    skin, hair, other = _colour_likelihoods(image, skin_seed, hair_seed, other_seed)
    # below the chin: a neck of skin, widening to the shoulders
    neck = np.clip((0.36 + 0.35 * np.clip(y, 0, 1) - beside) / 0.06, -3.0, 1.5)
    neck += np.clip(skin - other, -3.0, 2.0) + 0.5 - 2.0 * y
    # beside face and neck: hair (or a hat, a scarf) that hangs from above, ears; no hands, no shoulders
    ears = np.clip((0.62 - beside) / 0.06, -3.0, 3.0) - 15.0 * np.clip(y + 0.4, 0.0, 1.0)
    hangs = _hangs_from_head(person, y, frame.height)
    strands = np.clip(hair - np.maximum(other, skin - 1.0), -3.0, 3.0) - 4.0 * (1.0 - hangs) - 1.0 * (beside > 0.9)
    below = np.maximum(np.maximum(neck, ears), strands)
    above = np.clip((1.1 - beside) / 0.1, -3.0, 3.0)
    score = below + np.clip((-0.45 - y) / 0.1, 0.0, 1.0) * (above - below)
    score = np.where(frame.hull, 4.0, score)
    score = cv2.GaussianBlur(score.astype(np.float32), (0, 0), max(0.8, 0.015 * frame.height))
    return (above_the_base(frame) / (1.0 + np.exp(-2.0 * score))).astype(np.float32)


def _segment(pyramid: Pyramid, crop: Crop) -> Float32[np.ndarray, "R R"]:
    """Probability of a person on each pixel of the crop."""
    net = network("selfie_segmentation.tflite")
    image = pyramid.sample(crop, net.resolution, replicate=True).astype(np.float32) / 255.0
    return net(image)["activation_10"][..., 0].astype(np.float32)


def _onto(values: Float32[np.ndarray, "R R"], source: Crop, target: Crop, side: int) -> Float32[np.ndarray, "Q Q"]:
    """Values on one upright crop taken to another with the same centre; the border's values outside of the source."""
    resolution = values.shape[0]
    ratio = target.size / source.size
    step = ratio * resolution / side
    shift = (resolution - ratio * resolution) / 2 + step / 2 - 0.5
    matrix = np.array([[step, 0.0, shift], [0.0, step, shift]])
    flags = cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP
    return np.asarray(
        cv2.warpAffine(values, matrix, (side, side), flags=flags, borderMode=cv2.BORDER_REPLICATE),
        dtype=np.float32,
    )


def _hangs_from_head(
    person: Float32[np.ndarray, "R R"], y: Float[np.ndarray, "R R"], height: float
) -> Float[np.ndarray, "1 R"]:
    """Per column, how much of the person is above it at the level of the eyes: hair hangs there, shoulders do not."""
    rows = (y[:, 0] > -0.9) & (y[:, 0] < -0.6)
    column = person[rows].mean(0, keepdims=True) if rows.any() else np.ones_like(person[:1])
    reach = 2 * round(0.15 * height) + 1
    column = cv2.dilate(column, np.ones((1, reach), np.uint8))
    return np.asarray(cv2.blur(column, (max(1, reach // 3), 1)), dtype=np.float64)


def _colour_likelihoods(
    image: UInt8[np.ndarray, "R R 3"],
    skin: Bool[np.ndarray, "R R"],
    hair: Bool[np.ndarray, "R R"],
    other: Bool[np.ndarray, "R R"],
) -> tuple[Float[np.ndarray, "R R"], Float[np.ndarray, "R R"], Float[np.ndarray, "R R"]]:
    """Log likelihood of each pixel's colour under skin, hair and anything else, from the pixels that surely are such.

    Skin is also known in shadow. A fifth of the other colours are taken to be unknown, all where none are seen.
    """
    smooth = cv2.GaussianBlur(image, (0, 0), 1.0)
    flat = _cells(smooth)
    lit = smooth[skin][:, None].astype(np.float64)
    shaded = np.concatenate([_cells((lit * share).astype(np.uint8))[:, 0] for share in (1.0, 1.0, 0.8, 0.65, 0.5)])
    unknown = 1.0 / _USED_COLOURS

    def mixed(cells: np.ndarray, trust: float) -> np.ndarray:
        share = trust * min(1.0, len(cells) / 200.0)
        return np.log(share * _density(cells) + (1.0 - share) * unknown)

    likelihoods = mixed(shaded, 0.95), mixed(flat[hair], 0.95), mixed(flat[other], 0.8)
    return likelihoods[0][flat], likelihoods[1][flat], likelihoods[2][flat]


def _cells(image: UInt8[np.ndarray, "H W 3"]) -> np.ndarray:
    """Index of each pixel's cell in the colour histogram; none for no pixels, which OpenCV would not take."""
    if not image.size:
        return np.zeros(image.shape[:2], np.int64)
    lab = cv2.cvtColor(image, cv2.COLOR_RGB2LAB).astype(np.int64)
    chroma = np.clip((lab[..., 1:] - 128) * 2 + 128, 0, 255)  # it fills the middle of its range only: stretch it
    index = np.minimum(np.concatenate([lab[..., :1], chroma], axis=-1) * _BINS // 256, _BINS - 1)
    return (index[..., 0] * _BINS + index[..., 1]) * _BINS + index[..., 2]


def _density(indices: np.ndarray) -> Float[np.ndarray, " B"]:
    """Smoothed colour histogram (B,), summing to 1."""
    counts = np.bincount(indices, minlength=_BINS**3).reshape(_BINS, _BINS, _BINS).astype(np.float64)
    smoothed = gaussian_filter(counts, sigma=0.9, mode="nearest", truncate=3.0).reshape(-1)
    smoothed += 1e-6 * (1.0 + len(indices))
    return smoothed / smoothed.sum()
