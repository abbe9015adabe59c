"""Synthetic portraits: a head of the model with hair, beard and skin, lit and photographed, and what it really is.

Every sample is new. The guidance is what a fit would have said: the same head with identity, expression and pose
blurred by errors of the size that fits make.

Convention: camera space, x right, y up, z to the viewer; pictures (C, H, W), photo in 0..1 sRGB, normals unit length
and 0 outside the head.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import NamedTuple

import torch
from torch.nn import functional as F  # noqa: N812 - torch's own documentation writes F

from ..headmodel import HeadModel
from ..headmodel.torch_model import TorchHeadModel, rotation_matrices
from ..raster import Raster, interpolate, rasterize, vertex_normals
from ..shapes import Float, Int
from .canvas import Canvas, make_canvas
from .degrade import degrade, to_srgb
from .hair import HairStyle, hair_shell, random_style, skull_radius
from .lighting import key_visibility, random_lights, shade
from .noise import NoiseField


@dataclass(frozen=True)
class SyntheticSettings:
    """What is drawn and how often.

    Attributes:
        size: side of the picture in pixels.
        bald: share of heads without hair.
        bearded: share of heads with a beard longer than stubble.
        identity: standard deviation of the identity coefficients.
        expression: standard deviation of the expression coefficients.
        turned: share of heads turned far to the side.
        guidance_identity: standard deviation of the guidance's error in identity.
        guidance_expression: the same in expression.
        guidance_degrees: the same in head rotation, degrees.
    """

    size: int = 192
    bald: float = 0.12
    bearded: float = 0.25
    identity: float = 1.0
    expression: float = 0.8
    turned: float = 0.3
    guidance_identity: float = 0.6
    guidance_expression: float = 0.4
    guidance_degrees: float = 2.5


class Sample(NamedTuple):
    """One training sample; see the module's convention.

    Attributes:
        photo: (3, H, W) sRGB in 0..1, 0 outside the mask.
        guidance: (3, H, W) normals of the fitted 3DMM, 0 where it is not.
        target: (3, H, W) true normals.
        mask: (1, H, W) the head's mask as a segmentation would give it.
        weight: (1, H, W) how much each pixel counts; the face counts more.
    """

    photo: Float[torch.Tensor, "3 H W"]
    guidance: Float[torch.Tensor, "3 H W"]
    target: Float[torch.Tensor, "3 H W"]
    mask: Float[torch.Tensor, "1 H W"]
    weight: Float[torch.Tensor, "1 H W"]


class _Mesh(NamedTuple):
    """A head with hair in camera space, and where its points are at home."""

    vertices: Float[torch.Tensor, "V 3"]
    triangles: Int[torch.Tensor, "T 3"]
    home: Float[torch.Tensor, "V 3"]
    fields: Float[torch.Tensor, "V 8"]  # lips, brows, beard, flush, scalp, eye angle, part, hair


class SyntheticHeads:
    """Draws samples of one head model on one device."""

    def __init__(self, model: HeadModel, settings: SyntheticSettings, device: str, seed: int) -> None:
        """Put the model on the device and seed the randomness."""
        self.s, self.device = settings, torch.device(device)
        self.model = TorchHeadModel.from_model(model, device=device)
        self.canvas: Canvas = make_canvas(model, device)
        self.generator = torch.Generator(device=self.device).manual_seed(seed)

    def draw(self) -> Sample:
        """One sample."""
        g, s, size = self.generator, self.s, self.s.size
        shape = self._normal(self.model.shape_basis.shape[0]) * s.identity
        expression = self._normal(self.model.expression_basis.shape[0]) * s.expression * self._uniform(0, 1)
        pose = self._pose()
        beard = self._uniform(0.002, 0.03) if self._uniform(0, 1) < s.bearded else 0.0
        style = None if self._uniform(0, 1) < s.bald else random_style(g)
        rest = self.model(shape[None], expression[None], pose[None] * pose.new_tensor([0, 0, 1, 1, 1])[:, None])[0]
        mesh = self._mesh(rest, beard, style)
        root = rotation_matrices(pose[:1])[0]
        pivot = self.model.joints(shape[None])[0, 0]
        view = _View.around((mesh.vertices - pivot) @ root.T, self._uniform, size)
        mesh = mesh._replace(vertices=(mesh.vertices - pivot) @ root.T + view.offset)
        seen = rasterize(view.project(mesh.vertices), -mesh.vertices[:, 2], mesh.triangles, size, size)
        covered = seen.triangle >= 0
        normals, photo = self._photograph(mesh, seen, covered, beard)
        guidance = self._guidance(shape, expression, pose, view)
        mask = self._mask(covered)
        face = (interpolate(seen, mesh.triangles, mesh.fields)[..., 7] < 0.5) & covered
        weight = covered.float() * (1 + 1.5 * face.float())
        photo = degrade(photo, g) * mask
        return Sample(photo, guidance * mask, normals * covered, mask, (weight * mask[0])[None])

    def batch(self, count: int) -> Sample:
        """`count` samples, stacked."""
        return Sample(*(torch.stack(parts) for parts in zip(*(self.draw() for _ in range(count)), strict=True)))

    def _normal(self, *size: int) -> torch.Tensor:
        return torch.randn(size, generator=self.generator, device=self.device)

    def _uniform(self, low: float, high: float) -> float:
        return low + (high - low) * torch.rand((), generator=self.generator, device=self.device).item()

    def _pose(self) -> torch.Tensor:
        pose = torch.zeros((5, 3), device=self.device)
        turned = self._uniform(0, 1) < self.s.turned
        yaw = self._uniform(-80, 80) if turned else self._normal(1).item() * 14
        pitch, roll = self._normal(2).tolist()
        pose[0] = torch.tensor([pitch * 10, yaw, roll * 6]) * math.pi / 180
        pose[2, 0] = self._uniform(0, 0.3) if self._uniform(0, 1) < 0.3 else self._uniform(0, 0.03)
        pose[3:] = (self._normal(3) * torch.tensor([0.1, 0.15, 0], device=self.device))[None]
        return pose

    def _mesh(self, rest: torch.Tensor, beard: float, style: HairStyle | None) -> _Mesh:
        c = self.canvas
        fields = torch.cat([c.lips, c.brows, c.beard, c.flush, c.scalp, c.eye_angle, c.part[:, None].float()], 1)
        fields = F.pad(fields, (0, 1))
        vertices = rest
        if beard:
            bumps = NoiseField(0.02, 3, self.generator)(c.home)[:, None]
            fall = torch.tensor([0.0, -0.5, 0.35], device=self.device)
            growth = vertex_normals(rest, c.triangles) + fall
            vertices = vertices + growth * c.beard * beard * (0.7 + 0.4 * bumps)
        if style is None:
            return _Mesh(vertices, c.triangles, c.home, fields)
        skin = c.part == 0
        skull = skull_radius(rest[skin], c.hair_centre)
        hair, triangles = hair_shell(skull, c.hair_centre, style, self.generator)
        flag = torch.zeros((len(hair), 8), device=self.device)
        flag[:, 5] = math.pi
        flag[:, 7] = 1
        return _Mesh(
            torch.cat([vertices, hair]),
            torch.cat([c.triangles, triangles + len(vertices)]),
            torch.cat([c.home, hair]),
            torch.cat([fields, flag]),
        )

    def _photograph(
        self, mesh: _Mesh, seen: Raster, covered: torch.Tensor, beard: float
    ) -> tuple[torch.Tensor, torch.Tensor]:
        smooth = vertex_normals(mesh.vertices, mesh.triangles)
        packed = torch.cat([smooth, mesh.home, mesh.vertices, mesh.fields], 1)
        values = interpolate(seen, mesh.triangles, packed)[covered]
        normals, home, place, fields = values.split([3, 3, 3, 8], 1)
        normals = F.normalize(normals, dim=1)
        normals = torch.where((normals * -F.normalize(place, dim=1)).sum(1, keepdim=True) < 0, -normals, normals)
        albedo, bump, shine = self._skin(home, fields, beard)
        normals = F.normalize(normals - (bump - (bump * normals).sum(1, keepdim=True) * normals), dim=1)
        lights = random_lights(self.generator)
        lit = key_visibility(mesh.vertices, mesh.triangles, place, lights)
        linear = shade(albedo, normals, lights, lit, shine)
        linear = linear / linear.mean().clamp(min=0.02) * self._uniform(0.12, 0.35)
        size = self.s.size
        photo = torch.zeros((size, size, 3), device=self.device)
        photo[covered] = to_srgb(linear)
        out = torch.zeros((size, size, 3), device=self.device)
        out[covered] = normals
        return out.permute(2, 0, 1), photo.permute(2, 0, 1)

    def _skin(
        self, home: torch.Tensor, fields: torch.Tensor, beard: float
    ) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
        """Linear albedo (N, 3), bump gradient (N, 3) and shine (N,) of surface points."""
        g = self.generator
        lips, brows, beard_area, flush, scalp, eye, part, hair = fields.split(1, 1)
        tone = _SKIN_DARK + (_SKIN_LIGHT - _SKIN_DARK) * self._uniform(0, 1) ** 0.9
        tone = tone.to(self.device) * (1 + 0.12 * self._normal(3))
        hair_colour = _HAIR[int(self._uniform(0, len(_HAIR) - 0.01))].to(self.device) * (1 + 0.2 * self._normal(3))
        hair_colour = hair_colour.clamp(0.005, 1)
        mottle = NoiseField(0.03, 4, g)(home)[:, None]
        freckle = (NoiseField(0.004, 2, g)(home)[:, None] - self._uniform(0.4, 1.5)).clamp(min=0)
        colour = tone * (1 + 0.08 * mottle - 0.35 * freckle.clamp(max=1))
        red = torch.tensor([0.06, -0.06, -0.05], device=self.device) * tone[:1]
        colour = colour + red * flush * self._uniform(0, 2.5)
        lip = tone * torch.tensor([0.95, 0.55, 0.6], device=self.device) * self._uniform(0.6, 1.2)
        colour = colour + (lip - colour) * lips * self._uniform(0.4, 1)
        strands = 0.75 + 0.5 * NoiseField(0.003, 2, g)(home)[:, None]
        brow = (brows * self._uniform(0.6, 1.3) * strands).clamp(0, 0.95)
        stubble = beard_area * (0.9 if beard else self._uniform(-0.6, 0.45))
        cropped = scalp * self._uniform(-0.5, 0.8)
        grown = torch.maximum(brow, torch.maximum(stubble, cropped).clamp(0, 0.9) * (0.6 + 0.4 * strands).clamp(0, 1))
        colour = colour + (hair_colour * strands - colour) * grown
        colour = torch.where(hair > 0.5, hair_colour * (0.7 + 0.6 * strands), colour)
        colour = self._eyes_and_mouth(colour, eye, part)
        pores = NoiseField(0.0025, 2, g).gradient(home) * self._uniform(0, 0.00012)
        folds = NoiseField(0.012, 3, g).gradient(home) * self._uniform(0, 0.00035)
        rough = NoiseField(0.004, 2, g).gradient(home) * 0.0006 * (brow + (stubble.clamp(min=0) if beard else 0))
        bump = (pores + folds) * (hair < 0.5) * (eye > 3.1) + rough
        shine = (1 - 0.5 * hair.clamp(0, 1) + 1.5 * (eye < 3.1)).squeeze(1)
        return colour.clamp(0.003, 1), bump, shine

    def _eyes_and_mouth(self, colour: torch.Tensor, eye: torch.Tensor, part: torch.Tensor) -> torch.Tensor:
        iris = _IRIS[int(self._uniform(0, len(_IRIS) - 0.01))].to(self.device) * self._uniform(0.6, 1.4)
        white = torch.tensor([0.62, 0.58, 0.55], device=self.device)
        edge = ((0.5 - eye) / 0.05).clamp(0, 1)
        pupil = ((self._uniform(0.15, 0.25) - eye) / 0.04).clamp(0, 1)
        ball = (white + (iris - white) * edge) * (1 - pupil)
        colour = torch.where(eye < 3.1, ball, colour)
        for index, value in ((3, [0.6, 0.55, 0.45]), (4, [0.6, 0.55, 0.45]), (5, [0.4, 0.15, 0.14]), (6, [0.02] * 3)):
            colour = torch.where(part.round() == index, torch.tensor(value, device=self.device), colour)
        return colour

    def _guidance(self, shape: torch.Tensor, expression: torch.Tensor, pose: torch.Tensor, view: _View) -> torch.Tensor:
        s, size = self.s, self.s.size
        wrong = s.guidance_identity * self._uniform(0.3, 1.4)
        shape = (shape + self._normal(len(shape)) * wrong) / (1 + wrong**2)
        expression = expression * 0.85 + self._normal(len(expression)) * s.guidance_expression * self._uniform(0, 1)
        pose = pose.clone()
        pose[0] += self._normal(3) * math.radians(s.guidance_degrees)
        pose[2, 0] = (pose[2, 0] + self._normal(1)[0] * 0.03).clamp(min=0)
        pivot = self.model.joints(shape[None])[0, 0]
        posed = self.model(shape[None], expression[None], pose[None])[0] - pivot + view.offset
        posed = posed + self._normal(3) * posed.new_tensor([0.002, 0.002, 0.004])
        seen = rasterize(view.project(posed), -posed[:, 2], self.canvas.triangles, size, size)
        normals = interpolate(seen, self.canvas.triangles, vertex_normals(posed, self.canvas.triangles))
        return F.normalize(normals, dim=2).permute(2, 0, 1)

    def _mask(self, covered: torch.Tensor) -> torch.Tensor:
        """The silhouette as a segmentation would see it: a little too large or too small."""
        x = covered.float()[None, None]
        radius = int(self._uniform(0, 2.99))
        if radius:
            grown = F.max_pool2d(x, 2 * radius + 1, 1, radius)
            shrunk = -F.max_pool2d(-x, 2 * radius + 1, 1, radius)
            x = grown if self._uniform(0, 1) < 0.5 else shrunk
        return x[0]


class _View:
    """A camera in front of the head, framed like a portrait crop."""

    def __init__(self, offset: torch.Tensor, focal: float, cx: float, cy: float) -> None:
        self.offset, self.focal, self.cx, self.cy = offset, focal, cx, cy

    @staticmethod
    def around(vertices: torch.Tensor, draw: Callable[[float, float], float], size: int) -> _View:
        """Frame the vertices; long hair below the neck is cut off."""
        distance = 0.45 * math.exp(draw(0, 1.9))
        offset = vertices.new_tensor([0, 0, -distance])
        placed = vertices + offset
        xy = torch.stack([placed[:, 0] / -placed[:, 2], -placed[:, 1] / -placed[:, 2]], 1)
        low, high = xy.amin(0), xy.amax(0)
        high[1] = torch.minimum(high[1], low[1] + 0.36 / distance)
        side = (high - low).amax() * draw(1.02, 1.3)
        centre = (low + high) / 2 + (high - low) * vertices.new_tensor([draw(-0.06, 0.06), draw(-0.06, 0.06)])
        focal = size / side.item()
        return _View(offset, focal, size / 2 - focal * centre[0].item(), size / 2 - focal * centre[1].item())

    def project(self, points: torch.Tensor) -> torch.Tensor:
        depth = -points[:, 2]
        return torch.stack(
            [self.cx + self.focal * points[:, 0] / depth, self.cy - self.focal * points[:, 1] / depth], 1
        )


_SKIN_DARK = torch.tensor([0.055, 0.028, 0.018])
_SKIN_LIGHT = torch.tensor([0.72, 0.48, 0.38])
_HAIR = (
    torch.tensor([0.008, 0.007, 0.006]),
    torch.tensor([0.02, 0.012, 0.008]),
    torch.tensor([0.06, 0.03, 0.015]),
    torch.tensor([0.13, 0.07, 0.03]),
    torch.tensor([0.4, 0.25, 0.1]),
    torch.tensor([0.28, 0.09, 0.03]),
    torch.tensor([0.35, 0.34, 0.33]),
    torch.tensor([0.7, 0.68, 0.65]),
)
_IRIS = (
    torch.tensor([0.05, 0.025, 0.012]),
    torch.tensor([0.13, 0.07, 0.03]),
    torch.tensor([0.12, 0.2, 0.3]),
    torch.tensor([0.14, 0.18, 0.1]),
)
