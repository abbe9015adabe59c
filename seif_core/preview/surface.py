"""What a picture is made of: vertices, faces, parts and, where there is one, a texture."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from ..fitting import Fit
from ..hair_layer import HairMesh
from ..head import Head
from ..headmodel.skinning import rotation_matrices
from ..headmodel.topology import PART_NAMES
from ..shapes import Bool, Float, Float64, Int, Int32, UInt8


@dataclass(frozen=True, eq=False)
class Surface:
    """A mesh to be drawn; V vertices, F faces, U texture vertices.

    Attributes:
        vertices: (V, 3) metres; model space (Y up, face towards +Z) for a `View`, camera space for a `Camera`.
        faces: (F, 4) int32, -1 in the last column of a triangle.
        face_part: (F,) uint8 into `headmodel.PART_NAMES`.
        uvs: (U, 2) float in 0..1, origin bottom left.
        uv_faces: (F, 4) int32 into `uvs`.
        texture: (H, W, 3) uint8 sRGB, row 0 at v = 1, or None.
        normal_map: (R, R, 3) uint8 tangent-space normals of the skin, laid out likewise, or None.
        lining: (F,) faces of the skin that line the mouth, or None where nobody told.
    """

    vertices: Float[np.ndarray, "V 3"]
    faces: Int32[np.ndarray, "F 4"]
    face_part: UInt8[np.ndarray, " F"]
    uvs: Float[np.ndarray, "U 2"]
    uv_faces: Int32[np.ndarray, "F 4"]
    texture: UInt8[np.ndarray, "H W 3"] | None = None
    normal_map: UInt8[np.ndarray, "R R 3"] | None = None
    lining: Bool[np.ndarray, " F"] | None = None

    @staticmethod
    def of_head(head: Head) -> Surface:
        """The neutral head in model space."""
        parts = head.faces, head.face_part, head.uvs, head.uv_faces
        return Surface(head.vertices, *parts, head.texture, head.texture_normals, head.mouth_lining)

    @staticmethod
    def of_triangles(vertices: Float[np.ndarray, "V 3"], triangles: Int[np.ndarray, "T 3"]) -> Surface:
        """Bare triangles as skin without texture."""
        faces = np.column_stack([triangles, np.full(len(triangles), -1)]).astype(np.int32)
        part = np.full(len(faces), PART_NAMES.index("skin"), np.uint8)
        uv_faces = np.tile(np.array([0, 0, 0, -1], np.int32), (len(faces), 1))
        return Surface(vertices, faces, part, np.zeros((1, 2), np.float32), uv_faces)

    @staticmethod
    def of_fit(fit: Fit, texture: UInt8[np.ndarray, "H W 3"] | None = None) -> Surface:
        """The fitted model as the photo's camera sees it, in camera space."""
        model = fit.model
        return Surface(fit.posed, model.faces, model.face_part, model.uvs, model.uv_faces, texture)

    @staticmethod
    def of_head_in_photo(head: Head) -> Surface:
        """The head with the photo's expression and pose, in the camera space of `head.photo_camera`."""
        return replace(Surface.of_head(head), vertices=_before_camera(head, head.vertices + head.photo_delta))

    def with_vertices(self, vertices: Float[np.ndarray, "V 3"]) -> Surface:
        """The same mesh with other vertex positions."""
        return replace(self, vertices=vertices)


def hair_in_photo(head: Head) -> HairMesh | None:
    """The shell of a head's hair in the camera space of `head.photo_camera`; None without hair."""
    shell = None if head.hair is None else head.hair.shell
    return None if shell is None else replace(shell, vertices=_before_camera(head, shell.vertices).astype(np.float32))


def _before_camera(head: Head, points: Float[np.ndarray, "N 3"]) -> Float64[np.ndarray, "N 3"]:
    """Points of model space turned and moved as the photo's head is."""
    root = head.joints[0].astype(np.float64)
    return (points - root) @ rotation_matrices(head.photo_pose)[0].T + root + head.photo_translation
