"""Landmarks of a mesh that comes without any: the project's own detector looks at a clay picture of it.

The mesh is drawn from the front; the detector's 468 points are cast back onto it; the 68 of iBUG are where a warp of
the Open head's 468 points onto those carries them. A mesh that lies upside down or looks away is tried in other
orientations; the one in which the detector is surest holds.

Convention: as `method_mesh`. Worked number: of the Open head's own mesh the eyes' corners come back within 2 mm.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Final

import igl
import numpy as np
from scipy.interpolate import RBFInterpolator

from ...geometry.camera import Camera
from ...headmodel import load_head_model
from ...portrait.crop import Pyramid
from ...portrait.detection import merge, search_passes
from ...portrait.face_mesh import FaceMeshBackend
from ...portrait.landmarks import Landmarks
from ...preview.surface import Surface
from ...preview.views import render
from ...shapes import Float, UInt8
from .method_mesh import DOWN, MethodMesh

_SIDE: Final = 512
"""Pixels of the picture."""
_DISTANCE: Final = 8.0
"""From the camera to the mesh, in its heights: nearly parallel rays."""
_ROOM: Final = 1.15
"""The picture's height in the mesh's."""
_TURNS: Final = (np.eye(3), DOWN, np.diag([-1.0, 1.0, -1.0]), np.diag([-1.0, -1.0, 1.0]))
"""Orientations that are tried: as it is, upside down and away, away, upside down."""
_POINTS: Final = 468
_SURE: Final = 0.5
"""The detector's presence from which a face is one."""
_BETTER: Final = 0.1
"""By how much the detector must be surer of a face in a later turn: upright ones come first. Chosen, not measured."""


def with_landmarks(mesh: MethodMesh) -> MethodMesh:
    """The mesh upright with 68 landmarks, if a face is seen on it; its own landmarks stay where it has 68.

    What the topology tells exactly (`MethodMesh.seven`) takes the place of what was found.
    """
    if mesh.landmarks is not None and len(mesh.landmarks) == len(_model_marks()[1]):
        return mesh
    found = _found(mesh)
    if found is None:
        return mesh if mesh.landmarks is not None else replace(mesh, landmarks=mesh.seven)
    turn, marks = found
    given = mesh.landmarks if mesh.landmarks is not None else mesh.seven
    if given is not None and len(given) in _ROWS:
        marks[list(_ROWS[len(given)])] = given @ turn.T
    seven = None if mesh.seven is None else mesh.seven @ turn.T
    return replace(mesh, vertices=mesh.vertices @ turn.T, landmarks=marks, seven=seven)


_ROWS: Final = {7: (36, 39, 42, 45, 33, 48, 54), 51: tuple(range(17, 68))}


def _model_marks() -> tuple[np.ndarray, np.ndarray]:
    """The Open head's 468 points and 68 landmarks."""
    model = load_head_model("open")
    template = model.template.astype(np.float64)
    return model.embeddings["mediapipe478"].points(template)[:_POINTS], model.embeddings["ibug68"].points(template)


def _found(mesh: MethodMesh) -> tuple[np.ndarray, np.ndarray] | None:
    """The turn that stands the mesh upright, and 68 landmarks in the turned frame; None where no face is seen."""
    best: tuple[float, np.ndarray, np.ndarray, Camera, Landmarks] | None = None
    for turn in _TURNS:
        vertices, camera = _before_camera(mesh.vertices @ turn.T)
        picture = render(Surface.of_triangles(vertices.astype(np.float32), mesh.triangles), camera)
        seen = detected_face(picture)
        if seen is not None and (best is None or seen.presence > best[0] + _BETTER):
            best = seen.presence, turn, vertices, camera, seen
        if best is not None and turn is _TURNS[0]:
            break  # upright, as nearly all are
    if best is None:
        return None
    _, turn, vertices, camera, seen = best
    points, hit = _cast(seen.points[:_POINTS, :2].astype(np.float64), vertices, mesh.triangles, camera)
    if hit.sum() < _POINTS // 2:
        return None
    ours, wanted = _model_marks()
    scale, shift = _size(mesh.vertices @ turn.T)
    warp = RBFInterpolator(ours[hit], points[hit], kernel="thin_plate_spline", smoothing=1e-6, neighbors=60)
    return turn, warp(wanted) / scale + shift


def _size(vertices: Float[np.ndarray, "V 3"]) -> tuple[float, Float[np.ndarray, "3"]]:
    """Factor that makes a mesh one high, and its middle."""
    low, high = vertices.min(axis=0), vertices.max(axis=0)
    return 1.0 / float(max((high - low)[:2].max(), 1e-12)), (low + high) / 2


def _before_camera(vertices: Float[np.ndarray, "V 3"]) -> tuple[Float[np.ndarray, "V 3"], Camera]:
    scale, middle = _size(vertices)
    focal = _SIDE * _DISTANCE / _ROOM
    return (vertices - middle) * scale - [0, 0, _DISTANCE], Camera(focal, _SIDE / 2, _SIDE / 2, _SIDE, _SIDE)


def detected_face(picture: UInt8[np.ndarray, "H W 3"]) -> Landmarks | None:
    """The face in a picture (H, W, 3) sRGB, or None."""
    pyramid, backend = Pyramid(picture), FaceMeshBackend(refinements=2)
    for detections in search_passes(pyramid):
        looks = [backend.check(pyramid, one.crop()) for one in merge(detections)]
        sure = [look for look in looks if look.presence > _SURE]
        if sure:
            return backend.locate(pyramid, max(sure, key=lambda look: look.presence))
    return None


def _cast(
    pixels: Float[np.ndarray, "P 2"], vertices: Float[np.ndarray, "V 3"], triangles: np.ndarray, camera: Camera
) -> tuple[np.ndarray, np.ndarray]:
    """Where the rays of pixels meet the mesh, relative to its middle before the camera (P, 3), and which did (P,)."""
    tree = igl.AABB()
    solid, corners = np.ascontiguousarray(vertices), np.ascontiguousarray(triangles, np.int64)
    tree.init(solid, corners)
    flat = (pixels - [camera.cx, camera.cy]) / camera.focal
    ways = np.column_stack([flat[:, 0], -flat[:, 1], -np.ones(len(flat))])
    met, far = (np.reshape(a, -1) for a in tree.intersect_ray_first(solid, corners, np.zeros_like(ways), ways)[:2])
    hit = met >= 0
    met_at = np.where(hit[:, None], far[:, None] * ways, 0)
    return met_at + np.array([0, 0, _DISTANCE]), hit
