"""Heads whose shape is known: drawn ones, photographed; and how far a result lies from them.

Two kinds. *drawn*: the project's own drawer (`training.synthetic`), with hair, beards and clothes, of which each vertex
of the Open head is known. *ICT*: random identities of ICT-FaceKit as `fit_scans` draws them, of another topology.

Measured is the inner face that the photo shows: skin within `INNER` of the landmarks of brows, eyes, nose and mouth
that nothing covers by more than `COVERED`; each vertex counts by its area. Everything is aligned rigidly, for
one photo tells position and turn badly; corresponding points also with scale, which it tells badly too. Convention:
camera space, metres; figures in millimetres.
"""

from __future__ import annotations

import hashlib
import math
from pathlib import Path
from typing import Final, NamedTuple

import cv2
import numpy as np
from fit_scans import SKIN, Ict
from PIL import Image
from scipy.spatial import KDTree

from seif_core.geometry.alignment import IcpSettings, Similarity, align_points, align_surface
from seif_core.geometry.closest_point import SurfaceIndex
from seif_core.headmodel import HeadModel
from seif_core.headmodel.anatomy import anatomy_of
from seif_core.workshop.training.synthetic import Scene, SyntheticHeads, SyntheticSettings

INNER: Final = 0.03
"""Metres from brows, eyes, nose and mouth."""
EYES: Final = 0.012
"""Metres from the landmarks of the eyes."""
COVERED: Final = 0.003
"""Metres of hair or beard over the skin from which it is not measured."""
SIZE: Final = 512
"""Pixels a side at which a head is drawn."""
IDENTITY: Final = 0.7
EXPRESSION: Final = 0.4
"""Standard deviations of identity and expression: with those that networks are trained on, faces are so odd that a fit
lies 1.9 mm from them, while it lies 1.4 mm from ICT-FaceKit's and nearer to real heads."""
_ROBUST: Final = 0.003
"""Metres, scale of the alignment to a surface."""


class Truth(NamedTuple):
    """What is known of a head.

    Attributes:
        points: (N, 3) its inner face, camera space, metres.
        weights: (N,) square metres.
        eyes: (N,) bool, near the eyes.
        ids: (N,) their vertices in the Open head; (0,) where they are not its vertices.
        marks: (51, 3) its iBUG-68 landmarks from 17 on.
    """

    points: np.ndarray
    weights: np.ndarray
    eyes: np.ndarray
    ids: np.ndarray
    marks: np.ndarray


class Places(NamedTuple):
    """Distances to a truth in millimetres: mean and median of the inner face, mean of what is near the eyes."""

    mean: float
    median: float
    eyes: float


def drawn_head(model: HeadModel, number: int, scratch: Path) -> tuple[Path, Truth]:
    """Photo and truth of the head that is drawn with a number; kept in `scratch`."""
    photo, known = scratch / f"drawn_{number}.png", scratch / f"drawn_{number}.npz"
    if not known.exists():
        settings = SyntheticSettings(size=SIZE, turned=0.0, glasses=0.0, identity=IDENTITY, expression=EXPRESSION)
        scene = SyntheticHeads(model, settings, "cpu", 7_000_000 + number).draw_scene()
        Image.fromarray(_photographed(scene)).save(photo)
        np.savez(known, **_truth_of_scene(model, scene)._asdict())
    return photo, _loaded(known)


def ict_head(ict: Ict, number: int, scratch: Path) -> tuple[Path, Truth]:
    """The same of an identity of ICT-FaceKit."""
    photo, known = scratch / f"ict_{number}.png", scratch / f"ict_{number}.npz"
    if not known.exists():
        subject = ict.subject(number)
        Image.fromarray(subject.picture).save(photo)
        triangles = ict.triangles.numpy()
        triangles = triangles[(triangles < SKIN).all(axis=1)]
        marks = subject.seen[subject.landmarks]
        inner = _within(subject.seen, marks[17:], INNER)
        truth = Truth(
            subject.seen[inner],
            _areas(subject.seen, triangles)[inner],
            _within(subject.seen, marks[36:48], EYES)[inner],
            np.zeros(0, np.int64),
            marks[17:],
        )
        np.savez(known, **truth._asdict())
    return photo, _loaded(known)


def _loaded(known: Path) -> Truth:
    with np.load(known) as data:
        return Truth(**{name: data[name] for name in Truth._fields})


def _photographed(scene: Scene) -> np.ndarray:
    """(H, W, 3) the drawn square in a picture whose middle is the camera's axis, as a camera takes it."""
    photo = (scene.sample.photo.permute(1, 2, 0).numpy() * 255).astype(np.uint8)
    camera = scene.view.crop_camera(SIZE)
    wide, high = (2 * math.ceil(max(c, SIZE - c)) for c in (camera.cx, camera.cy))
    left, top = (max(0, round(whole / 2 - c)) for whole, c in ((wide, camera.cx), (high, camera.cy)))
    margins = (top, max(0, high - SIZE - top), left, max(0, wide - SIZE - left))
    return cv2.copyMakeBorder(photo, *margins, cv2.BORDER_REPLICATE)


def _truth_of_scene(model: HeadModel, scene: Scene) -> Truth:
    skin = scene.skin.numpy().astype(np.float64)
    marks = model.embeddings["ibug68"].points(skin)
    triangles = anatomy_of(model).outer_skin_triangles
    outer = np.zeros(len(skin), bool)
    outer[triangles] = True
    cube = scene.view.to_cube(skin)
    column, row = (np.clip(c * SIZE, 0, SIZE - 1).astype(int) for c in (cube[:, 0] + 0.5, 0.5 - cube[:, 1]))
    front = scene.true.front.numpy()[row, column]
    shown = np.isfinite(front) & (cube[:, 2] > front - COVERED / scene.view.scale)
    inner = np.flatnonzero(outer & shown & model.regions["face"] & _within(skin, marks[17:], INNER))
    eyes = _within(skin, marks[36:48], EYES)[inner]
    return Truth(skin[inner], _areas(skin, triangles)[inner], eyes, inner, marks[17:])


def _within(points: np.ndarray, marks: np.ndarray, reach: float) -> np.ndarray:
    return KDTree(marks).query(points)[0] < reach


def _areas(points: np.ndarray, triangles: np.ndarray) -> np.ndarray:
    """(V,) a third of the triangles about each vertex."""
    a, b, c = points[triangles].transpose(1, 0, 2)
    area = np.linalg.norm(np.cross(b - a, c - a), axis=1) / 6
    return np.bincount(triangles.ravel(), np.repeat(area, 3), len(points))


def corresponding(truth: Truth, vertices: np.ndarray, *, with_scale: bool) -> Places:
    """Distances between corresponding points of a head model's vertices (V, 3), aligned by them."""
    ours = vertices[truth.ids].astype(np.float64)
    moved = align_points(ours, truth.points, with_scale=with_scale, weights=truth.weights).apply(ours)
    return _summed(truth, np.linalg.norm(moved - truth.points, axis=1))


def to_surface(truth: Truth, vertices: np.ndarray, triangles: np.ndarray) -> Places:
    """Distances to the nearest points of a surface, aligned by them."""
    near = _within(vertices, truth.points, 0.03)  # the rest of the surface is not nearest to anything
    surface = SurfaceIndex(vertices, triangles[near[triangles].all(axis=1)].astype(np.int64))
    rows = np.random.default_rng(0).choice(len(truth.points), 800, p=truth.weights / truth.weights.sum())
    found = align_surface(
        truth.points[rows], surface, Similarity(), IcpSettings(with_scale=False, robust_scale=_ROBUST, iterations=30)
    )
    return _summed(truth, surface.query(found.inverse().apply(truth.points)).distances)


def carried(truth: Truth, model: HeadModel, fitted: np.ndarray) -> Truth:
    """A truth put where a fitted head (V, 3) is, by the landmarks, so that surfaces near that can be aligned."""
    marks = model.embeddings["ibug68"].points(fitted.astype(np.float64))[17:]
    found = align_points(truth.marks, marks, with_scale=False)
    return truth._replace(points=found.apply(truth.points), marks=found.apply(truth.marks))


def _summed(truth: Truth, metres: np.ndarray) -> Places:
    order = np.argsort(metres)
    share = np.cumsum(truth.weights[order]) / truth.weights.sum()
    eyes = np.average(metres[truth.eyes], weights=truth.weights[truth.eyes]) if truth.eyes.any() else np.nan
    mean = np.average(metres, weights=truth.weights)
    return Places(*(1000 * float(v) for v in (mean, metres[order][np.searchsorted(share, 0.5)], eyes)))


def stamp(*settings: object) -> str:
    """A short name for settings, to keep what depends on them."""
    return hashlib.sha256(repr(settings).encode()).hexdigest()[:12]
