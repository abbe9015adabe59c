"""The embedded landmark backend: MediaPipe Face Mesh and Attention Mesh with irises, 478 points.

Sources: Kartynnik et al., "Real-time Facial Surface Geometry from Monocular Video on Mobile GPUs", 2019,
https://arxiv.org/abs/1907.06724; Ablavatski et al., "Real-time Pupil Tracking from Monocular Video for Digital
Puppetry", 2020, https://arxiv.org/abs/2006.11341. Crop sizes as in MediaPipe 0.10.21.
"""

from __future__ import annotations

import math
from dataclasses import replace
from typing import Final

import numpy as np

from ..shapes import Float
from .attention_mesh import attention_mesh
from .crop import Crop, Pyramid
from .interpreter import network
from .landmarks import Landmarks, turned
from .mesh_topology import (
    EYE_CORNERS,
    LEFT_EYE_REGION,
    LEFT_OUTER,
    LIPS,
    MESH_POINTS,
    MIRROR,
    RIGHT_EYE_REGION,
    RIGHT_OUTER,
)

MARGIN: Final = 1.5
"""The crop is this many times as large as the box of the landmarks."""
_EYE_MARGIN: Final = 2.3
"""The crop of an eye is this many times as wide as the eye."""
_REFINED: Final = [*LIPS, *RIGHT_EYE_REGION, *LEFT_EYE_REGION]
_PASSES: Final = 5
"""Crops at most, each about the face that the last one showed. Chosen, not measured."""
_SETTLED: Final = math.radians(0.5)
_STILL: Final = 0.01
"""Radians and sides that a crop moves when it has found its place. Chosen, not measured."""
_NO_FACE: Final = 0.02
_WORSE: Final = 0.05
"""The network's presence of a face below which there is none, and by how much a later crop's may be less and its
landmarks still be taken. Chosen, not measured."""
_PROBES: Final = (
    (0.06, 0.03, 1.1, 8.0), (-0.06, -0.03, 0.92, -8.0), (0.03, -0.06, 1.05, -12.0),
    (-0.03, 0.06, 0.95, 12.0), (0.08, 0.0, 1.0, 0.0), (0.0, 0.08, 1.15, 5.0),
)  # fmt: skip
"""Shift x, y (in crop sides), scale and turn (degrees) of the crops that tell a face from a false alarm."""
_STEADY: Final = 0.03
_UNSTEADY: Final = 0.06
"""Landmarks of a face move by less than 0.03 face sizes between the probes (0.01 if it is seen from the front, 0.02 in
profile), those of a false alarm by 0.04 to 0.1."""
_DOUBTFUL: Final = 0.015
"""Landmarks that move more than this are doubtful: a profile, or a face first seen upside down (0.03)."""
_SETTLING: Final = 2
_LOOKS: Final = 4
"""Rounds and shifted crops (each also mirrored) by which the last crop is found. The same portrait on a page, in a
grid or turned by 45 degrees gives faces 0.01 to 0.07 mm apart in the mean; without, up to 0.5."""
_RESTARTS: Final = (
    (0.0, 0.0, 1.0, 0.0), (0.0, 0.0, 1.15, 0.0), (0.0, 0.0, 1.0, 15.0), (0.0, 0.0, 1.0, -15.0),
    (0.0, 0.0, 1.1, 180.0), (0.0, 0.0, 1.1, 90.0), (0.0, 0.0, 1.1, -90.0),
)  # fmt: skip
"""Doubtful faces are started from these crops, each also mirrored, and the steadiest result is taken: the network sees
some profiles better from one side."""
_RECURRENCE: Final = (0.8566748838545, 0.7338918566271, 0.6287067210378, 0.5385972572236)
"""Powers of 1 / x where x^5 = x + 1, which spread points evenly in four dimensions (Roberts, The unreasonable
effectiveness of quasirandom sequences, 2018)."""
_SPREAD: Final = (0.06, 0.09, 9.0)
"""Ranges of the shifted crops: crop sides, scale, degrees. Chosen, not measured."""
_REACH: Final = 0.3
_REACH_TURNED: Final = 0.6
_SIZES: Final = (0.7, 1.4)
"""Face sizes between the middles of what is one face twice, and when it is seen upside down, for then its middle is
elsewhere; ratio of the two sizes. Chosen, not measured."""
_EYE_LOOKS: Final = ((0.0, 1.0), (4.0, 0.95), (-4.0, 1.05))
"""Degrees and scale of the crops of an eye that are averaged. Chosen, not measured."""


class FaceMeshBackend:
    """MediaPipe Face Mesh, Attention Mesh and iris models, run by LiteRT.

    Args:
        refinements: number of slightly shifted crops, each also mirrored, that the landmarks are averaged over. With 8
            the landmarks' noise under rescaling, pixel noise and mirroring is 0.15 percent of the distance between the
            eyes' outer corners, with one crop that is not mirrored 0.44.
    """

    scheme = "mediapipe478"

    def __init__(self, refinements: int = 8) -> None:
        self._shifts = _shifts(refinements)

    def check(self, pyramid: Pyramid, crop: Crop) -> Landmarks:
        """Landmarks after the roll-normalised passes, and how steady they are when the crop moves."""
        points, presence = _follow(pyramid, crop)
        if presence < _NO_FACE:
            return _landmarks(points, presence, 1.0)
        base = replace(_crop_around(points), mirrored=crop.mirrored)
        probes = [_mesh(pyramid, _shifted(base, *probe)) for probe in _PROBES]
        xy = np.stack([p[:, :2] for p, _ in probes])
        spread = float(np.linalg.norm(xy - np.median(xy, axis=0), axis=2).mean()) / (base.size / MARGIN)
        steadiness = float(np.clip((_UNSTEADY - spread) / (_UNSTEADY - _STEADY), 0.0, 1.0))
        return _landmarks(points, float(np.mean([q for _, q in probes])) * steadiness, spread)

    def follow(self, pyramid: Pyramid, last: Landmarks) -> Landmarks:
        """Where a face of the frame before is now: the crop follows it, nothing else is searched."""
        points, presence = _follow(pyramid, _crop_around(_mesh_of(last)))
        return _landmarks(points, presence, 0.0)

    def refine(self, pyramid: Pyramid, first: Landmarks) -> Landmarks:
        """As `locate`, for frames of a video: from the crop of `first` alone, which the frame before has settled."""
        return self._averaged(pyramid, _crop_around(_mesh_of(first)), (False, True), first)

    def locate(self, pyramid: Pyramid, first: Landmarks) -> Landmarks:
        """Average of two networks over shifted and mirrored crops, lips and lids by the finer one, and irises."""
        mirrors: tuple[bool, ...] = (False, True)
        if first.spread > _DOUBTFUL:
            first, mirrored = self._steadiest(pyramid, first)
            mirrors = (mirrored,) if first.spread > _DOUBTFUL else mirrors
        return self._averaged(pyramid, _settled(pyramid, _crop_around(_mesh_of(first)), mirrors), mirrors, first)

    def _averaged(self, pyramid: Pyramid, base: Crop, mirrors: tuple[bool, ...], first: Landmarks) -> Landmarks:
        crops = [_shifted(replace(base, mirrored=m), *shift) for m in mirrors for shift in self._shifts]
        plain = np.mean([_mesh(pyramid, crop)[0] for crop in crops], axis=0)
        fine = np.mean([attention_mesh(pyramid, crop) for crop in crops], axis=0)
        points = (plain + fine) / 2
        points[_REFINED, :2] = fine[_REFINED, :2]
        points = np.concatenate([points, _irises(pyramid, points)])
        return _landmarks(points, first.presence, first.spread)

    def _steadiest(self, pyramid: Pyramid, first: Landmarks) -> tuple[Landmarks, bool]:
        """The steadiest look at a doubtful face, and whether it was seen in the mirror."""
        base = _crop_around(_mesh_of(first))
        looks = [(first, False)]
        for mirrored in (False, True):
            for restart in _RESTARTS:
                look = self.check(pyramid, _shifted(replace(base, mirrored=mirrored), *restart))
                if _same_face(look, first):
                    looks.append((look, mirrored))
        return min(looks, key=lambda look: look[0].spread)


def _settled(pyramid: Pyramid, base: Crop, mirrors: tuple[bool, ...]) -> Crop:
    """The crop that the mean landmarks of shifted crops ask for: it keeps nothing of where the search came from."""
    for _ in range(_SETTLING):
        crops = [_shifted(replace(base, mirrored=m), *shift) for m in mirrors for shift in _shifts(_LOOKS)]
        base = _crop_around(np.mean([_mesh(pyramid, crop)[0] for crop in crops], axis=0))
    return base


def _mesh_of(look: Landmarks) -> Float[np.ndarray, "P 3"]:
    return look.points[:MESH_POINTS].astype(np.float64)


def _shifts(count: int) -> list[tuple[float, float, float, float]]:
    """Shifts x, y (up to 3 %), scales (up to 4.5 %) and turns (up to 4.5 degrees) that cover their ranges evenly.

    An additive recurrence on the powers of the plastic number's four-dimensional sibling; the first is close to none.
    """
    steps = np.array(_RECURRENCE)
    unit = (0.5 + np.arange(count)[:, None] * steps) % 1.0 - 0.5
    return [(_SPREAD[0] * x, _SPREAD[0] * y, 1.0 + _SPREAD[1] * s, _SPREAD[2] * r) for x, y, s, r in unit.tolist()]


def _landmarks(points: Float[np.ndarray, "L 3"], presence: float, spread: float) -> Landmarks:
    return Landmarks(points.astype(np.float32), presence, _crop_around(points[:MESH_POINTS]).angle, spread)


def _same_face(a: Landmarks, b: Landmarks) -> bool:
    shift = np.linalg.norm(a.points[:MESH_POINTS, :2].mean(0) - b.points[:MESH_POINTS, :2].mean(0))
    reach = _REACH if math.cos(a.roll - b.roll) > 0.5 else _REACH_TURNED
    return a.presence >= 0.5 * b.presence and bool(shift < reach * b.size) and _SIZES[0] < a.size / b.size < _SIZES[1]


def _follow(pyramid: Pyramid, crop: Crop) -> tuple[Float[np.ndarray, "P 3"], float]:
    """The crop follows the landmarks, turned upright, until it rests; landmarks and presence of the best pass."""
    best, best_presence = _mesh(pyramid, crop)
    points, presence = best, best_presence
    for _ in range(_PASSES - 1):
        following = replace(_crop_around(points), mirrored=crop.mirrored)
        moved = math.hypot(following.x - crop.x, following.y - crop.y) / crop.size
        settled = abs(math.remainder(following.angle - crop.angle, math.tau)) < _SETTLED and moved < _STILL
        if settled or presence < _NO_FACE:
            break
        crop = following
        points, presence = _mesh(pyramid, crop)
        if presence >= best_presence - _WORSE:
            best, best_presence = points, presence
    return best, best_presence


def _mesh(pyramid: Pyramid, crop: Crop) -> tuple[Float[np.ndarray, "P 3"], float]:
    """Points (468, 3) in pixels, and the probability that the crop shows a face."""
    net = network("face_landmark.tflite")
    outputs = net(pyramid.sample(crop, net.resolution).astype(np.float32) / 255.0)
    raw = outputs["conv2d_21"].reshape(-1, 3).astype(np.float64) / net.resolution
    presence = 1.0 / (1.0 + math.exp(-float(np.clip(outputs["conv2d_31"].item(), -50, 50))))
    points = np.column_stack([crop.to_photo(raw[:, :2]), raw[:, 2] * crop.size])
    return points[MIRROR] if crop.mirrored else points, presence


def _crop_around(points: Float[np.ndarray, "P 3"]) -> Crop:
    """The square around the landmarks in the head's own upright frame."""
    dx, dy = points[LEFT_OUTER, :2] - points[RIGHT_OUTER, :2]
    angle = math.atan2(dy, dx)
    upright = turned(points[:, :2], -angle)
    low, high = upright.min(0), upright.max(0)
    x, y = turned((low + high)[None] / 2, angle)[0]
    return Crop(float(x), float(y), float((high - low).max()) * MARGIN, angle)


def _shifted(crop: Crop, x: float, y: float, scale: float, degrees: float) -> Crop:
    """The crop moved along its own axes (in its sides), scaled and turned; a mirrored crop is moved as its image is."""
    sign = -1.0 if crop.mirrored else 1.0
    dx, dy = turned(np.array([[sign * x, y]]) * crop.size, crop.angle)[0]
    angle = crop.angle + sign * math.radians(degrees)
    return replace(crop, x=crop.x + float(dx), y=crop.y + float(dy), size=crop.size * scale, angle=angle)


def _irises(pyramid: Pyramid, points: Float[np.ndarray, "P 3"]) -> Float[np.ndarray, "I 3"]:
    """Irises (10, 3) in pixels: five points of the person's right eye, then of the left.

    Each: centre, then the rim at the picture's right, top, left and bottom, as seen with the head upright.
    """
    irises = []
    for (outer, inner), mirrored in zip(EYE_CORNERS, (False, True), strict=True):
        iris = _iris(pyramid, points[outer, :2], points[inner, :2], mirrored)
        depth = (points[outer, 2] + points[inner, 2]) / 2
        irises.append(np.column_stack([iris[[0, 3, 2, 1, 4]] if mirrored else iris, np.full(5, depth)]))
    return np.concatenate(irises)


def _iris(
    pyramid: Pyramid, outer: Float[np.ndarray, "2"], inner: Float[np.ndarray, "2"], mirrored: bool
) -> Float[np.ndarray, "5 2"]:
    """One iris (5, 2) in pixels, averaged over three crops; the model knows right eyes only."""
    net = network("iris_landmark.tflite")
    dx, dy = (outer - inner) if mirrored else (inner - outer)
    x, y = (outer + inner) / 2
    base = Crop(float(x), float(y), math.hypot(dx, dy) * _EYE_MARGIN, math.atan2(dy, dx), mirrored)
    irises = []
    for degrees, scale in _EYE_LOOKS:
        crop = _shifted(base, 0.0, 0.0, scale, degrees)
        outputs = net(pyramid.sample(crop, net.resolution, replicate=True).astype(np.float32) / 255.0)
        iris = outputs["output_iris"].reshape(5, 3)[:, :2].astype(np.float64) / net.resolution
        irises.append(crop.to_photo(iris))
    return np.mean(irises, axis=0)
