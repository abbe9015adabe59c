"""The space that a hair layer is built in: the rest pose's, moved with the head, and the way from there to the photo.

Convention: metres, rest pose of the neutral head (see `head`): Y up, the face towards +Z, +X the subject's left. The
photo's camera sees a point p at ``rotation @ p + offset``, which is what the neck's joint does to all that hangs on the
head. Worked number: with no pose and a translation of (0, 0, -0.6) the nose tip at z = 0.1 lies at z = -0.5 before the
camera.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Final

import numpy as np

from ..fitting.fit import Fit
from ..geometry.camera import Camera
from ..geometry.closest_point import SurfaceIndex
from ..geometry.normals import vertex_normals
from ..geometry.signed_distance import SignedDistances, signed_distances
from ..headmodel.anatomy import Anatomy, anatomy_of
from ..headmodel.skinning import joint_transforms
from ..headmodel.topology import JOINT_NAMES
from ..implicit.closed_skin import closed_skin
from ..portrait.head_parsing import HeadParsing
from ..shapes import Bool, Float, Float32, Float64, Int

_NECK: Final = JOINT_NAMES.index("neck")


@dataclass(frozen=True, eq=False)
class HairSpace:
    """A bald head in its rest pose, and what the photo shows of it.

    Attributes:
        fit: the bald head's fit.
        parsing: of the photo.
        names: the classes of the parsing that count as hair, of `head_parsing.CLASSES`.
        rotation: (3, 3) from the rest pose to camera space.
        offset: (3,) metres.
        bald: (V,) in 0..1, vertices on a bald crown; None for a head with hair on top.
    """

    fit: Fit
    parsing: HeadParsing
    names: tuple[str, ...]
    rotation: Float64[np.ndarray, "3 3"]
    offset: Float64[np.ndarray, "3"]
    bald: Float32[np.ndarray, " V"] | None = None

    @staticmethod
    def of(
        fit: Fit,
        parsing: HeadParsing,
        names: tuple[str, ...] = ("hair",),
        bald: Float32[np.ndarray, " V"] | None = None,
    ) -> HairSpace:
        """The space of a fitted bald head, its photo parsed."""
        moved = joint_transforms(fit.rest_joints.astype(np.float64), fit.pose.astype(np.float64))[_NECK]
        return HairSpace(fit, parsing, names, moved[:3, :3], moved[:3, 3] + fit.translation, bald)

    @property
    def camera(self) -> Camera:
        """The photo's camera."""
        return self.fit.camera

    @property
    def anatomy(self) -> Anatomy:
        """Of the head model."""
        return anatomy_of(self.fit.model)

    def to_camera(self, points: Float[np.ndarray, "*N 3"]) -> Float[np.ndarray, "*N 3"]:
        """Rest pose to camera space."""
        return points @ self.rotation.T + self.offset

    def to_rest(self, points: Float[np.ndarray, "*N 3"]) -> Float[np.ndarray, "*N 3"]:
        """Camera space to the rest pose."""
        return (points - self.offset) @ self.rotation

    def project(self, points: Float[np.ndarray, "*N 3"]) -> Float[np.ndarray, "*N 2"]:
        """Rest pose to pixels of the photo."""
        return self.camera.project(self.to_camera(points))

    @cached_property
    def viewer(self) -> Float[np.ndarray, "3"]:
        """Where the camera stands, rest pose."""
        return self.to_rest(np.zeros(3))

    @cached_property
    def skin(self) -> Float64[np.ndarray, "V 3"]:
        """Vertices of the neutral head."""
        return self.fit.neutral.astype(np.float64)

    @cached_property
    def triangles(self) -> Int[np.ndarray, "T 3"]:
        """Triangles of the outer skin."""
        return self.anatomy.outer_skin_triangles

    @cached_property
    def normals(self) -> Float[np.ndarray, "V 3"]:
        """Of the outer skin's vertices; zero off it."""
        return vertex_normals(self.skin, self.triangles)

    @cached_property
    def index(self) -> SurfaceIndex:
        """The outer skin, for closest points."""
        return SurfaceIndex(self.skin, self.triangles)

    @cached_property
    def over_hairline(self) -> Float[np.ndarray, " V"]:
        """Height of the vertices over the usual hairline, eye distances; far below it on the face's parts."""
        return self.anatomy.over_hairline.astype(np.float64)

    @cached_property
    def grown(self) -> Float[np.ndarray, " V"]:
        """How far hair may grow on each vertex, 0..1: everywhere but on a bald crown."""
        return np.ones(len(self.skin)) if self.bald is None else 1.0 - self.bald

    @cached_property
    def ears(self) -> Bool[np.ndarray, " V"]:
        """Vertices of the ears."""
        none = np.zeros(len(self.skin), bool)
        return self.fit.model.regions.get("ears", none)

    def skin_distances(self, points: Float[np.ndarray, "N 3"]) -> SignedDistances:
        """Signed distances to the skin, its openings closed: negative inside the head."""
        closed = closed_skin(self.fit.model)
        return signed_distances(points, closed.with_middles(self.skin), closed.triangles)

    def on_skin(self, points: Float[np.ndarray, "N 3"], values: Float[np.ndarray, "V ..."]) -> np.ndarray:
        """Values of the skin's vertices at the places of the skin that are nearest to points."""
        hang = self.index.weights(self.index.query(points))
        return hang.interpolate(self.triangles, values)

    @cached_property
    def axis(self) -> Float[np.ndarray, "3"]:
        """A point between the ears on the head's vertical axis, about which hair is laid out."""
        scalp = self.over_hairline > 0
        return np.array([0.0, *self.skin[scalp][:, 1:].mean(0)]) if scalp.any() else self.skin.mean(0)
