"""A FLAME-structured 3D morphable head model.

    vertices = LBS(template + shape_basis . shape + expression_basis . expression + pose_basis . (R(pose) - I))

Source: Li et al., Learning a model of facial shape and expression from 4D scans, SIGGRAPH Asia 2017, eqs. 1-4.

Convention: metres, right-handed, Y up, the face towards +Z, +X the subject's left. Pose: axis-angle in radians,
order root (global), neck, jaw, left eye, right eye. Worked number: pose[2] = (0.2, 0, 0) turns the jaw by 11.5
degrees about +X, which opens the mouth (the chin moves down and back).
"""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path

import numpy as np

from ..array_files import ArrayFileError, read_arrays
from ..combination_shapes import CombinationShapes, combination_fault, combination_of_arrays
from ..errors import ModelError
from ..resources import vendor_path
from ..shapes import Bool, Float32, Int32, UInt8
from .topology import JOINT_PARENTS


@dataclass(frozen=True, eq=False)
class LandmarkEmbedding:
    """Where landmarks lie on a model's surface, as weighted triples of vertices.

    Attributes:
        vertex_ids: (L, 3) int32, vertices of the triangle that carries each landmark.
        weights: (L, 3) float32, barycentric weights, rows sum to 1.
        sigma: (L,) float32, metres: how far the detector's notion of the landmark strays from this point between
            people (standard deviation); 0.0 marks a landmark that must not be used.
    """

    vertex_ids: Int32[np.ndarray, "L 3"]
    weights: Float32[np.ndarray, "L 3"]
    sigma: Float32[np.ndarray, " L"]

    def points(self, vertices: np.ndarray) -> np.ndarray:
        """Landmark positions (L, 3) on `vertices` (V, 3), same units."""
        return np.einsum("lk,lkc->lc", self.weights, vertices[self.vertex_ids])


@dataclass(frozen=True, eq=False)
class HeadModel:
    """A head model with FLAME's structure; V vertices, F faces, U texture vertices.

    Attributes:
        name: short name used on the command line, for example ``open``.
        title: name and version as shown to a user.
        licence: SPDX identifier or a short licence name.
        attribution: sentence that names the source.
        template: (V, 3) float32, metres, the mean neutral head.
        faces: (F, 4) int32, counter-clockwise from outside; a triangle has -1 in its last column.
        face_part: (F,) uint8, index into `PART_NAMES`.
        shape_basis: (S, V, 3) float32, metres per standard deviation.
        expression_basis: (E, V, 3) float32, metres per standard deviation.
        key_names: K names of ready-made expression shapes (the ARKit 52, in Apple's spelling), may be empty.
        key_basis: (K, V, 3) float32, metres at weight 1.
        pose_basis: (36, V, 3) float32, metres per entry of ``(R_j - I).ravel()`` for joints 1..4 in order.
        joint_regressor: (5, V) float32, rows sum to 1: joints of the shaped neutral head.
        skin_weights: (V, 5) float32, rows sum to 1.
        uvs: (U, 2) float32 in 0..1, origin at the bottom left of the texture.
        uv_faces: (F, 4) int32 into `uvs`, same corners as `faces`.
        embeddings: ``ibug68`` (68) and ``mediapipe478`` (468 face points, then 5 points of the right and 5 of the
            left iris as MediaPipe orders them) landmark embeddings.
        regions: name in `REGION_NAMES` -> (V,) bool.
        combinations: corrections of pairs of keys whose sum would break, or None.
    """

    name: str
    title: str
    licence: str
    attribution: str
    template: Float32[np.ndarray, "V 3"]
    faces: Int32[np.ndarray, "F 4"]
    face_part: UInt8[np.ndarray, " F"]
    shape_basis: Float32[np.ndarray, "S V 3"]
    expression_basis: Float32[np.ndarray, "E V 3"]
    key_names: tuple[str, ...]
    key_basis: Float32[np.ndarray, "K V 3"]
    pose_basis: Float32[np.ndarray, "36 V 3"]
    joint_regressor: Float32[np.ndarray, "5 V"]
    skin_weights: Float32[np.ndarray, "V 5"]
    uvs: Float32[np.ndarray, "U 2"]
    uv_faces: Int32[np.ndarray, "F 4"]
    embeddings: dict[str, LandmarkEmbedding] = field(default_factory=dict)
    regions: dict[str, Bool[np.ndarray, " V"]] = field(default_factory=dict)
    combinations: CombinationShapes | None = None

    @property
    def parents(self) -> tuple[int, ...]:
        """Parent of each joint, -1 for none."""
        return JOINT_PARENTS

    @property
    def triangles(self) -> Int32[np.ndarray, "T 3"]:
        """Faces split into triangles, int32; see `triangulate`."""
        return triangulate(self.faces)[0]


def triangulate(faces: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Split quads (F, 4), -1 in the last column for triangles, into triangles.

    Returns:
        (T, 3) int32 triangles, first corners (0, 1, 2) of all faces and then (0, 2, 3) of the quads; and (T,) int32
        the face that each came from.
    """
    quads = np.flatnonzero(faces[:, 3] >= 0)
    triangles = np.concatenate([faces[:, :3], faces[quads][:, [0, 2, 3]]]).astype(np.int32)
    origin = np.concatenate([np.arange(len(faces)), quads]).astype(np.int32)
    return triangles, origin


def read_open_head(path: Path) -> HeadModel:
    """Read `open_head.npz`; see docs/format-open-head.md.

    Raises:
        ModelError: the file is missing, damaged or lacks a field.
    """
    try:
        model = _from_arrays(read_arrays(path))
    except (OSError, ArrayFileError, ValueError, KeyError, TypeError) as error:
        raise ModelError(f"The head model file {path.name} cannot be read ({error}); install it again.") from error
    if not _fits_together(model):
        raise ModelError(f"The head model file {path.name} is damaged: its arrays do not fit; install it again.")
    return model


def _from_arrays(data: dict[str, np.ndarray]) -> HeadModel:
    f32 = {name: value.astype(np.float32) for name, value in data.items() if value.dtype.kind == "f"}
    embeddings = {
        name: LandmarkEmbedding(
            data[f"landmark_{name}_vertex_ids"].astype(np.int32),
            f32[f"landmark_{name}_weights"],
            f32[f"landmark_{name}_sigma"],
        )
        for name in (str(n) for n in data["landmark_sets"])
    }
    return HeadModel(
        name="open",
        title=str(data["title"].item()),
        licence=str(data["licence"].item()),
        attribution=str(data["attribution"].item()),
        template=f32["template"],
        faces=data["faces"].astype(np.int32),
        face_part=data["face_part"].astype(np.uint8),
        shape_basis=f32["shape_basis"],
        expression_basis=f32["expression_basis"],
        key_names=tuple(str(n) for n in data["key_names"]),
        key_basis=f32["key_basis"],
        pose_basis=f32["pose_basis"],
        joint_regressor=f32["joint_regressor"],
        skin_weights=f32["skin_weights"],
        uvs=f32["uvs"],
        uv_faces=data["uv_faces"].astype(np.int32),
        embeddings=embeddings,
        regions={str(n): data[f"region_{n}"].astype(bool) for n in data["region_names"]},
        combinations=combination_of_arrays(data),
    )


def _fits_together(model: HeadModel) -> bool:
    """Whether shapes agree, faces and landmarks name what exists, and all numbers are finite."""
    count, joints = len(model.template), len(JOINT_PARENTS)
    shapes = (
        (model.template, (count, 3)),
        (model.faces, (len(model.faces), 4)),
        (model.uv_faces, (len(model.faces), 4)),
        (model.face_part, (len(model.faces),)),
        *((basis, (len(basis), count, 3)) for basis in (model.shape_basis, model.expression_basis)),
        (model.key_basis, (len(model.key_names), count, 3)),
        (model.pose_basis, (9 * (joints - 1), count, 3)),
        (model.joint_regressor, (joints, count)),
        (model.skin_weights, (count, joints)),
        (model.uvs, (len(model.uvs), 2)),
        *((mask, (count,)) for mask in model.regions.values()),
        *((embedding.vertex_ids, (len(embedding.sigma), 3)) for embedding in model.embeddings.values()),
        *((embedding.weights, (len(embedding.sigma), 3)) for embedding in model.embeddings.values()),
    )
    named = (
        (model.faces, -1, count),
        (model.faces[..., :3], 0, count),
        (model.uv_faces, -1, len(model.uvs)),
        *((embedding.vertex_ids, 0, count) for embedding in model.embeddings.values()),
    )
    pairs = model.combinations
    return (
        (pairs is None or combination_fault(pairs, model.key_names, count) is None)
        and all(array.shape == shape for array, shape in shapes)
        and all(array.size > 0 and array.min() >= low and array.max() < high for array, low, high in named)
        and all(np.isfinite(array).all() for array, _ in shapes)
    )


def load_head_model(name: str = "open") -> HeadModel:
    """Load a head model by its short name or the path of a FLAME or GNM file (.pkl, .npz), cached.

    Args:
        name: ``open``, the name of a model that was added (`seif models add`), or the path of a model's file.

    Raises:
        ModelError: unknown name, or its file is missing or damaged.
    """
    if name == "open":
        return _load("")
    if Path(name).suffix.lower() in {".pkl", ".npz"}:
        return _load(name)
    from .installed import find_model

    return _load(str(find_model(name).file))


@lru_cache(maxsize=4)
def _load(path: str) -> HeadModel:
    """The Open head for an empty path, else the model of that file."""
    if not path:
        return read_open_head(vendor_path("open_head", "open_head.npz"))
    from .user_model import load_user_model

    return load_user_model(Path(path))
