"""Landmark embeddings of the Open head: iBUG-68 from real scans' own marks, MediaPipe's 478 from the detector itself.

iBUG-68: ICT-FaceKit names its 68 vertices; the registration carries them over. MediaPipe: heads of the identity space,
in several views and expressions, are drawn with plain colours; the detector's points are cast back onto the surface and
averaged; points of lids, lips and irises are then put on the edge loops that they mean. Each landmark's sigma is how
far the detector strayed between those pictures.

Convention: metres, the model's frame. Worked number: MediaPipe's point 1 (nose tip) lies near (0, -0.01, 0.07).
"""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final
from zipfile import BadZipFile

import numpy as np

from ...errors import ModelError
from ...geometry.camera import Camera
from ...headmodel.model import LandmarkEmbedding, triangulate
from ...headmodel.skinning import rotation_matrices
from ...headmodel.topology import PART_NAMES
from ...registration.correspondences import TargetMesh
from ...resources import vendor_path
from ...shapes import Float64, UInt8
from . import eyeballs
from .calibration import STATISTICS_FILE, IdentitySpace, outer_skin
from .regions import LIP_RINGS, rings_around
from .rig import part_mask
from .selection import CAVITY_STARTS, edge_loop, head_selection

VIEWS: Final = ((0.0, 0.0), (-15.0, 0.0), (15.0, 0.0), (0.0, 12.0), (0.0, -12.0), (-28.0, 0.0), (28.0, 0.0))
"""Yaw and pitch in degrees of the pictures shown to the detector."""

RIGHT_EYE: Final = (33, 7, 163, 144, 145, 153, 154, 155, 133, 173, 157, 158, 159, 160, 161, 246)
"""MediaPipe's lid contour of the right eye around: outer corner, lower lid, inner corner, upper lid."""

LIPS_OUTER: Final = (61, 146, 91, 181, 84, 17, 314, 405, 321, 375, 291, 409, 270, 269, 267, 0, 37, 39, 40, 185)
"""MediaPipe's outer lip contour around: right corner, lower lip, left corner, upper lip."""

LIPS_INNER: Final = (78, 95, 88, 178, 87, 14, 317, 402, 318, 324, 308, 415, 310, 311, 312, 13, 82, 81, 80, 191)
"""MediaPipe's inner lip contour around, same order."""

FACE_OVAL: Final = (
    10, 338, 297, 332, 284, 251, 389, 356, 454, 323, 361, 288, 397, 365, 379, 378, 400, 377, 152, 148, 176, 149, 150,
    136, 172, 58, 132, 93, 234, 127, 162, 21, 54, 103, 67, 109,
)  # fmt: skip
"""MediaPipe's contour of the face, which slides over the skin as the head turns."""

SETS: Final = {"ibug68": 68, "mediapipe478": 468}
"""Landmark sets and how many of their points lie on the skin."""

_IBUG_MIRROR: Final = (
    *range(16, -1, -1), *range(26, 16, -1), 27, 28, 29, 30, 35, 34, 33, 32, 31, 45, 44, 43, 42, 47, 46, 39, 38, 37, 36,
    41, 40, 54, 53, 52, 51, 50, 49, 48, 59, 58, 57, 56, 55, 64, 63, 62, 61, 60, 67, 66, 65,
)  # fmt: skip

_BROW_LINE: Final = ((0.014, 0.0375), (0.022, 0.0405), (0.033, 0.0425), (0.042, 0.0405), (0.050, 0.036))
"""(|x|, y) in metres on the template: the middle line of a painted eyebrow."""

_SKIN_COLOUR: Final = (0.80, 0.60, 0.50)
_LIP_COLOUR: Final = (0.62, 0.33, 0.32)
_BROW_COLOUR: Final = (0.25, 0.17, 0.12)


@dataclass(frozen=True)
class PictureSettings:
    """How heads are drawn for the detector.

    Attributes:
        size: picture's side in pixels.
        extent: metres across the picture at the head's distance.
        distance: metres from the camera.
        identities: number of random heads besides the mean.
        spread: their coefficients' standard deviation.
        seed: of the random heads.
    """

    size: int = 512
    extent: float = 0.30
    distance: float = 1.2
    identities: int = 6
    spread: float = 0.7
    seed: int = 0


def landmark_embeddings() -> dict[str, LandmarkEmbedding]:
    """Embeddings by set name (``ibug68``, ``mediapipe478``), from the statistics that ship.

    Raises:
        ModelError: the file is missing, damaged or made for other vertices.
    """
    path = vendor_path(*STATISTICS_FILE)
    try:
        with np.load(path, allow_pickle=False) as data:
            sets = {
                name: LandmarkEmbedding(
                    data[f"{name}_vertex_ids"].astype(np.int32),
                    data[f"{name}_weights"].astype(np.float32),
                    data[f"{name}_sigma"].astype(np.float32),
                )
                for name in SETS
            }
    except (OSError, ValueError, KeyError, BadZipFile) as error:
        raise ModelError(f"The landmarks in {path.name} cannot be read ({error}); install again.") from error
    if max(int(one.vertex_ids.max()) for one in sets.values()) >= head_selection().skin_count:
        raise ModelError(f"{path.name} was made for other vertices than the head has now; calibrate again.")
    sets["mediapipe478"] = with_irises(sets["mediapipe478"])
    return sets


def landmark_arrays(sets: dict[str, LandmarkEmbedding]) -> dict[str, np.ndarray]:
    """What ships of the landmarks: those on the skin (the irises are added by `with_irises`)."""
    arrays: dict[str, np.ndarray] = {}
    for name, count in SETS.items():
        arrays[f"{name}_vertex_ids"] = sets[name].vertex_ids[:count].astype(np.int16)
        arrays[f"{name}_weights"] = sets[name].weights[:count].astype(np.float32)
        arrays[f"{name}_sigma"] = sets[name].sigma[:count].astype(np.float32)
    return arrays


def ibug_embedding(
    template: Float64[np.ndarray, "V 3"], registered: Float64[np.ndarray, "V 3"], marks: Float64[np.ndarray, "68 3"]
) -> LandmarkEmbedding:
    """iBUG-68 from marks on a real head that the topology was registered to.

    Args:
        template: (V, 3) mean head, metres.
        registered: (V, 3) the topology on the real head, metres.
        marks: (68, 3) its iBUG-68 marks, metres.
    """
    triangles = _triangles(outer_skin())
    points = TargetMesh(registered, triangles).closest(marks).at.interpolate(triangles, template)
    points = (points + points[list(_IBUG_MIRROR)] * [-1, 1, 1]) / 2
    sigma = np.full(68, 0.002)
    sigma[:17], sigma[17:27], sigma[36:48], sigma[48:] = 0.006, 0.003, 0.001, 0.0015
    contours = [
        (_loop("socket_right"), 36, 39, (41, 40), (37, 38)),
        (_loop("socket_left"), 42, 45, (47, 46), (43, 44)),
        (_lip_rim(), 48, 54, (59, 58, 57, 56, 55), (49, 50, 51, 52, 53)),
        (_loop("mouth"), 60, 64, (67, 66, 65), (61, 62, 63)),
    ]
    return _embed(points, template, sigma, contours)


def mediapipe_embedding(
    space: IdentitySpace,
    expressions: Sequence[Float64[np.ndarray, "V 3"]],
    settings: PictureSettings | None = None,
) -> LandmarkEmbedding:
    """MediaPipe's 468 face and 10 iris points, from pictures shown to its own detector.

    Args:
        space: mean head and identity components.
        expressions: offsets (V, 3) in metres of the expressions to show besides neutral, for example an open mouth.
        settings: see `PictureSettings`.
    """
    from ...portrait.mesh_topology import MIRROR

    seen = detector_points(space, expressions, settings or PictureSettings())
    seen = np.concatenate([seen, seen[:, MIRROR] * [-1, 1, 1]])
    points = np.nanmedian(seen, axis=0)
    spread = 1.4826 * np.nanmedian(np.linalg.norm(seen - points, axis=2), axis=0) / np.sqrt(2)
    sigma = np.clip(spread, 0.001, 0.02)
    sigma[list(FACE_OVAL)] = np.maximum(sigma[list(FACE_OVAL)], 0.006)
    left_eye = tuple(int(MIRROR[i]) for i in RIGHT_EYE)
    contours = [
        (_loop("socket_right"), 33, 133, RIGHT_EYE[1:8], RIGHT_EYE[:8:-1]),
        (_loop("socket_left"), 362, 263, left_eye[7:0:-1], left_eye[9:]),
        (_lip_rim(), 61, 291, LIPS_OUTER[1:10], LIPS_OUTER[:10:-1]),
        (_loop("mouth"), 78, 308, LIPS_INNER[1:10], LIPS_INNER[:10:-1]),
    ]
    return with_irises(_embed(points, space.template, sigma, contours))


def detector_points(
    space: IdentitySpace, expressions: Sequence[np.ndarray], settings: PictureSettings
) -> Float64[np.ndarray, "N 468 3"]:
    """Where the detector's face points hit each drawn head, carried to the template's surface; NaN where they miss."""
    rng = np.random.default_rng(settings.seed)
    neutral = [np.zeros(len(space.basis))]
    neutral += [settings.spread * rng.standard_normal(len(space.basis)) for _ in range(settings.identities)]
    found = []
    for number, coefficients in enumerate(neutral):
        head = space.template + np.tensordot(coefficients, space.basis, axes=1)
        shown = [head] if number else [head, *(head + offset for offset in expressions)]
        for vertices in shown:
            for yaw, pitch in VIEWS if number == 0 else VIEWS[:5]:
                points = _detect(space.template, vertices, yaw, pitch, settings)
                if points is not None:
                    found.append(points)
    return np.stack(found)


def draw_head(
    template: Float64[np.ndarray, "V 3"],
    vertices: Float64[np.ndarray, "V 3"],
    camera: Camera,
) -> tuple[UInt8[np.ndarray, "H W 3"], np.ndarray, np.ndarray]:
    """A plainly coloured picture of camera-space `vertices` (V, 3), with skin, lips, brows and irises.

    Returns:
        (H, W, 3) uint8 picture; (H, W, 3) float, the template point behind each pixel of skin, NaN elsewhere; and
        (H, W) bool, where the head is.
    """
    import torch

    from ...geometry.normals import vertex_normals
    from ...geometry.rasterizer import interpolate, rasterize_view

    triangles = _all_triangles()
    points, faces = torch.from_numpy(vertices), torch.from_numpy(triangles)
    raster = rasterize_view(points, faces, camera, cull_back=True)
    values = np.column_stack([template, _lip_share(), _iris_share(), part_mask("skin"), _tooth_share()])
    attributes = interpolate(raster, faces, torch.from_numpy(values)).numpy()
    normal = interpolate(raster, faces, vertex_normals(points, faces)).numpy()
    normal /= np.maximum(np.linalg.norm(normal, axis=-1, keepdims=True), 1e-9)
    place, lip, iris, skin, tooth = np.split(attributes, [3, 4, 5, 6], axis=-1)
    colour = np.where(lip > 0.5, _LIP_COLOUR, _SKIN_COLOUR)
    colour = np.where(_brow_distance(place)[..., None] < 0.0035, _BROW_COLOUR, colour)
    colour = np.where(skin > 0.5, colour, np.where(iris > 0.5, (0.22, 0.14, 0.10), 0.92))
    colour = np.where((skin <= 0.5) & (tooth > 0.5), (0.75, 0.72, 0.66), colour)
    light = np.array([0.25, 0.5, 0.83])
    shade = 0.45 + 0.55 * np.clip(normal @ light, 0, 1)[..., None]
    covered = raster.triangle.numpy() >= 0
    picture = np.where(covered[..., None], colour * shade, 0.35)
    place = np.where(covered[..., None] & (skin > 0.5), place, np.nan)
    return np.round(255 * np.clip(picture, 0, 1)).astype(np.uint8), place, covered


def _detect(
    template: np.ndarray, head: np.ndarray, yaw: float, pitch: float, settings: PictureSettings
) -> np.ndarray | None:
    """(468, 3) template points under the detector's points on one picture; None where it sees no face."""
    from ...portrait.crop import Crop, Pyramid
    from ...portrait.face_mesh import FaceMeshBackend

    size = settings.size
    focal = size / settings.extent * settings.distance
    camera = Camera(width=size, height=size, focal=focal, cx=size / 2, cy=size / 2)
    turn = rotation_matrices(np.radians([[pitch, 0, 0]]))[0] @ rotation_matrices(np.radians([[0, yaw, 0]]))[0]
    centre = np.array([0.0, -0.01, -0.02])
    picture, place, _ = draw_head(template, (head - centre) @ turn.T - [0, 0, settings.distance], camera)
    backend, pyramid = FaceMeshBackend(4), Pyramid(picture)
    first = backend.check(pyramid, Crop(size / 2, size * 0.55, size * 0.7, 0.0))
    if first.presence < 0.5:
        return None
    xy = backend.locate(pyramid, first).points[:468, :2]
    column, row = np.floor(xy).astype(int).clip(0, size - 1).T
    return place[row, column]


def _embed(
    points: np.ndarray,
    template: np.ndarray,
    sigma: np.ndarray,
    contours: Sequence[tuple[np.ndarray, int, int, Sequence[int], Sequence[int]]],
) -> LandmarkEmbedding:
    """Points to triangles of the outer skin; contour points onto their loops.

    Each contour: loop of vertices, landmark at its right (-X) end, at its left end, those of its lower half and those
    of its upper half, both from right to left.
    """
    triangles = _triangles(outer_skin())
    known = np.where(np.isfinite(points), points, 0)
    at = TargetMesh(template, triangles).closest(known).at
    ids, weights = triangles[at.triangles], at.weights
    for contour in contours:
        for row, (first, second, share) in _on_loop(known, template, contour).items():
            ids[row] = (first, second, _third_corner(triangles, first, second))
            weights[row] = (1 - share, share, 0)
    lost = ~np.isfinite(points).all(1)
    return LandmarkEmbedding(
        ids.astype(np.int32), weights.astype(np.float32), np.where(lost, 0, sigma).astype(np.float32)
    )


def _on_loop(
    points: np.ndarray, template: np.ndarray, contour: tuple[np.ndarray, int, int, Sequence[int], Sequence[int]]
) -> dict[int, tuple[int, int, float]]:
    """For each landmark of a contour the loop's edge (two vertices) and the share of the second one.

    The landmarks' places between the two corners, left and right, are kept; their heights are the loop's.
    """
    loop, right, left, lower, upper = contour
    x = template[loop, 0]
    start, end = int(x.argmin()), int(x.argmax())
    ordered = np.roll(loop, -start)
    turn = (end - start) % len(loop)
    halves = [ordered[: turn + 1], np.concatenate([ordered[turn:], ordered[:1]])[::-1]]
    halves.sort(key=lambda half: template[half, 1].mean())
    out = {right: (int(loop[start]), int(ordered[1]), 0.0), left: (int(loop[end]), int(ordered[turn - 1]), 0.0)}
    low, high = points[right, 0], points[left, 0]
    for rows, half in ((lower, halves[0]), (upper, halves[1])):
        across = np.maximum.accumulate(template[half, 0])
        across = (across - across[0]) / (across[-1] - across[0])
        for row in rows:
            t = float(np.clip((points[row, 0] - low) / (high - low), 0, 1))
            k = int(np.clip(np.searchsorted(across, t, side="right") - 1, 0, len(half) - 2))
            step = max(across[k + 1] - across[k], 1e-9)
            out[row] = (int(half[k]), int(half[k + 1]), float(np.clip((t - across[k]) / step, 0, 1)))
    return out


def _third_corner(triangles: np.ndarray, first: int, second: int) -> int:
    both = (triangles == first).any(1) & (triangles == second).any(1)
    if not both.any():
        return second
    row = triangles[np.flatnonzero(both)[0]]
    return int(row[(row != first) & (row != second)][0])


def with_irises(face: LandmarkEmbedding) -> LandmarkEmbedding:
    """The 468 face points, then five points of the right and of the left iris.

    Each iris: its centre, then its rim at the picture's right, top, left and bottom, as the detector orders them.
    """
    rim = 1 + eyeballs.SEGMENTS * int(
        np.flatnonzero(np.isclose(eyeballs.polar_angles()[1 :: eyeballs.SEGMENTS], eyeballs.IRIS_ANGLE))[0]
    )
    quarter = eyeballs.SEGMENTS // 4
    rows = []
    for name in ("eye_right", "eye_left"):
        start = int(np.flatnonzero(part_mask(name))[0])
        rows += [start, *(start + rim + k * quarter for k in range(4))]
    ids = np.repeat(np.array(rows, dtype=np.int32)[:, None], 3, axis=1)
    weights = np.tile(np.array([1, 0, 0], dtype=np.float32), (10, 1))
    sigma = np.tile(np.array([0.001, 0.0015, 0.0015, 0.0015, 0.0015], dtype=np.float32), 2)
    return LandmarkEmbedding(
        np.concatenate([face.vertex_ids, ids]),
        np.concatenate([face.weights, weights]),
        np.concatenate([face.sigma, sigma]),
    )


def _loop(cavity: str) -> np.ndarray:
    """Vertices around a cavity's rim, in order."""
    selection = head_selection()
    skin = selection.faces[selection.face_part == PART_NAMES.index("skin")]
    first, second = (selection.index_of(v) for v in CAVITY_STARTS[cavity])
    return edge_loop(skin, first, second)


def _lip_rim() -> np.ndarray:
    """Vertices around the rim of the lips' red, in order (by angle about the mouth's middle)."""
    from . import sliders

    ring = np.flatnonzero(rings_around("mouth", LIP_RINGS) == LIP_RINGS)
    head = sliders.macro_mean()[ring]
    offset = head - (head.min(0) + head.max(0)) / 2
    return ring[np.argsort(np.arctan2(offset[:, 1], offset[:, 0]))]


def _triangles(mask: np.ndarray) -> np.ndarray:
    """Triangles (T, 3) whose corners all lie in a vertex mask."""
    triangles = triangulate(head_selection().faces)[0].astype(np.int64)
    return triangles[mask[triangles].all(1)]


def _all_triangles() -> np.ndarray:
    return _triangles(~part_mask("lashes"))


def _lip_share() -> np.ndarray:
    ring = rings_around("mouth", LIP_RINGS + 1)
    return ((ring >= 0) & (ring <= LIP_RINGS)).astype(np.float64) * np.where(ring == LIP_RINGS, 0.5, 1.0)


def _iris_share() -> np.ndarray:
    share = np.zeros(len(head_selection().vertex_ids))
    for name in ("eye_left", "eye_right"):
        share[part_mask(name)] = eyeballs.polar_angles() <= eyeballs.IRIS_ANGLE + 1e-9
    return share


def _tooth_share() -> np.ndarray:
    return (part_mask("teeth_upper") | part_mask("teeth_lower") | part_mask("tongue")).astype(np.float64)


def _brow_distance(place: np.ndarray) -> np.ndarray:
    """Distance in metres, seen from the front, of template points (..., 3) from the brows' middle lines."""
    line = np.array(_BROW_LINE)
    flat = np.stack([np.abs(place[..., 0]), place[..., 1]], -1)
    best = np.full(flat.shape[:-1], np.inf)
    for start, end in itertools.pairwise(line):
        edge = end - start
        t = np.clip(((flat - start) @ edge) / (edge @ edge), 0, 1)
        best = np.minimum(best, np.linalg.norm(flat - start - t[..., None] * edge, axis=-1))
    return np.where(place[..., 2] > 0, best, np.inf)
