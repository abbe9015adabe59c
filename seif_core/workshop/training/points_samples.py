"""Drawn heads as samples of the dense points, and what is done to them so that no two showings are alike.

Convention: pixels of a picture, origin at the top left, centres at +0.5, y down; places of the answer are in crop sides
from the crop's middle. Worked number: pixel (144, 48) of a crop of 192 lies at (0.25, -0.25).
"""

from __future__ import annotations

from pathlib import Path
from typing import Final, NamedTuple

import cv2
import numpy as np

from ...headmodel.dense_set import DenseSet
from ...portrait.head_parsing import CLASSES
from ...portrait.points_inputs import RISE, SIDE, VIEW
from ...shapes import Bool, Float, Float32, UInt8
from .parsing_pasted import paste_things
from .parsing_samples import ParsingSample, before_another_wall, bits, photographed, recoloured

_PASTED: Final = 0.12
"""Share of the showings that something is pasted onto; the drawn heads have glasses and hands of their own."""
_BARE: Final = bits("skin", "brows", "beard")
_FRONT_EACH: Final = 3
"""Of the heads with a hand or a thing before them each so manieth is shown: they are more than portraits have."""
_CUT_OFF: Final = 0.12
"""Share of the showings that look as if the photo ended close to the face."""


class PointSample(NamedTuple):
    """A drawn head and its points; S pixels a side, N points.

    Attributes:
        head: picture, classes and landmarks, as the parsing is trained with.
        pixels: (N, 2) the dense points in it.
        seen: (N,) whether it shows them.
    """

    head: ParsingSample
    pixels: Float32[np.ndarray, "N 2"]
    seen: Bool[np.ndarray, " N"]


class ShownPoints(NamedTuple):
    """What the network is shown of a sample, and what it should say.

    Attributes:
        image: (192, 192, 3) uint8 sRGB.
        places: (N, 2) crop sides from the middle.
        seen: (N,).
    """

    image: UInt8[np.ndarray, "S S 3"]
    places: Float32[np.ndarray, "N 2"]
    seen: Bool[np.ndarray, " N"]


def point_samples(shard: Path, truth: Path, *, kept_back: bool = False) -> list[PointSample]:
    """The heads of one file of a pool that are trained on, or those that are kept back.

    Args:
        shard: file of a pool (`drawing.pool`).
        truth: file that `points_truth.write_truth` made of it.
        kept_back: the others.
    """
    with np.load(truth) as known:
        pixels, seen, held = known["pixels"], known["seen"], known["held"]
    with np.load(shard) as data:
        photos, labels, landmarks = (data[name] for name in ("photo", "labels", "landmarks"))
        in_front = np.array(["front" in str(words).split() for words in data["words"]])
    wanted = (held == kept_back) & ~(in_front & (np.arange(len(held)) % _FRONT_EACH > 0))
    whole = np.ones(labels.shape[1:], np.float32)
    out = []
    for k in np.flatnonzero(wanted):
        allowed = np.uint16(1) << np.minimum(labels[k], len(CLASSES) - 1).astype(np.uint16)
        points = landmarks[k, :, :2].astype(np.float32)
        head = ParsingSample(photos[k], allowed.astype(np.uint16), whole, points, points)
        out.append(PointSample(head, pixels[k], seen[k]))
    return out


def shown(sample: PointSample, points: DenseSet, draw: np.random.Generator, patches: list[np.ndarray]) -> ShownPoints:
    """The sample as another photographer might have shown it.

    Args:
        sample: as it is kept.
        points: which is whose mirror image.
        draw: randomness.
        patches: pieces of other pictures, for walls and pasted things.
    """
    head = sample.head
    if draw.random() < 0.35:
        head = recoloured(head, draw)
    if draw.random() < 0.5:
        head = before_another_wall(head, draw, patches)
    if draw.random() < _PASTED:
        head = paste_things(head, draw, patches)
    side = len(head.image)
    column, row = np.clip(sample.pixels, 0, side - 1).astype(int).T
    seen = sample.seen & ((head.allowed[row, column] & np.uint16(_BARE)) != 0)
    mirrored = bool(draw.random() < 0.5)
    angle = draw.normal(0, 4) if draw.random() < 0.85 else draw.uniform(-20, 20)
    scale = float(np.exp(draw.normal(0, 0.05)))
    matrix = _framing(head.points, angle, scale, draw.normal(0, 0.018, 2), mirrored=mirrored)
    result = _warped(head.image, sample.pixels, seen, matrix)
    if mirrored:
        result = result._replace(places=result.places[points.mirror], seen=result.seen[points.mirror])
    image = result.image
    if draw.random() < _CUT_OFF:
        image = _cut_off(image, result.places, draw)
    return result._replace(image=photographed(image, draw))


def plainly_shown(sample: PointSample) -> ShownPoints:
    """The sample just as it is, in the crop that the network is shown."""
    matrix = _framing(sample.head.points, 0.0, 1.0, np.zeros(2), mirrored=False)
    return _warped(sample.head.image, sample.pixels, sample.seen, matrix)


def _framing(
    marks: Float[np.ndarray, "L 2"], angle: float, scale: float, shift: np.ndarray, *, mirrored: bool
) -> Float[np.ndarray, "2 3"]:
    """OpenCV's affine matrix (centres at integers) from a picture to the crop about its landmarks."""
    low, high = marks.min(0), marks.max(0)
    size = float((high - low).max())
    centre = (low + high) / 2 - np.array([0, RISE * size])
    ratio = SIDE / (VIEW * size) * scale
    cos, sin = np.cos(np.radians(angle)) * ratio, np.sin(np.radians(angle)) * ratio
    linear = np.array([[cos, -sin], [sin, cos]])
    if mirrored:
        linear[0] = -linear[0]
    offset = SIDE / 2 + shift * SIDE - 0.5 - linear @ (centre - 0.5)
    return np.column_stack([linear, offset])


def _warped(image: np.ndarray, pixels: np.ndarray, seen: np.ndarray, matrix: np.ndarray) -> ShownPoints:
    flags, border = cv2.INTER_LINEAR, cv2.BORDER_REPLICATE
    crop = cv2.warpAffine(image, matrix, (SIDE, SIDE), flags=flags, borderMode=border)
    moved = (pixels - 0.5) @ matrix[:, :2].T + matrix[:, 2] + 0.5
    return ShownPoints(np.asarray(crop, np.uint8), (moved / SIDE - 0.5).astype(np.float32), seen)


def _cut_off(image: np.ndarray, places: np.ndarray, draw: np.random.Generator) -> np.ndarray:
    """As if the photo ended closer to the head on some sides; its border is repeated."""
    low, high = places.min(0), places.max(0)
    margin = draw.uniform(-0.12, 0.3, 4)
    x0, y0 = (int(np.clip((v + 0.5) * SIDE, 0, SIDE * 0.3)) for v in low - margin[:2])
    x1, y1 = (int(np.clip((v + 0.5) * SIDE, SIDE * 0.7, SIDE)) for v in high + margin[2:])
    inner = image[y0:y1, x0:x1]
    return np.asarray(cv2.copyMakeBorder(inner, y0, SIDE - y1, x0, SIDE - x1, cv2.BORDER_REPLICATE), np.uint8)
