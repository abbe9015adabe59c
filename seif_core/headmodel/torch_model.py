"""A FLAME-structured head model in torch: batched, differentiable, on any device, whole or restricted to some vertices.

    vertices = LBS(template + shape_basis . shape + expression_basis . expression + pose_basis . (R(pose) - I))

Source: Li et al., Learning a model of facial shape and expression from 4D scans, SIGGRAPH Asia 2017, eqs. 1-4. The
same numbers as `skinning.pose_vertices`, which is the reference in numpy.

Convention: see `model`. Worked number: axis-angle (0, pi/2, 0) carries (0, 0, 1) to (1, 0, 0).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import torch

from ..shapes import Float, Int
from .model import HeadModel
from .topology import JOINT_PARENTS


def rotation_matrices(axis_angle: Float[torch.Tensor, "*N 3"]) -> Float[torch.Tensor, "*N 3 3"]:
    """Rodrigues' formula: axis-angle vectors (*N, 3) in radians to rotations (*N, 3, 3), smooth at zero.

    The two coefficients come from series below 1e-3 rad, so that first and second derivatives exist everywhere.
    """
    square = (axis_angle * axis_angle).sum(-1)[..., None, None]
    small = square < 1e-6
    angle = torch.where(small, torch.ones_like(square), square).sqrt()
    sine = torch.where(small, 1 - square / 6 + square * square / 120, angle.sin() / angle)
    cosine = torch.where(small, 0.5 - square / 24 + square * square / 720, (1 - angle.cos()) / (angle * angle))
    cross = cross_matrices(axis_angle)
    return torch.eye(3, dtype=axis_angle.dtype, device=axis_angle.device) + sine * cross + cosine * (cross @ cross)


def cross_matrices(vectors: Float[torch.Tensor, "*N 3"]) -> Float[torch.Tensor, "*N 3 3"]:
    """Matrices (*N, 3, 3) with ``cross_matrices(a) @ b = a x b``."""
    x, y, z = vectors.unbind(-1)
    zero = torch.zeros_like(x)
    return torch.stack([zero, -z, y, z, zero, -x, -y, x, zero], -1).unflatten(-1, (3, 3))


def rotation_derivatives(axis_angle: Float[torch.Tensor, "*N 3"]) -> Float[torch.Tensor, "*N 3 3 3"]:
    """Derivatives of `rotation_matrices`: entry [..., i, :, :] is dR / d axis_angle[i].

    Source: Gallego and Yezzi, A compact formula for the derivative of a 3-D rotation in exponential coordinates,
    Journal of Mathematical Imaging and Vision 2015, eq. 9.
    """
    rotation = rotation_matrices(axis_angle)
    square = (axis_angle * axis_angle).sum(-1)[..., None, None, None]
    eye = torch.eye(3, dtype=axis_angle.dtype, device=axis_angle.device)
    moved = (eye - rotation).transpose(-1, -2)  # row i is (I - R) e_i
    turned = torch.linalg.cross(axis_angle[..., None, :].expand_as(moved), moved, dim=-1)
    exact = axis_angle[..., :, None, None] * cross_matrices(axis_angle)[..., None, :, :] + cross_matrices(turned)
    basis = cross_matrices(eye)
    first_order = basis + 0.5 * cross_matrices(
        torch.linalg.cross(axis_angle[..., None, :].expand_as(moved), eye.expand_as(moved), dim=-1)
    )
    small = square < 1e-10
    left = torch.where(small, first_order, exact / torch.where(small, torch.ones_like(square), square))
    return left @ rotation[..., None, :, :]


@dataclass(frozen=True, eq=False)
class TorchHeadModel:
    """Tensors of a head model on one device, N vertices (all, or a chosen subset), one floating type.

    Attributes:
        template: (N, 3) metres.
        shape_basis: (S, N, 3) metres per standard deviation.
        expression_basis: (E, N, 3) metres per standard deviation.
        pose_basis: (36, N, 3) metres per entry of ``(R_j - I).ravel()``, joints 1..4.
        joint_template: (5, 3) metres, joints of the mean head.
        joint_basis: (S, 5, 3) metres, how shape moves the joints.
        skin_weights: (N, 5).
    """

    template: Float[torch.Tensor, "N 3"]
    shape_basis: Float[torch.Tensor, "S N 3"]
    expression_basis: Float[torch.Tensor, "E N 3"]
    pose_basis: Float[torch.Tensor, "36 N 3"]
    joint_template: Float[torch.Tensor, "5 3"]
    joint_basis: Float[torch.Tensor, "S 5 3"]
    skin_weights: Float[torch.Tensor, "N 5"]

    @staticmethod
    def from_model(
        model: HeadModel,
        *,
        vertex_ids: Int[np.ndarray, " N"] | None = None,
        device: torch.device | str = "cpu",
        dtype: torch.dtype = torch.float32,
    ) -> TorchHeadModel:
        """Copy `model`, or only its `vertex_ids`, to a device."""
        ids = np.arange(len(model.template)) if vertex_ids is None else vertex_ids
        regressor = model.joint_regressor.astype(np.float64)
        arrays = (
            model.template[ids],
            model.shape_basis[:, ids],
            model.expression_basis[:, ids],
            model.pose_basis[:, ids],
            regressor @ model.template,
            np.einsum("jv,svc->sjc", regressor, model.shape_basis, optimize=True),
            model.skin_weights[ids],
        )
        return TorchHeadModel(*(torch.as_tensor(np.ascontiguousarray(a)).to(device, dtype) for a in arrays))

    def joints(self, shape: Float[torch.Tensor, "B S"]) -> Float[torch.Tensor, "B 5 3"]:
        """Joints (B, 5, 3) of the shaped neutral heads, metres."""
        return self.joint_template + torch.tensordot(shape, self.joint_basis, dims=1)

    def rest(
        self,
        shape: Float[torch.Tensor, "B S"],
        expression: Float[torch.Tensor, "B E"],
        rotations: Float[torch.Tensor, "B 5 3 3"] | None = None,
    ) -> Float[torch.Tensor, "B N 3"]:
        """Vertices (B, N, 3) before skinning; pose correctives are in when `rotations` are given."""
        out = self.template + torch.tensordot(shape, self.shape_basis, dims=1)
        out = out + torch.tensordot(expression, self.expression_basis, dims=1)
        if rotations is not None:
            eye = torch.eye(3, dtype=rotations.dtype, device=rotations.device)
            out = out + torch.tensordot((rotations[:, 1:] - eye).flatten(1), self.pose_basis, dims=1)
        return out

    def __call__(
        self,
        shape: Float[torch.Tensor, "B S"],
        expression: Float[torch.Tensor, "B E"],
        pose: Float[torch.Tensor, "B 5 3"],
        translation: Float[torch.Tensor, "B 3"] | None = None,
    ) -> Float[torch.Tensor, "B N 3"]:
        """Posed vertices (B, N, 3) in metres; `pose` is axis-angle in radians, root, neck, jaw, left and right eye."""
        rotations = rotation_matrices(pose)
        world, origin = forward_kinematics(rotations, self.joints(shape))
        posed = skin(self.rest(shape, expression, rotations), self.joints(shape), world, origin, self.skin_weights)
        return posed if translation is None else posed + translation[:, None]


def forward_kinematics(
    rotations: Float[torch.Tensor, "B 5 3 3"], joints: Float[torch.Tensor, "B 5 3"]
) -> tuple[Float[torch.Tensor, "B 5 3 3"], Float[torch.Tensor, "B 5 3"]]:
    """World rotations (B, 5, 3, 3) and posed positions (B, 5, 3) of the joints, children following parents."""
    world: list[torch.Tensor] = []
    origin: list[torch.Tensor] = []
    for j, parent in enumerate(JOINT_PARENTS):
        if parent < 0:
            world.append(rotations[:, j])
            origin.append(joints[:, j])
        else:
            world.append(world[parent] @ rotations[:, j])
            offset = joints[:, j] - joints[:, parent]
            origin.append(origin[parent] + (world[parent] @ offset[..., None]).squeeze(-1))
    return torch.stack(world, 1), torch.stack(origin, 1)


def skin(
    rest: Float[torch.Tensor, "B N 3"],
    joints: Float[torch.Tensor, "B 5 3"],
    world: Float[torch.Tensor, "B 5 3 3"],
    origin: Float[torch.Tensor, "B 5 3"],
    skin_weights: Float[torch.Tensor, "N 5"],
) -> Float[torch.Tensor, "B N 3"]:
    """Linear blend skinning of rest vertices by `forward_kinematics`' result."""
    offset = origin - (world @ joints[..., None]).squeeze(-1)
    blended = torch.einsum("nj,bjxy->bnxy", skin_weights, world)
    return (blended @ rest[..., None]).squeeze(-1) + torch.einsum("nj,bjx->bnx", skin_weights, offset)
