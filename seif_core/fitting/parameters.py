"""The unknowns of a fit as one vector per portrait, and the model's points with their derivatives by it.

Convention: the head's origin lies at ``distance * (a, b, -1)`` in camera space, and the focal length is ``distance *
scale``, so that `scale` (pixels per metre at the head) and the perspective's strength are separate unknowns, the
latter steered by the distance alone. Worked number: a = b = 0, distance 1 m, scale 1000 px/m: the focal length is
1000 px, and a point 0.1 m right of the head's origin falls 100 px right of the principal point.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import torch

from ..headmodel.torch_model import TorchHeadModel, forward_kinematics, rotation_derivatives, rotation_matrices, skin
from ..shapes import Float, Int

ROOT: Final = slice(0, 3)
"""Axis-angle of the head."""
PLACE: Final = slice(3, 7)
"""a, b, log distance, log scale."""
LOG_DISTANCE: Final = 5
LOG_SCALE: Final = 6
JAW: Final = slice(7, 10)
"""Axis-angle of the jaw."""
EYES: Final = slice(10, 14)
"""Rotations about x and y of the left eye, then of the right eye."""
RIGID_COUNT: Final = 14


@dataclass(frozen=True)
class Layout:
    """Where identity and expression lie in the parameter vector, behind the 14 numbers of place and pose."""

    shapes: int
    expressions: int

    @property
    def size(self) -> int:
        """Length P of the vector."""
        return RIGID_COUNT + self.shapes + self.expressions

    @property
    def shape(self) -> slice:
        """Identity coefficients."""
        return slice(RIGID_COUNT, RIGID_COUNT + self.shapes)

    @property
    def expression(self) -> slice:
        """Expression coefficients."""
        return slice(RIGID_COUNT + self.shapes, self.size)


def pose_of(params: Float[torch.Tensor, "B P"]) -> Float[torch.Tensor, "B 5 3"]:
    """Axis-angle pose (B, 5, 3); the neck stays at rest."""
    pose = params.new_zeros((len(params), 5, 3))
    pose[:, 0] = params[:, ROOT]
    pose[:, 2] = params[:, JAW]
    pose[:, 3:, :2] = params[:, EYES].unflatten(1, (2, 2))
    return pose


def translation_of(params: Float[torch.Tensor, "B P"]) -> Float[torch.Tensor, "B 3"]:
    """Translation (B, 3) in metres, camera space."""
    distance = params[:, LOG_DISTANCE].exp()
    return torch.stack([distance * params[:, 3], distance * params[:, 4], -distance], 1)


def focal_of(params: Float[torch.Tensor, "B P"]) -> Float[torch.Tensor, " B"]:
    """Focal lengths (B,) in pixels."""
    return (params[:, LOG_DISTANCE] + params[:, LOG_SCALE]).exp()


@dataclass(frozen=True, eq=False)
class PointSet:
    """Points on a model, each a weighted triple of vertices, one set per portrait.

    Attributes:
        model: the model restricted to the vertices that the points use.
        corners: (B, L, 3) indices into the model's vertices.
        weights: (B, L, 3) barycentric weights.
    """

    model: TorchHeadModel
    corners: Int[torch.Tensor, "B L 3"]
    weights: Float[torch.Tensor, "B L 3"]

    def gather(self, values: Float[torch.Tensor, "B N *C"]) -> Float[torch.Tensor, "B L *C"]:
        """Values at the points from values at the vertices."""
        batch = torch.arange(len(values), device=values.device)[:, None]
        extra = (1,) * (values.ndim - 2)
        out = values[batch, self.corners[..., 0]] * self.weights[..., 0].reshape(*self.weights.shape[:2], *extra)
        for k in (1, 2):
            out = out + values[batch, self.corners[..., k]] * self.weights[..., k].reshape(
                *self.weights.shape[:2], *extra
            )
        return out


def points(params: Float[torch.Tensor, "B P"], layout: Layout, point_set: PointSet) -> Float[torch.Tensor, "B L 3"]:
    """The points in camera space, metres."""
    posed = point_set.model(
        params[:, layout.shape], params[:, layout.expression], pose_of(params), translation_of(params)
    )
    return point_set.gather(posed)


def points_and_derivatives(
    params: Float[torch.Tensor, "B P"], layout: Layout, point_set: PointSet
) -> tuple[Float[torch.Tensor, "B L 3"], Float[torch.Tensor, "B L 3 P"]]:
    """The points in camera space, metres, and their derivatives by every parameter."""
    model = point_set.model
    pose = pose_of(params)
    rotations, turns = rotation_matrices(pose), rotation_derivatives(pose)
    joints = model.joints(params[:, layout.shape])
    rest = model.rest(params[:, layout.shape], params[:, layout.expression], rotations)
    world, origin = forward_kinematics(rotations, joints)
    local = skin(rest, joints, world, origin, model.skin_weights)
    posed = local + translation_of(params)[:, None]
    blended = torch.einsum("nj,bjxy->bnxy", model.skin_weights, world)
    jac = params.new_zeros((*posed.shape, layout.size))
    _place_columns(jac, params)
    # the head's rotation: everything turns about the root joint
    arm = torch.einsum("bxy,bnx->bny", rotations[:, 0], local - joints[:, :1])
    jac[..., ROOT] = torch.einsum("bixy,bny->bnxi", turns[:, 0], arm)
    for joint, columns, axes in ((2, JAW, 3), (3, slice(10, 12), 2), (4, slice(12, 14), 2)):
        turn = turns[:, joint, :axes]
        arm = rest - joints[:, joint, None]
        moved = torch.einsum("n,bxz,bizy,bny->bnxi", model.skin_weights[:, joint], world[:, 1], turn, arm)
        correctives = model.pose_basis[9 * (joint - 1) : 9 * joint]
        corrected = torch.einsum("bif,fny->bniy", turn.flatten(2), correctives)
        jac[..., columns] = moved + torch.einsum("bnxy,bniy->bnxi", blended, corrected)
    if layout.expressions:
        jac[..., layout.expression] = blended @ model.expression_basis.permute(1, 2, 0)
    if layout.shapes:
        jac[..., layout.shape] = blended @ model.shape_basis.permute(1, 2, 0) + _joint_columns(model, world)
    return point_set.gather(posed), point_set.gather(jac)


def _place_columns(jac: torch.Tensor, params: torch.Tensor) -> None:
    distance = params[:, LOG_DISTANCE].exp()[:, None]
    jac[..., 0, 3] = distance
    jac[..., 1, 4] = distance
    jac[..., 0, LOG_DISTANCE] = distance * params[:, 3:4]
    jac[..., 1, LOG_DISTANCE] = distance * params[:, 4:5]
    jac[..., 2, LOG_DISTANCE] = -distance


def _joint_columns(model: TorchHeadModel, world: torch.Tensor) -> torch.Tensor:
    """How shape moves the vertices by moving the joints (B, N, 3, S): only where a joint is turned."""
    moves = model.joint_basis.permute(1, 2, 0)  # 5 3 S
    root, neck = world[:, 0], world[:, 1]
    eye = torch.eye(3, dtype=world.dtype, device=world.device)
    offset = ((eye - root) @ moves[0])[:, None].repeat(1, 5, 1, 1)  # posed offset of each joint's frame, B 5 3 S
    offset[:, 1:] += ((root - neck) @ moves[1])[:, None]
    for joint in (2, 3, 4):
        offset[:, joint] += (neck - world[:, joint]) @ moves[joint]
    return torch.einsum("nj,bjxs->bnxs", model.skin_weights, offset)


def project(
    params: Float[torch.Tensor, "B P"],
    centre: Float[torch.Tensor, "B 2"],
    xyz: Float[torch.Tensor, "B L 3"],
    jac: Float[torch.Tensor, "B L 3 P"] | None = None,
) -> tuple[Float[torch.Tensor, "B L 2"], Float[torch.Tensor, "B L 2 P"] | None]:
    """Pixels (B, L, 2) of camera-space points, and their derivatives where the points' are given."""
    focal = focal_of(params)[:, None, None]
    flip = xyz.new_tensor([1.0, -1.0])
    depth = -xyz[..., 2:]
    offset = focal * flip * xyz[..., :2] / depth
    if jac is None:
        return centre[:, None] + offset, None
    out = (focal * flip / depth)[..., None] * jac[..., :2, :] + (offset / depth)[..., None] * jac[..., 2:, :]
    out[..., LOG_DISTANCE] += offset
    out[..., LOG_SCALE] += offset
    return centre[:, None] + offset, out
