"""Samples of the parsing, and what is done to them so that no two showings are alike."""

from __future__ import annotations

from typing import Final, NamedTuple

import cv2
import numpy as np
from scipy.ndimage import distance_transform_edt

from ...portrait.head_parsing import CLASSES
from ...portrait.parsing_inputs import RISE, SIDE, VIEW
from ...shapes import Float32, UInt8
from .parsing_pasted import paste_things

_OTHER_WALLS: Final = 0.55
"""Share of the showings before another background: most portraits that are to be had stand before an even one."""
_EVEN_WALLS: Final = 0.25
_BLURRED_WALLS: Final = 0.7
"""Of those, shares of even and of blurred ones; chosen by eye."""
_BEYOND: Final = 0.5
"""Least share of the photo in a pixel that belongs to it."""


class ParsingSample(NamedTuple):
    """A head and what is known of it.

    Attributes:
        image: (S, S, 3) uint8 sRGB.
        allowed: (S, S) uint16, the classes that a pixel may have, as bits; 0 where nothing is known.
        seen: (S, S) float32, 1 inside the photo.
        points: (L, 2) float32 landmarks, pixels of the image; 68 or 478.
        outline: (N, 2) float32, points whose hull is the face.
    """

    image: UInt8[np.ndarray, "S S 3"]
    allowed: np.ndarray
    seen: Float32[np.ndarray, "S S"]
    points: Float32[np.ndarray, "L 2"]
    outline: Float32[np.ndarray, "N 2"]


def bits(*names: str) -> int:
    """The number that stands for classes: bit k for `CLASSES[k]`."""
    return sum(1 << CLASSES.index(name) for name in names)


def varied(sample: ParsingSample, draw: np.random.Generator, patches: list[np.ndarray], pasted: float) -> ParsingSample:
    """The sample as another photographer might have shown it, in the crop that the network is shown.

    Args:
        sample: as it is kept.
        draw: randomness.
        patches: pieces of other pictures, from which pasted things take their look.
        pasted: share of the showings that something is pasted onto.
    """
    if draw.random() < 0.35:
        sample = recoloured(sample, draw)
    if draw.random() < _OTHER_WALLS:
        sample = before_another_wall(sample, draw, patches)
    if draw.random() < pasted:
        sample = paste_things(sample, draw, patches)
    shown = _turned(sample, draw)
    if draw.random() < 0.25:
        shown = _cut_off(shown, draw)
    return shown._replace(image=photographed(shown.image, draw))


def centred(sample: ParsingSample) -> ParsingSample:
    """The sample just as it is, in the crop that the network is shown."""
    return _warped(sample, np.array([[1, 0, 0], [0, 1, 0]], np.float32), sample.points, sample.outline)


def photographed(image: UInt8[np.ndarray, "S S 3"], draw: np.random.Generator) -> UInt8[np.ndarray, "S S 3"]:
    """Exposure, colour, grey, blur, noise and JPEG."""
    x = image.astype(np.float32) / 255
    if draw.random() < 0.35:
        small = int(len(x) * draw.uniform(0.25, 0.9))
        x = cv2.resize(cv2.resize(x, (small, small), interpolation=cv2.INTER_AREA), image.shape[:2])
    x = np.clip(x, 0, 1) ** np.exp(draw.normal(0, 0.3))
    x = (x - 0.5) * draw.uniform(0.65, 1.3) + 0.5 + draw.normal(0, 0.08)
    grey = x @ np.array([0.299, 0.587, 0.114], np.float32)
    if draw.random() < 0.45:
        x = np.repeat(grey[..., None], 3, axis=2)
        if draw.random() < 0.25:
            x = x * (1 + draw.normal(0, 0.06, 3))
    else:
        x = grey[..., None] + (x - grey[..., None]) * draw.uniform(0.4, 1.5)
        x = x * np.exp(draw.normal(0, 0.09, 3))
    if draw.random() < 0.5:
        x = x + draw.normal(0, draw.uniform(0, 0.04), x.shape)
    out = (np.clip(x, 0, 1) * 255).astype(np.uint8)
    if draw.random() < 0.5:
        coded = cv2.imencode(".jpg", out, [cv2.IMWRITE_JPEG_QUALITY, int(draw.integers(25, 95))])[1]
        out = np.asarray(cv2.imdecode(coded, cv2.IMREAD_COLOR), np.uint8)
    return out


def _turned(sample: ParsingSample, draw: np.random.Generator) -> ParsingSample:
    """Turned, scaled, moved and mirrored; the landmarks not quite where they should be."""
    side = len(sample.image)
    angle = draw.normal(0, 6) if draw.random() < 0.8 else draw.uniform(-25, 25)
    matrix = cv2.getRotationMatrix2D((side / 2, side / 2), angle, np.exp(draw.normal(0, 0.09)))
    matrix[:, 2] += draw.normal(0, 0.025 * side, 2)
    if draw.random() < 0.5:
        matrix[0] = -matrix[0]
        matrix[0, 2] += side
    size = np.ptp(sample.outline[:, 1])
    slip, swell = draw.normal(0, 0.012 * size, 2), 1 + draw.normal(0, 0.02, 2)
    middle = sample.outline.mean(0)
    points, outline = ((p - middle) * swell + middle + slip for p in (sample.points, sample.outline))
    return _warped(sample, matrix.astype(np.float32), points, outline)


def _warped(sample: ParsingSample, matrix: np.ndarray, points: np.ndarray, outline: np.ndarray) -> ParsingSample:
    """Through a matrix of the sample's pixels, then to the crop of its face (`parsing_inputs.head_crop`)."""
    low, high = sample.outline.min(0), sample.outline.max(0)
    size = float((high - low).max())
    centre, ratio = (low + high) / 2 - np.array([0, RISE * size]), SIDE / (VIEW * size)
    total = matrix * ratio
    total[:, 2] += (0.5 - centre) * ratio + SIDE / 2 - 0.5
    frame = (SIDE, SIDE)
    image = cv2.warpAffine(sample.image, total, frame, flags=cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)
    allowed = cv2.warpAffine(sample.allowed, total, frame, flags=cv2.INTER_NEAREST)
    seen = cv2.warpAffine(sample.seen, total, frame, flags=cv2.INTER_LINEAR)

    def moved(p: np.ndarray) -> Float32[np.ndarray, "N 2"]:
        return ((p - 0.5) @ total[:, :2].T + total[:, 2] + 0.5).astype(np.float32)

    return ParsingSample(np.asarray(image, np.uint8), np.asarray(allowed), seen, moved(points), moved(outline))


def _cut_off(shown: ParsingSample, draw: np.random.Generator) -> ParsingSample:
    """As if the photo ended closer to the face; its border is repeated, as the pyramid does."""
    side = len(shown.image)
    low, high = shown.outline.min(0), shown.outline.max(0)
    margin = draw.uniform(0.05, 1.2, 4) * (high[1] - low[1])
    x0, y0 = (int(max(0, v)) for v in low - margin[:2])
    x1, y1 = (int(min(side, v)) for v in high + margin[2:])
    if x1 - x0 < 8 or y1 - y0 < 8:
        return shown
    image = cv2.copyMakeBorder(shown.image[y0:y1, x0:x1], y0, side - y1, x0, side - x1, cv2.BORDER_REPLICATE)
    outside = np.ones((side, side), bool)
    outside[y0:y1, x0:x1] = False
    allowed, seen = shown.allowed.copy(), shown.seen.copy()
    allowed[outside], seen[outside] = 0, 0
    return shown._replace(image=np.asarray(image, np.uint8), allowed=allowed, seen=seen)


def recoloured(sample: ParsingSample, draw: np.random.Generator) -> ParsingSample:
    """Hair, beard and clothes of another colour and brightness, texture as it was."""
    lab = cv2.cvtColor(sample.image.astype(np.float32) / 255, cv2.COLOR_RGB2Lab)
    for names in (("hair", "beard"), ("clothes",), ("background",)):
        if draw.random() < 0.4:
            continue
        wanted = bits(*names)
        where = ((sample.allowed != 0) & ((sample.allowed & ~np.uint16(wanted)) == 0)).astype(np.float32)
        if where.sum() < 50:
            continue
        share = cv2.GaussianBlur(where, (0, 0), 1.5)[..., None] * (0.3 + 0.7 * where[..., None])
        mean = lab[where > 0].mean(0)
        hairy = names[0] == "hair"
        aim = np.array([draw.uniform(12, 75), draw.normal(4, 4), draw.normal(10, 8)], np.float32)
        if not hairy:
            aim = np.array([draw.uniform(8, 92), draw.normal(0, 18), draw.normal(0, 18)], np.float32)
        new = (lab - mean) * np.array([draw.uniform(0.6, 1.3), 1, 1], np.float32) + aim
        lab = lab + (new - lab) * share
    image = np.clip(cv2.cvtColor(lab.astype(np.float32), cv2.COLOR_Lab2RGB), 0, 1) * 255
    return sample._replace(image=image.astype(np.uint8))


def before_another_wall(sample: ParsingSample, draw: np.random.Generator, patches: list[np.ndarray]) -> ParsingSample:
    """The background replaced, sometimes by one even colour, as cut-out pictures have."""
    where = (sample.allowed == bits("background")).astype(np.float32)
    share = cv2.GaussianBlur(where, (0, 0), 0.8)[..., None]
    wall = _wall(len(where), draw, patches)
    image = (sample.image * (1 - share) + wall * share).astype(np.uint8)
    beyond = sample.seen < _BEYOND
    if beyond.any() and not beyond.all():  # as the pyramid repeats the border
        row, column = np.asarray(distance_transform_edt(beyond, return_distances=False, return_indices=True))
        image = np.where(beyond[..., None], image[row, column], image)
    return sample._replace(image=image)


def _wall(side: int, draw: np.random.Generator, patches: list[np.ndarray]) -> Float32[np.ndarray, "S S 3"]:
    """One even colour, or rooms and gardens of a sort: pieces of other pictures beside and over each other, blurred.

    The segmentation network takes dark or hairy places beside a head for a part of it; here it learns that they are
    not.
    """
    if draw.random() < _EVEN_WALLS or not patches:
        even = np.float32(draw.choice([0, 0, 255, *draw.integers(0, 256, 2)]))
        return np.full((side, side, 3), even, np.float32)

    def piece(width: int, height: int) -> np.ndarray:
        shown = cv2.resize(patches[draw.integers(len(patches))], (width, height)).astype(np.float32)
        return np.clip((shown - 128) * draw.uniform(0.4, 1.3) + 128 + draw.normal(0, 45), 0, 255)

    wall = piece(side, side)
    for _ in range(draw.integers(0, 7)):
        width, height = (draw.uniform(0.05, 0.7, 2) * side).astype(int)
        x, y = draw.integers(0, side - width), draw.integers(0, side - height)
        wall[y : y + height, x : x + width] = piece(int(width), int(height))
    if draw.random() < _BLURRED_WALLS:
        wall = cv2.GaussianBlur(wall, (0, 0), draw.uniform(0.5, 6))
    return np.asarray(wall, np.float32)
