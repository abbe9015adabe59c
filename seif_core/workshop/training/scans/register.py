"""From a scan's record to a scan in the head model's space: read, stood upright, aligned, fitted.

1. Landmarks, where the data set has them, give the first alignment, each weighted by its spread between people. Where
   there are none, or where they do not fit a head, the mean face is tried in many orientations (`coarse_alignment`).
2. The mean head's face is aligned to the scan by ICP, robustly, rigidly where the scan's unit is known and with scale
   where it is not.
3. Identity, expression and jaw are fitted (`fit`), and the alignment once more with them.

Convention: see `registered`. Worked number: a scan in millimetres of the mean head itself gets a `to_model` whose upper
left part is 0.001 times a rotation.
"""

from __future__ import annotations

import logging
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Final, NamedTuple

import numpy as np
from scipy.spatial.transform import Rotation

from ....errors import RegistrationError
from ....evaluation.coarse_alignment import align_coarsely
from ....evaluation.scan import NOSE_TIP
from ....evaluation.scan_files import UNITS, guess_unit
from ....geometry.alignment import IcpSettings, Similarity, align_points, align_surface
from ....geometry.closest_point import SurfaceIndex
from ....geometry.normals import vertex_normals
from ....headmodel import HeadModel, load_head_model
from ....headmodel.anatomy import anatomy_of
from ....shapes import Float
from .cleaning import cleaned, kept, without_crumbs
from .fit import ModelFit, ScanFitSettings, fit_model, landmark_weights
from .mesh import ScanMesh, read_scan_mesh
from .records import ScanLandmarks, ScanRecord
from .registered import RegisteredScan

_LOG: Final = logging.getLogger(__name__)
_NEAR_FACE: Final = 0.095
"""Metres around the nose tip within which a scan takes part in the alignment, as in the NoW benchmark."""

_ICP_POINTS: Final = 600
_COARSE_POINTS: Final = 30_000
_PLAUSIBLE: Final = (0.15, 0.8)
"""Metres: the largest extent of a scan of a face, a head or a bust lies between these."""

_TALL: Final = 0.4
_HEAD: Final = 0.33
"""Metres: a scan taller than the former has a body; its head lies within the latter of its top."""

_TURNS: Final = ((0.0, 0.0, 0.0), (0.0, 0.0, 3.1), (0.5, 0.9, 0.0), (-0.5, -0.9, 0.0), (0.0, 3.1, 0.0), (1.2, 0.0, 0.4))
"""Rotation vectors by which a scan is turned, one after the other, where its face was not found without doubt."""

_NO_DOUBT: Final = 1.6
"""A fit below this (see `_doubt`) ends the search; fits of scans that lie right come to about one."""

_LIKELY: Final = (0.21, 0.26, 0.33, 0.43)
"""Metres: extents that are tried where a scan has no unit: a face, a head, a head with its neck, a bust."""


class ScanRegistrationError(RegistrationError):
    """A scan does not look like a head, or the model does not come near it."""

    code = "scan-registration"


@dataclass(frozen=True)
class RegisterSettings:
    """How scans are registered.

    Attributes:
        most_vertices: a finer scan is thinned out to this.
        landmark_rms: metres, landmarks that fit the mean head worse than this are not believed.
        worst_mm: largest median distance from the fitted face to the scan that is accepted, millimetres.
        least_face: smallest share of the model's face that the scan must show.
        around: metres around the head's middle beyond which the scan (body, floor) is cut off.
        fit: how the model is fitted.
    """

    most_vertices: int = 120_000
    landmark_rms: float = 0.012
    worst_mm: float = 1.0
    least_face: float = 0.5
    around: float = 0.32
    fit: ScanFitSettings = field(default_factory=ScanFitSettings)


def register_scan(
    record: ScanRecord, model: HeadModel | None = None, settings: RegisterSettings | None = None
) -> RegisteredScan:
    """Read a scan and register it to the head model.

    Args:
        record: what a reader says of the scan.
        model: the head model; None for the Open head.
        settings: see `RegisterSettings`.

    Raises:
        ScanDatasetError: the scan's files cannot be read.
        ScanRegistrationError: the scan shows no face, or the model does not come near it.
    """
    s, model = settings or RegisterSettings(), model or load_head_model()
    mesh = read_scan_mesh(record.mesh_path, record.texture_path)
    upright = record.upright.apply(mesh.vertices)
    unit = record.unit or guess_unit(upright)
    metres = Similarity(scale=UNITS[unit]).after(record.upright)
    marks = None if record.landmarks is None else record.landmarks.on(mesh.vertices)
    marks = None if marks is None else metres.apply(marks)
    mesh = cleaned(ScanMesh(metres.apply(mesh.vertices), mesh.triangles, mesh.colours), s.most_vertices)
    start: Similarity | None = None
    if marks is not None and record.landmarks is not None:
        start = _by_landmarks(model, record.landmarks, marks, s.landmark_rms, with_scale=record.unit is None)
        if start is None:
            _LOG.warning("%s: its landmarks do not fit a head and are not used", record.name)
            marks = None
    if start is not None:
        found = _placed(model, _Guess(mesh, 1.0, start), marks, record, s)
    else:
        found = _found(model, mesh, record, s)
    fit = found.fit
    if fit.covered < s.least_face or fit.error * 1000 > s.worst_mm:
        raise ScanRegistrationError(
            f"The scan {record.name} shows {fit.covered:.0%} of a face and lies {fit.error * 1000:.1f} mm from the "
            f"head model, at least {s.least_face:.0%} and at most {s.worst_mm:g} mm are wanted; check its unit, or "
            "give landmarks."
        )
    to_model = fit.frame.inverse()
    return RegisteredScan(
        name=record.name,
        dataset=record.dataset,
        identity=record.identity,
        expression_name=record.expression,
        licence=record.licence,
        model_name=model.name,
        vertices=to_model.apply(found.mesh.vertices).astype(np.float32),
        triangles=_outwards(found.mesh, fit.frame, model),
        albedo=found.mesh.colours,
        shape=fit.shape.astype(np.float32),
        expression=fit.expression.astype(np.float32),
        pose=np.stack([np.zeros(3), np.zeros(3), fit.jaw, np.zeros(3), np.zeros(3)]).astype(np.float32),
        to_model=to_model.after(Similarity(scale=found.size)).after(metres).matrix(),
        face_error_mm=fit.error * 1000,
    )


class _Guess(NamedTuple):
    """A scan in metres, the factor that its size was multiplied with, and a start: model space -> scan space."""

    mesh: ScanMesh
    size: float
    start: Similarity


class _Placed(NamedTuple):
    """A scan with the model fitted to it: `fit.frame` carries the model's space to the scan's."""

    mesh: ScanMesh
    size: float
    fit: ModelFit


def _sized(mesh: ScanMesh) -> list[tuple[ScanMesh, float]]:
    """The scan as large as its guessed unit makes it, or, where no face, head or bust is so large, in likely sizes."""
    extent = float(np.ptp(mesh.vertices, axis=0).max())
    low, high = _PLAUSIBLE
    factors = [1.0] if low <= extent <= high else [size / extent for size in _LIKELY]
    return [(ScanMesh(factor * mesh.vertices, mesh.triangles, mesh.colours), factor) for factor in factors]


def _found(model: HeadModel, mesh: ScanMesh, record: ScanRecord, settings: RegisterSettings) -> _Placed:
    """The best of the fits from several starts; further ones are tried as long as the best is a doubtful one."""
    sizes = [(mesh, 1.0)] if record.unit is not None else _sized(mesh)
    best = None
    for vector in _TURNS:
        turn = Rotation.from_rotvec(vector).as_matrix()
        for scan, size in sizes:
            for start in _searched(model, scan, turn):
                placed = _placed(model, _Guess(scan, size, start), None, record, settings)
                best = placed if best is None or _doubt(placed) < _doubt(best) else best
        if best is not None and _doubt(best) < _NO_DOUBT:
            break
    if best is None:
        raise ScanRegistrationError(f"No face was found in the scan {record.name}; give landmarks.")
    return best


def _searched(model: HeadModel, mesh: ScanMesh, turn: Float[np.ndarray, "3 3"]) -> list[Similarity]:
    """Where the mean face may lie in a scan that is first turned, for other starts of the search.

    In a tall scan the face is looked for at the top too, as if it stood upright.
    """
    height = mesh.vertices[:, 1].max() - mesh.vertices[:, 1]
    parts = [mesh.vertices, *([mesh.vertices[height < _HEAD]] if height.max() > _TALL else [])]
    template, triangles, surface, tip = _face(model)
    back = Similarity(turn.T)
    return [
        back.after(align_coarsely(_drawn(part, _COARSE_POINTS) @ turn.T, template, triangles, surface, tip))
        for part in parts
    ]


def _doubt(placed: _Placed) -> float:
    """How far a fit is from what heads are like: error in millimetres, and how unusual the coefficients are."""
    fit = placed.fit
    unusual = float(np.sqrt(np.mean(fit.shape**2)) + np.sqrt(np.mean(fit.expression**2)) + np.linalg.norm(fit.jaw) * 5)
    return fit.error * 1000 + 0.5 * unusual + 5 * (1 - fit.covered)


def _placed(
    model: HeadModel,
    guess: _Guess,
    marks: Float[np.ndarray, "L 3"] | None,
    record: ScanRecord,
    settings: RegisterSettings,
) -> _Placed:
    """Align, cut off what is no head, and fit."""
    aligned = _aligned(model, guess.mesh, guess.start, with_scale=record.unit is None)
    cut = _cut(guess.mesh, aligned, model, settings.around)
    own = aligned.inverse()  # to the model's own size, so that the fit's lengths are metres of a head
    fit = fit_model(
        model,
        ScanMesh(own.apply(cut.vertices), _outwards(cut, aligned, model)),
        Similarity(),
        landmarks=None if marks is None else own.apply(marks),
        ibug=() if marks is None or record.landmarks is None else record.landmarks.ibug,
        with_scale=record.unit is None,
        settings=settings.fit,
    )
    return _Placed(cut, guess.size, fit._replace(frame=aligned.after(fit.frame)))


def _by_landmarks(
    model: HeadModel, landmarks: ScanLandmarks, marks: np.ndarray, worst: float, *, with_scale: bool
) -> Similarity | None:
    """Model space -> scan space from landmarks (L, 3); None where they do not fit the mean head."""
    ibug = list(landmarks.ibug)
    own = model.embeddings["ibug68"].points(model.template.astype(np.float64))[ibug]
    weights = landmark_weights(model, landmarks.ibug)
    found = align_points(own, marks, with_scale=with_scale, weights=weights)
    squared = np.sum((found.apply(own) - marks) ** 2, axis=1)
    rms = float(np.sqrt((weights * squared).sum())) / found.scale
    return found if rms <= worst and found.scale > 0 else None


def _aligned(model: HeadModel, mesh: ScanMesh, start: Similarity, *, with_scale: bool) -> Similarity:
    """Model space -> scan space by the mean head's shape."""
    surface, tip = _face(model)[2:]
    near = np.linalg.norm(mesh.vertices - start.apply(tip[None])[0], axis=1) < _NEAR_FACE * start.scale
    if near.sum() < 10:
        return start
    icp = IcpSettings(with_scale=with_scale, robust_scale=0.007 * start.scale, iterations=12, tolerance=1e-4)
    return align_surface(_drawn(mesh.vertices[near], _ICP_POINTS), surface, start, icp)


@lru_cache(maxsize=2)
def _face(model: HeadModel) -> tuple[np.ndarray, np.ndarray, SurfaceIndex, np.ndarray]:
    """The mean head: vertices (V, 3), outer triangles around the face (T, 3), these indexed, and the nose tip (3,)."""
    template = model.template.astype(np.float64)
    tip = model.embeddings["ibug68"].points(template)[NOSE_TIP]
    triangles = anatomy_of(model).outer_skin_triangles
    around = np.linalg.norm(template[triangles].mean(1) - tip, axis=1) < _NEAR_FACE + 0.03
    return template, triangles[around], SurfaceIndex(template, triangles[around]), tip


def _cut(mesh: ScanMesh, frame: Similarity, model: HeadModel, around: float) -> ScanMesh:
    """The scan without what lies far from the head."""
    middle = (model.template.min(0) + model.template.max(0)).astype(np.float64) / 2
    near = np.linalg.norm(mesh.vertices - frame.apply(middle[None])[0], axis=1) < around * frame.scale
    if near.all():
        return mesh
    part = kept(mesh, near)
    if len(part.triangles) == 0:
        raise ScanRegistrationError("Nothing of the scan lies near the head that was found in it; give landmarks.")
    return without_crumbs(part)


def _outwards(mesh: ScanMesh, frame: Similarity, model: HeadModel) -> np.ndarray:
    """The scan's triangles, turned over where they face inwards (some data sets order corners clockwise)."""
    tip = _face(model)[3]
    near = np.linalg.norm(mesh.vertices - frame.apply(tip[None])[0], axis=1) < _NEAR_FACE * frame.scale
    forward = vertex_normals(mesh.vertices, mesh.triangles)[near] @ frame.rotation[:, 2]
    return mesh.triangles if not near.any() or np.median(forward) >= 0 else mesh.triangles[:, ::-1].copy()


def _drawn(points: Float[np.ndarray, "N 3"], count: int) -> Float[np.ndarray, "M 3"]:
    """At most `count` of the points, evenly drawn."""
    return points[np.unique(np.linspace(0, len(points) - 1, count).astype(np.int64))]
