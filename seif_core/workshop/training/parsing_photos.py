"""Real portraits as training samples of the parsing: what is surely known of each pixel, and no more.

Hair is known from a teacher's masks, the background from person segmentation, skin from the landmarks and from where
the face's own colour goes on. A pixel of which this leaves several classes open keeps them all: training asks only that
the network chooses among them (`parsing.partial_loss`).
"""

from __future__ import annotations

import csv
import logging
from pathlib import Path
from typing import Final, NamedTuple

import cv2
import numpy as np

from ...errors import PhotoUnsuitableError
from ...portrait import PortraitSettings, read_portrait
from ...portrait.crop import Crop, Pyramid
from ...portrait.head_region import face_frame
from ...portrait.landmarks import Landmarks
from ...portrait.parsing_inputs import VIEW, head_crop
from ...shapes import Bool, Float, Float32, UInt8
from .parsing_samples import ParsingSample, bits
from .person_labels import head_probability, person_probability

_LOG: Final = logging.getLogger(__name__)
STORED: Final = 320
"""Pixels a side of a stored sample; it is `WIDER` times as wide as the crop that the network is shown."""
WIDER: Final = 1.25
_SURE: Final = (0.3, 0.65)
"""The teacher's share of hair below which a pixel has none and above which it is hair; between them it says nothing."""
_INSIDE: Final = 0.99
"""Share of a crop's pixel that must lie in the photo."""
_PERSON: Final = (0.08, 0.9)
"""The same of a person."""
_GROWTH: Final = 12.0
"""Difference in L* between the cheeks and what grows about the mouth from which it may be a beard. Chosen by eye on
sheets of the portraits."""
_NOSE: Final = 4
_CHEEKS: Final = ((50, 117, 123, 147, 187, 205, 36, 101), (280, 346, 352, 376, 411, 425, 266, 330))
_LOWER: Final = ((43, 106, 182, 83, 18, 313, 406, 335, 273, 262, 428, 199, 208, 32), (165, 92, 164, 322, 391, 2))
"""Chin below the lip, and the upper lip, of MediaPipe Face Mesh."""
_BROWS: Final = ((70, 63, 105, 66, 107, 55, 65, 52, 53, 46), (300, 293, 334, 296, 336, 285, 295, 282, 283, 276))
_EYE_BAND: Final = (70, 300, 107, 336, 127, 356, 50, 280, 101, 330, 6, 197, 234, 454)
"""What glasses may cover."""


class PhotoMaps(NamedTuple):
    """What is measured of one photo, in a crop that is `WIDER` times as wide as the network's.

    Attributes:
        image: (S, S, 3) uint8 sRGB.
        seen: (S, S), 1 inside the photo.
        hair: (S, S), the teacher's share.
        person: (S, S), probability of a person.
        head: (S, S), the head's mask: face and neck against clothes.
        points: (478, 2) MediaPipe Face Mesh points, pixels of the crop.
    """

    image: UInt8[np.ndarray, "S S 3"]
    seen: Float32[np.ndarray, "S S"]
    hair: Float32[np.ndarray, "S S"]
    person: Float32[np.ndarray, "S S"]
    head: Float32[np.ndarray, "S S"]
    points: Float32[np.ndarray, "478 2"]

    def sample(self, *, glasses: bool = True, beard: bool = True) -> ParsingSample:
        """The sample that training takes; arguments as in `known_classes`."""
        allowed = known_classes(self, glasses=glasses, beard=beard)
        allowed[self.seen < _INSIDE] = 0
        return ParsingSample(self.image, allowed, self.seen, self.points, self.points)


def photo_maps(path: Path, hair: UInt8[np.ndarray, "H W"]) -> PhotoMaps:
    """Measure one photo.

    Args:
        path: the photo.
        hair: (H, W) uint8, the teacher's mask, 255 = hair.

    Raises:
        PhotoUnsuitableError: no face is seen.
    """
    portrait = read_portrait(path, settings=PortraitSettings(refinements=2))
    landmarks = Landmarks(portrait.landmarks, portrait.confidence, portrait.roll)
    pyramid, crop = Pyramid(portrait.pixels), head_crop(landmarks, VIEW * WIDER)
    seen, hairy = (
        _onto_crop(values, crop, border)
        for values, border in (
            (np.ones(hair.shape, np.float32), cv2.BORDER_CONSTANT),
            (hair.astype(np.float32) / 255, cv2.BORDER_REPLICATE),
        )
    )
    image = pyramid.sample(crop, STORED, replicate=True)
    person = person_probability(pyramid, landmarks, crop, STORED)
    head = person * head_probability(image, person, face_frame(landmarks, crop, STORED))
    points = crop.from_photo(landmarks.points[:, :2].astype(np.float64)) * STORED
    return PhotoMaps(pyramid.sample(crop, STORED, replicate=True), seen, hairy, person, head, points.astype(np.float32))


def known_classes(maps: PhotoMaps, *, glasses: bool = True, beard: bool = True) -> np.ndarray:
    """(S, S) uint16: the classes that each pixel may have, as bits; 0 where nothing is known.

    Args:
        maps: of the photo.
        glasses: whether the person may wear glasses.
        beard: whether the person may have a beard or moustache.
    """
    image, _, hair, person, head, points = maps
    side = image.shape[0]
    size = float(np.ptp(points[:, 1]))
    rows = np.mgrid[:side, :side][0] + 0.5
    chin, nose, brow = points[152, 1], points[_NOSE, 1], points[[105, 334], 1].mean()
    face = _hull(points, side)
    inner = cv2.erode(face.astype(np.uint8), np.ones((5, 5), np.uint8)) > 0
    near = cv2.dilate(face.astype(np.uint8), np.ones((2 * int(0.06 * size) + 1,) * 2, np.uint8)) > 0
    no_hair, is_hair = hair < _SURE[0], hair > _SURE[1]
    no_person, is_person = person < _PERSON[0], person > _PERSON[1]
    out = np.zeros((side, side), np.uint16)

    def tell(where: Bool[np.ndarray, "S S"], *names: str) -> None:
        out[where] = bits(*names)

    tell(no_person & no_hair & ~near, "background")
    body = is_person & no_hair & ~face
    tell(body, "skin", "clothes")
    tell(body & (rows < brow), "skin")
    tell(body & (rows < chin) & near, "skin")
    below = body & (rows > chin)
    tell(below, "skin", "clothes")
    tell(below & (head > 0.95), "skin")
    tell(below & (head < 0.02) & (rows > chin + 0.25 * size), "clothes")
    tell(inner & no_hair, "skin")
    worn = ("glasses",) if glasses else ()
    if glasses:
        tell(_hull(points[list(_EYE_BAND)], side) & no_hair, "skin", "glasses", "brows")
    for ring in _BROWS:
        tell(_hull(points[list(ring)], side) & no_hair, "brows", *worn)
        tell(_rim(_hull(points[list(ring)], side)) & no_hair, "brows", "skin", *worn)
    lower = near & (rows > nose)
    if beard and _grown(image, points):
        lips = cv2.dilate(_hull(points[list(_lips())], side).astype(np.uint8), np.ones((3, 3), np.uint8)) > 0
        tell(lower & ~lips & (face | is_person) & no_hair, "skin", "beard")
    # what the teacher takes for hair
    tell(is_hair & ~inner, "hair")
    tell(is_hair & inner & (rows < brow), "hair")
    tell(is_hair & inner & (rows >= brow) & (rows <= nose), "hair", "beard", "brows", "skin", *worn)
    tell(is_hair & lower, "hair", "beard")
    tell(is_hair & inner & (rows > nose), "beard")
    return out


def _lips() -> tuple[int, ...]:
    return (61, 185, 40, 39, 37, 0, 267, 269, 270, 409, 291, 375, 321, 405, 314, 17, 84, 181, 91, 146)


def _rim(place: Bool[np.ndarray, "S S"]) -> Bool[np.ndarray, "S S"]:
    flat = place.astype(np.uint8)
    around = np.ones((3, 3), np.uint8)
    return np.asarray((cv2.dilate(flat, around) > 0) & (cv2.erode(flat, around) == 0))


def _grown(image: UInt8[np.ndarray, "S S 3"], points: Float[np.ndarray, "478 2"]) -> bool:
    """Whether chin or upper lip are so much darker or lighter than the cheeks that a beard may grow there."""
    light = cv2.cvtColor(image.astype(np.float32) / 255, cv2.COLOR_RGB2Lab)[..., 0]
    cheeks = np.mean([np.median(light[_hull(points[list(ring)], len(light))]) for ring in _CHEEKS])
    lower = [np.median(light[_hull(points[list(ring)], len(light))]) for ring in _LOWER]
    return bool(max(abs(value - cheeks) for value in lower) > _GROWTH)


def _hull(points: Float[np.ndarray, "N 2"], side: int) -> Bool[np.ndarray, "S S"]:
    hull = cv2.convexHull(np.round(points - 0.5).astype(np.int32))
    return cv2.fillConvexPoly(np.zeros((side, side), np.uint8), hull, (1,)) > 0


def _onto_crop(values: Float32[np.ndarray, "H W"], crop: Crop, border: int) -> Float32[np.ndarray, "S S"]:
    flags = cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP
    return np.asarray(cv2.warpAffine(values, crop.matrix(STORED), (STORED, STORED), flags=flags, borderMode=border))


def label_photos(photos: Path, hair: Path, out: Path, notes: Path | None = None) -> int:
    """Write a sample for each photo that has a hair mask and shows a face; those that are there are left as they are.

    Args:
        photos: folder of portraits.
        hair: folder of masks named ``<photo's stem>_hair.png``, 255 = hair, as large as the photo.
        out: folder of the samples, made if missing.
        notes: table with the columns portrait (stem), glasses, beard (1 for those who may wear them, who are named
            alone); without it everybody may wear both.

    Returns:
        How many samples the folder holds.
    """
    worn = None
    if notes is not None:
        with notes.open(encoding="utf-8", newline="") as stream:
            worn = {row["portrait"]: (row["glasses"] == "1", row["beard"] == "1") for row in csv.DictReader(stream)}
    out.mkdir(parents=True, exist_ok=True)
    for path in sorted(photos.iterdir()):
        mask, target = hair / f"{path.stem}_hair.png", out / f"{path.stem}.npz"
        share = cv2.imread(str(mask), cv2.IMREAD_GRAYSCALE) if mask.is_file() and not target.exists() else None
        if share is None:
            continue
        glasses, beard = (True, True) if worn is None else worn.get(path.stem, (False, False))
        try:
            sample = photo_maps(path, np.asarray(share, np.uint8)).sample(glasses=glasses, beard=beard)
        except PhotoUnsuitableError as error:
            _LOG.info("%s is left out: %s", path.name, error)
            continue
        part = target.with_suffix(".part.npz")
        np.savez(part, **sample._replace(seen=np.round(sample.seen * 255).astype(np.uint8))._asdict())
        part.replace(target)
    return len(list(out.glob("*.npz")))
