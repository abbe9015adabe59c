"""The head mask: what is head, what is background, clothes or somebody else.

The parsing's classes of the head, its skin limited to face and neck, refined with the photo as guide by a guided filter
(He, Sun and Tang, "Guided Image Filtering", ECCV 2010, https://doi.org/10.1007/978-3-642-15549-9_1), worked out on a
small crop and applied to the photo's own pixels (He and Sun, "Fast Guided Filter", 2015,
https://arxiv.org/abs/1505.00996).
"""

from __future__ import annotations

from dataclasses import replace
from typing import Final

import cv2
import numpy as np

from ..shapes import Bool, Float32, UInt8
from .crop import Crop, Pyramid, paste
from .guided_filter import apply_lines, guided_lines
from .head_parsing import HeadParsing
from .head_region import above_the_base, face_frame, neck_place
from .landmarks import Landmarks

_FACE: Final = 0.9
"""Least share of the head within the landmarks' outline where nothing lies before it."""
_FINE: Final = (256, 512)
"""Least and largest side in pixels of the crop on which the guided filter works."""
_STRIP: Final = 64
"""Rows of the photo that are refined at a time."""
_FLAT: Final = 3e-4
"""Variance of the photo's colours (0..1) that counts as none."""
_GAIN: Final = 2.5
"""How much steeper the mask's rim becomes than the filter leaves it."""


def head_mask(pyramid: Pyramid, landmarks: Landmarks, parsing: HeadParsing) -> UInt8[np.ndarray, "H W"]:
    """Mask of the chosen head: 255 on face, hair, hat, ears and neck, 0 elsewhere, soft at the rim.

    What lies before the head (`head_parsing.CLASSES`: front) is left out.

    Args:
        pyramid: the photo.
        landmarks: of the chosen face; any scheme.
        parsing: what each pixel of the head's crop shows.
    """
    crop = parsing.crop
    frame = face_frame(landmarks, crop, len(parsing.labels))
    skin = parsing.share("skin", "beard", "brows", "glasses")
    head = skin * neck_place(frame) + parsing.share("hair", "headwear")
    face = frame.hull * np.clip(_FACE - parsing.share("front"), 0, 1)
    head = _main_component(np.maximum(head * above_the_base(frame), face).astype(np.float32), frame.hull)
    fine = int(np.clip(crop.size, *_FINE))
    guide = pyramid.sample(crop, fine, replicate=True).astype(np.float32) / 255.0
    head = cv2.resize(head.astype(np.float32), (fine, fine), interpolation=cv2.INTER_LINEAR)
    lines = guided_lines(guide, head, radius=max(2, fine // 64), epsilon=_FLAT)
    return _at_full_resolution(pyramid, crop, lines)


def _at_full_resolution(pyramid: Pyramid, crop: Crop, lines: Float32[np.ndarray, "R R 4"]) -> UInt8[np.ndarray, "H W"]:
    """The filter's lines applied to the photo's own pixels (fast guided filter), 0 outside of the crop."""
    mask = np.zeros((pyramid.height, pyramid.width), np.uint8)
    corners = crop.to_photo(np.array([[0.0, 0.0], [1.0, 0.0], [1.0, 1.0], [0.0, 1.0]]))
    x0, y0 = (max(int(v), 0) for v in np.floor(corners.min(0)))
    x1, y1 = (min(int(v), end) for v, end in zip(np.ceil(corners.max(0)), (pyramid.width, pyramid.height), strict=True))
    if x1 <= x0 or y1 <= y0:
        return mask
    for top in range(y0, y1, _STRIP):  # strips stay in the processor's cache
        rows = slice(top, min(top + _STRIP, y1))
        local = paste(lines, replace(crop, x=crop.x - x0, y=crop.y - top), rows.stop - top, x1 - x0)
        value = apply_lines(local, pyramid.pixels[rows, x0:x1].astype(np.float32) / 255.0)
        mask[rows, x0:x1] = np.clip((value - 0.5) * (_GAIN * 255.0) + 128.0, 0, 255).astype(np.uint8)
    return mask


def _main_component(alpha: Float32[np.ndarray, "R R"], face: Bool[np.ndarray, "R R"]) -> Float32[np.ndarray, "R R"]:
    """Only what hangs together with the face; holes inside it closed."""
    count, labels = cv2.connectedComponents((alpha > 0.5).astype(np.uint8), connectivity=4)
    if count == 1:
        return alpha  # nothing is surely head: there is nothing to choose from
    chosen = int(np.bincount(labels[face], minlength=count)[1:].argmax()) + 1
    body = (labels == chosen).astype(np.uint8)
    outside = np.pad(1 - body, 1, constant_values=1)
    _, gaps = cv2.connectedComponents(outside, connectivity=4)
    holes = (gaps != gaps[0, 0])[1:-1, 1:-1] & (body == 0)
    near = cv2.dilate(body, np.ones((5, 5), np.uint8))
    return np.where(holes, np.float32(1.0), alpha * near).astype(np.float32)
