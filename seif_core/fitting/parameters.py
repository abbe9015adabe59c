"""The unknowns of a fit as one vector per portrait, and the model's points with their derivatives by it.

Convention: the head's origin lies at ``distance * (a, b, -1)`` in camera space, and the focal length is ``distance *
scale``, so that `scale` (pixels per metre at the head) and the perspective's strength are separate unknowns, the
latter steered by the distance alone. Worked number: a = b = 0, distance 1 m, scale 1000 px/m: the focal length is
1000 px, and a point 0.1 m right of the head's origin falls 100 px right of the principal point.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Final, NamedTuple

import torch

from ..headmodel.torch_model import TorchHeadModel, forward_kinematics, rotation_derivatives, rotation_matrices, skin
from ..shapes import Float, Int

ROOT: Final = slice(0, 3)
"""Axis-angle of the head."""
PLACE: Final = slice(3, 7)
"""a, b, log distance, log scale."""
LOG_DISTANCE: Final = 5
LOG_SCALE: Final = 6
"""Parameters of the two logarithms."""
JAW: Final = slice(7, 10)
"""Axis-angle of the jaw."""
EYES: Final = slice(10, 14)
"""Rotations about x and y of the left eye, then of the right eye."""
RIGID_COUNT: Final = 14
"""Parameters before the shape's."""


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


class Carried(NamedTuple):
    """What one joint carries of L points; Q components of identity and expression.

    Attributes:
        joint: which.
        share: (B, L) how far it carries each point.
        basis: (B, 3, L Q) how the components move the points before they are posed, times that share.
    """

    joint: int
    share: Float[torch.Tensor, "B L"]
    basis: Float[torch.Tensor, "B 3 LQ"]


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

    @cached_property
    def carried(self) -> list[Carried]:
        """What each joint carries of the points, for joints that carry any; the basis is turned as one matrix."""
        model = self.model
        basis = torch.cat([model.shape_basis, model.expression_basis]).permute(2, 1, 0).contiguous()  # 3 N Q
        at = basis[:, self.corners]  # 3 B L 3 Q
        found = []
        for joint in torch.nonzero(model.skin_weights.any(0)).flatten().tolist():
            shares = self.weights * model.skin_weights[:, joint][self.corners]
            mixed = torch.einsum("blk,yblkq->bylq", shares, at)
            found.append(Carried(joint, shares.sum(2), mixed.flatten(2).contiguous()))
        return found

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
    jac = params.new_zeros((*posed.shape, RIGID_COUNT))
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
    out = params.new_zeros((*point_set.corners.shape[:2], 3, layout.size))
    out[..., :RIGID_COUNT] = point_set.gather(jac)
    moves = _joint_columns(model, world)
    for joint, share, basis in point_set.carried:
        moved = (
            (world[:, joint] @ basis).unflatten(2, (share.shape[1], layout.size - RIGID_COUNT)).transpose(1, 2)
        )  # B L 3 Q
        out[..., RIGID_COUNT:] += moved
        out[..., layout.shape] += share[..., None, None] * moves[:, joint, None]
    return point_set.gather(posed), out


def _place_columns(jac: torch.Tensor, params: torch.Tensor) -> None:
    distance = params[:, LOG_DISTANCE].exp()[:, None]
    jac[..., 0, 3] = distance
    jac[..., 1, 4] = distance
    jac[..., 0, LOG_DISTANCE] = distance * params[:, 3:4]
    jac[..., 1, LOG_DISTANCE] = distance * params[:, 4:5]
    jac[..., 2, LOG_DISTANCE] = -distance


def _joint_columns(model: TorchHeadModel, world: torch.Tensor) -> torch.Tensor:
    """How shape moves what each joint carries by moving the joints (B, 5, 3, S): only where a joint is turned."""
    moves = model.joint_basis.permute(1, 2, 0)  # 5 3 S
    root, neck = world[:, 0], world[:, 1]
    eye = torch.eye(3, dtype=world.dtype, device=world.device)
    offset = ((eye - root) @ moves[0])[:, None].repeat(1, 5, 1, 1)  # posed offset of each joint's frame, B 5 3 S
    offset[:, 1:] += ((root - neck) @ moves[1])[:, None]
    for joint in (2, 3, 4):
        offset[:, joint] += (neck - world[:, joint]) @ moves[joint]
    return offset


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
