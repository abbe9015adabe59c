"""FaceScape's benchmark: pose and expression count.

Rule: truth and prediction lie in the photo's camera; nothing is turned, and nothing but the depth is aligned. (1) The
truth is scaled so that its pupils are 62.85 mm apart, the prediction with it. (2) Both are looked at through the
camera's pixels, and the prediction is moved along the rays to the truth's depth: under perspective it is scaled about
the camera by the median of the depths' ratios, else shifted by the median of their differences. (3) Both are cast onto
a cylinder about the head's axis, 256 angles by 256 heights over 300 mm. Chamfer: from the vertices of each side's
cylinder map, cut to what both show, to the other's surface; jumps of 15 mm and more are no surface. Normal error: angle
between the normals at the same place of the cylinder. Completeness: the share of the truth's places where the
prediction has one too.

What differs: FaceScape tells the head's axis for each of its own photos, here the truth's landmarks tell it; pupils are
the middles of the eyes' corners; the nearest wall of the cylinder's ray from outside counts. FaceScape's published
code compares ``(n + 1) / |n + 1|`` instead of normals, which makes angles smaller: ``published_rad`` is that figure.

Source: Zhu et al., FaceScape: 3D Facial Dataset and Benchmark for Single-View 3D Face Reconstruction, TPAMI 2023,
https://arxiv.org/abs/2111.01082, section 6, and its published evaluation.

Convention: metres, camera space: x right, y up, looking along -Z. Where everything lies before the camera (z below 0)
the view is in perspective from the origin, else parallel. Worked number: a prediction twice as large at twice the
distance is the truth.
"""

from __future__ import annotations

from typing import Final, NamedTuple

import igl
import numpy as np

from ...errors import SettingsError
from ...geometry.alignment import Similarity
from ...geometry.closest_point import SurfaceIndex
from ...geometry.normals import area_vectors, unit
from .face_regions import head_frame
from .results import Row
from .subject import Subject

_PUPILS: Final = 0.06285
"""Metres between the pupils of a truth, FaceScape's mean of women and men."""
_GRID: Final = 128
"""Pixels a side of the depth maps that the depth is found by."""
_CYLINDER: Final = 256
_HALF_HEIGHT: Final = 0.15
_OUTSIDE: Final = 0.5
"""Metres from the axis where the cylinder's rays start: outside of any head with hair."""
_JUMP: Final = 0.015
"""Metres between neighbours of a cylinder map from which there is no surface."""
_LEAST: Final = 100
"""Places that both sides must show."""
_APART: Final = 0.03
"""Metres between the landmarks of truth and prediction beyond which they are not in one camera's frame."""
_WANTED: Final = (
    "this protocol wants both in one camera's frame (x right, y up, looking along -Z), with the photo's pose"
)


class _Map(NamedTuple):
    """What a cylinder's rays meet: distance from the axis (S, S), nan where nothing; normals (S, S, 3)."""

    radius: np.ndarray
    normals: np.ndarray


def measure_facescape(truth: Subject, prediction: Subject, _start: Similarity | None = None) -> tuple[Row, ...]:
    """One row, "in the camera's frame".

    Raises:
        SettingsError: the truth has no landmarks, or the two hardly overlap in the camera's view.
    """
    seven = truth.seven("scan")
    pupils = np.linalg.norm((seven[0] + seven[1]) / 2 - (seven[2] + seven[3]) / 2)
    known = Similarity(scale=_PUPILS / float(pupils))
    truth, prediction = truth.moved(known), prediction.moved(known)
    placed = prediction.moved(_depth(truth, prediction))
    if placed.landmarks is not None:
        apart = float(np.linalg.norm(placed.seven("prediction") - truth.seven("scan"), axis=1).mean())
        if apart > _APART:
            raise SettingsError(
                f"The faces' landmarks lie {1000 * apart:.0f} mm apart in the camera's view; {_WANTED}."
            )
    frame, centre = head_frame(truth, "scan")
    theirs, ours = (_cylinder(s, frame.rotation, centre) for s in (truth, placed))
    shown, both = np.isfinite(theirs.radius), np.isfinite(theirs.radius) & np.isfinite(ours.radius)
    if both.sum() < _LEAST:
        raise SettingsError(f"Truth and prediction hardly overlap in the camera's view; {_WANTED}.")
    away = _between(theirs, ours, both)
    angles = _angles(theirs.normals[both], ours.normals[both])
    shifted = _angles(unit(theirs.normals[both] + 1), unit(ours.normals[both] + 1))
    figures = {
        "chamfer_mm": 1000 * float(away.mean()),
        "normal_deg": float(np.degrees(angles).mean()),
        "completeness": float(both.sum() / shown.sum()),
        "published_rad": float(shifted.mean()),
    }
    return (Row("in the camera's frame", figures),)


def _depth(truth: Subject, prediction: Subject) -> Similarity:
    """What moves the prediction along the camera's rays to the truth's depth."""
    ahead = [float(s.vertices[:, 2].max()) < 0 for s in (truth, prediction)]
    if ahead[0] != ahead[1]:
        where = "scan" if ahead[1] else "prediction"
        raise SettingsError(f"The {where} does not lie before the camera, the other does; {_WANTED}.")
    perspective = ahead[0]
    seen = truth.vertices[np.unique(truth.triangles)]
    flat = seen[:, :2] / -seen[:, 2:] if perspective else seen[:, :2]
    low, high = flat.min(axis=0), flat.max(axis=0)
    across = low + (high - low) * (np.indices((_GRID, _GRID)).reshape(2, -1).T + 0.5) / _GRID
    if perspective:
        starts, ways = np.zeros((len(across), 3)), np.column_stack([across, -np.ones(len(across))])
    else:
        top = max(float(s.vertices[:, 2].max()) for s in (truth, prediction)) + 1
        starts = np.column_stack([across, np.full(len(across), top)])
        ways = np.tile([0.0, 0.0, -1.0], (len(across), 1))
    depths = [_met(s, starts, ways)[1] for s in (truth, prediction)]
    both = np.isfinite(depths[0]) & np.isfinite(depths[1])
    if both.sum() < _LEAST:
        raise SettingsError(f"Truth and prediction do not lie behind the same pixels; {_WANTED}.")
    theirs, ours = (depth[both] for depth in depths)
    if perspective:
        return Similarity(scale=float(np.median(theirs / ours)))
    return Similarity(translation=np.array([0.0, 0.0, float(np.median(ours - theirs))]))


def _cylinder(subject: Subject, rotation: np.ndarray, centre: np.ndarray) -> _Map:
    """The surface around the head's axis, first wall from outside."""
    rows, columns = (axis.ravel() for axis in np.indices((_CYLINDER, _CYLINDER)))
    angle, height = 2 * np.pi * columns / _CYLINDER, _HALF_HEIGHT * (1 - 2 * rows / (_CYLINDER - 1))
    out = np.column_stack([np.sin(angle), np.zeros(len(angle)), np.cos(angle)]) @ rotation.T
    starts = centre + height[:, None] * rotation[:, 1] + _OUTSIDE * out
    triangle, far = _met(subject, starts, -out)
    radius = np.where(far < _OUTSIDE, _OUTSIDE - far, np.nan)
    normals = unit(area_vectors(subject.vertices, subject.triangles))[triangle]
    return _Map(radius.reshape(_CYLINDER, _CYLINDER), normals.reshape(_CYLINDER, _CYLINDER, 3))


def _met(subject: Subject, starts: np.ndarray, ways: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Triangle (N,) and distance (N,) in lengths of the ways where rays meet a surface; inf where they do not."""
    tree = igl.AABB()
    vertices = np.ascontiguousarray(subject.vertices, np.float64)
    triangles = np.ascontiguousarray(subject.triangles, np.int64)
    tree.init(vertices, triangles)
    met, far = (np.reshape(a, -1) for a in tree.intersect_ray_first(vertices, triangles, starts, ways)[:2])
    return np.maximum(met, 0), np.where(met >= 0, far, np.inf)


def _between(theirs: _Map, ours: _Map, both: np.ndarray) -> np.ndarray:
    """Distances in metres from each map's vertices to the other map's surface, both directions in one array."""
    sides = [_surface(side.radius, both) for side in (theirs, ours)]
    found = []
    for (points, own), (vertices, triangles) in (sides, sides[::-1]):
        kept = points[np.unique(own)]
        found.append(SurfaceIndex(np.nan_to_num(vertices), triangles).query(kept).distances)
    return np.concatenate(found)


def _surface(radius: np.ndarray, both: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Vertices and triangles of a cylinder map, in the head's frame."""
    rows, columns = np.indices(radius.shape)
    angle, height = 2 * np.pi * columns / _CYLINDER, _HALF_HEIGHT * (1 - 2 * rows / (_CYLINDER - 1))
    points = np.stack([radius * np.sin(angle), height, radius * np.cos(angle)], axis=-1).reshape(-1, 3)
    right = np.arange(_CYLINDER) + 1
    index = rows * _CYLINDER + columns
    corners = [index[:-1], index[1:], index[:-1][:, right % _CYLINDER], index[1:][:, right % _CYLINDER]]
    a, b, c, d = (corner.ravel() for corner in corners)
    triangles = np.concatenate([np.column_stack([a, b, c]), np.column_stack([c, b, d])])
    far = radius.ravel()[triangles]
    sound = both.ravel()[triangles].all(axis=1) & (np.ptp(np.nan_to_num(far), axis=1) < _JUMP)
    return points, triangles[sound].astype(np.int64)


def _angles(one: np.ndarray, other: np.ndarray) -> np.ndarray:
    return np.arccos(np.clip(np.einsum("nc,nc->n", one, other), -1, 1))
