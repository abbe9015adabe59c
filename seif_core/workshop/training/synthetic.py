"""Synthetic heads made on the fly: a head model with hair, beard and clothes, lit and photographed, and its truth.

Every sample is new. The guidance is what a fit would have said: the same head with identity, expression and pose
blurred by errors of the size that fits make.

Convention: camera space, x right, y up, z to the viewer; pictures (C, H, W) of the square of `implicit.view`, photo in
0..1 sRGB, normals unit length and 0 outside the head; points in the view's cube.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

import numpy as np
import torch
from torch.nn import functional as F  # noqa: N812 - torch's own documentation writes F

from ...geometry.camera import Camera
from ...geometry.edges import unique_edges
from ...geometry.normals import vertex_normals
from ...geometry.rasterizer import Raster, interpolate, rasterize_view
from ...headmodel import HeadModel
from ...headmodel.anatomy import anatomy_of
from ...headmodel.torch_model import TorchHeadModel, rotation_matrices
from ...implicit.depth_range import DepthRange, depth_range
from ...implicit.far_side import far_normals
from ...implicit.prior import PosedPrior
from ...implicit.view import HeadView, head_proper
from ...shapes import Float, Int
from .canvas import Canvas, make_canvas
from .degrade import degrade, to_srgb
from .hair import HairShell, HairStyle, hair_shell, random_style, skull_radius
from .lighting import key_visibility, occlusion, random_lights, shade
from .noise import NoiseField
from .occupancy import ShapePoints, sample_points
from .randomness import Randomness
from .scanned import ScannedHeads
from .skin import BEARD, CLOTH, EYE, FIELDS, HAIR, PART, SQUEEZE, STREAK, appearance
from .strands import Strands, loose_strands
from .wardrobe import draw_glasses, dress, lens_outline, random_garment


@dataclass(frozen=True)
class SyntheticSettings:
    """What is drawn and how often.

    Attributes:
        size: side of the picture in pixels.
        points: points with occupancy and semantic code per sample; 0 for none.
        bald: share of heads without hair.
        bearded: share of heads with a beard longer than stubble.
        dressed: share of heads with clothes at the neck.
        glasses: share of heads with glasses, which the photo shows and the truth does not.
        identity: standard deviation of the identity coefficients.
        expression: standard deviation of the expression coefficients.
        turned: share of heads turned far to the side.
        guidance_identity: standard deviation of the guidance's error in identity.
        guidance_expression: the same in expression.
        guidance_degrees: the same in head rotation, degrees.
        scans: folder of registered scans (`scans.registered`), from which some heads are taken; None for none.
        scanned: share of heads that are scans.
        scan_hair: share of scans that are given drawn hair and beards; 0 for scans that have their own.
    """

    size: int = 192
    points: int = 0
    bald: float = 0.12
    bearded: float = 0.22
    dressed: float = 0.75
    glasses: float = 0.1
    identity: float = 1.1
    expression: float = 0.75
    turned: float = 0.3
    guidance_identity: float = 0.6
    guidance_expression: float = 0.4
    guidance_degrees: float = 2.5
    scans: Path | None = None
    scanned: float = 0.3
    scan_hair: float = 0.0


class Sample(NamedTuple):
    """One training sample; see the module's convention.

    Attributes:
        photo: (3, H, W) sRGB in 0..1, as a perfect camera sees it, background included (see `photographed`).
        guidance: (3, H, W) normals of the fitted 3DMM, 0 where it is not.
        target: (3, H, W) true normals.
        mask: (1, H, W) the head's mask as a segmentation would give it.
        weight: (1, H, W) how much each pixel counts; the face counts more.
        shape: points with labels, N = 0 if none were asked for.
        far_guidance: (3, H / 2, W / 2) normals of the fitted 3DMM's far side (`implicit.far_side`), 0 where it is not.
        far_target: (3, H / 2, W / 2) the same of the true head.
    """

    photo: Float[torch.Tensor, "3 H W"]
    guidance: Float[torch.Tensor, "3 H W"]
    target: Float[torch.Tensor, "3 H W"]
    mask: Float[torch.Tensor, "1 H W"]
    weight: Float[torch.Tensor, "1 H W"]
    shape: ShapePoints
    far_guidance: Float[torch.Tensor, "3 h w"]
    far_target: Float[torch.Tensor, "3 h w"]


class Scene(NamedTuple):
    """A sample and what it was made of.

    Attributes:
        sample: the sample.
        view: its square and cube.
        fitted: (V, 3) the fitted head model, camera space, metres.
        true: first and last surface of the true head.
        skin: (V, 3) the true head model under hair, beard and clothes, camera space, metres.
    """

    sample: Sample
    view: HeadView
    fitted: Float[torch.Tensor, "V 3"]
    true: DepthRange
    skin: Float[torch.Tensor, "V 3"]


def photographed(sample: Sample, generator: torch.Generator) -> Float[torch.Tensor, "B 3 H W"]:
    """A batch's photos after what cameras and files do to them, 0 outside the masks."""
    return torch.stack([degrade(photo, generator) for photo in sample.photo]) * sample.mask


class _Mesh(NamedTuple):
    """A head with hair and clothes in one space, and where its points are at home."""

    vertices: Float[torch.Tensor, "V 3"]
    triangles: Int[torch.Tensor, "T 3"]
    home: Float[torch.Tensor, "V 3"]
    fields: Float[torch.Tensor, "V F"]

    def joined(
        self, vertices: torch.Tensor, triangles: torch.Tensor, home: torch.Tensor, fields: torch.Tensor
    ) -> _Mesh:
        return _Mesh(
            torch.cat([self.vertices, vertices]),
            torch.cat([self.triangles, triangles + len(self.vertices)]),
            torch.cat([self.home, home]),
            torch.cat([self.fields, fields]),
        )


class _Coefficients(NamedTuple):
    """A head model's coefficients: (S,), (E,), (5, 3)."""

    shape: Float[torch.Tensor, " S"]
    expression: Float[torch.Tensor, " E"]
    pose: Float[torch.Tensor, "5 3"]


class SyntheticHeads:
    """Draws samples of one head model on one device."""

    def __init__(self, model: HeadModel, settings: SyntheticSettings, device: str, seed: int) -> None:
        """Put the model on the device and seed the randomness."""
        self.s, self.device = settings, torch.device(device)
        self.model = TorchHeadModel.from_model(model, device=device)
        self.canvas: Canvas = make_canvas(model, device)
        self.generator = torch.Generator(device=self.device).manual_seed(seed)
        self.random = Randomness(self.generator)
        self._proper = head_proper(model)
        self._head = model
        self._outer = anatomy_of(model).outer_skin_triangles
        self._scans = None if settings.scans is None else ScannedHeads(settings.scans, model, self.canvas)
        self._edges = torch.as_tensor(unique_edges(model.triangles), device=self.device)

    def draw(self) -> Sample:
        """One sample."""
        return self.draw_scene().sample

    def draw_scene(self) -> Scene:
        """One sample with all that is known of it."""
        true = self._coefficients()
        scan = None
        if self._scans is not None and self.random.chance(self.s.scanned):
            scan = self._scans.draw(self.random)
            true.pose[2:] = scan.pose[2:]
            true = true._replace(shape=scan.shape, expression=scan.expression)
        drawn = scan is None or self.random.chance(self.s.scan_hair)
        beard = self.random.uniform(0.002, 0.03) if drawn and self.random.chance(self.s.bearded) else 0.0
        style = random_style(self.generator) if drawn and not self.random.chance(self.s.bald) else None
        still = true.pose.clone()
        still[:2] = 0
        rest = self.model(true.shape[None], true.expression[None], still[None])[0]
        root, pivot = rotation_matrices(true.pose[:1])[0], self.model.joints(true.shape[None])[0, 0]
        distance = 0.45 * math.exp(self.random.uniform(0, 1.9))
        place = rest.new_tensor([0, 0, -distance])
        base = self._skin(rest, true) if scan is None else _Mesh(*scan.mesh)
        solid, mesh = (
            m._replace(vertices=(m.vertices - pivot) @ root.T + place) for m in self._grown(base, rest, beard, style)
        )
        fitted = self._fitted(true) + place
        view = self._view(fitted, mesh.vertices)
        camera = view.crop_camera(self.s.size)
        seen = rasterize_view(mesh.vertices, mesh.triangles, camera)
        covered = seen.triangle >= 0
        normals, photo = self._photograph(mesh, seen, covered, beard)
        if self.random.chance(self.s.glasses):
            photo = self._glasses(photo, true, lambda p: (p - pivot) @ root.T + place, camera)
        mask = self._mask(covered, camera, fitted)
        kind = interpolate(seen, mesh.triangles, mesh.fields[:, [HAIR, CLOTH]]).amax(2)
        weight = covered.float() * (1 + 1.5 * ((kind < 0.5) & covered).float())
        fit_seen = rasterize_view(fitted, self.canvas.triangles, camera)
        guidance = interpolate(fit_seen, self.canvas.triangles, vertex_normals(fitted, self.canvas.triangles))
        fronts = [-(depth - view.depth) / view.scale for depth in (seen.depth, fit_seen.depth)]
        # strands are too thin to be inside of anything
        known = [fronts[0] if mesh is solid else None, fronts[1]]
        depths = self._ranges(solid, fitted, view, known)
        skin = (rest - pivot) @ root.T + place
        sample = Sample(
            photo,
            F.normalize(guidance, dim=2).permute(2, 0, 1) * mask,
            normals * covered,
            mask,
            (weight * mask[0])[None],
            self._points(depths, mask[0] > 0, view, fitted=fitted, skin=skin),
            far_guidance=far_normals(depths[1].back[::2, ::2]),
            far_target=far_normals(depths[0].back[::2, ::2]),
        )
        return Scene(sample, view, fitted, depths[0], skin)

    def _coefficients(self) -> _Coefficients:
        s, draw = self.s, self.random
        strength = s.expression * draw.uniform(0, 1) ** 1.5
        return _Coefficients(
            draw.normal(self.model.shape_basis.shape[0]) * s.identity,
            draw.normal(self.model.expression_basis.shape[0]) * strength,
            self._pose(),
        )

    def _pose(self) -> torch.Tensor:
        draw = self.random
        pose = torch.zeros((5, 3), device=self.device)
        yaw = draw.uniform(-85, 85) if draw.chance(self.s.turned) else draw.normal(1).item() * 14
        pitch, roll = draw.normal(2).tolist()
        pose[0] = torch.tensor([pitch * 10, yaw, roll * 7]) * math.pi / 180
        pose[2, 0] = draw.uniform(0, 0.3) if draw.chance(0.25) else draw.uniform(0, 0.02)
        pose[3:] = (draw.normal(3) * torch.tensor([0.1, 0.15, 0], device=self.device))[None]
        return pose

    def _skin(self, rest: torch.Tensor, true: _Coefficients) -> _Mesh:
        """The head model's own mesh."""
        c = self.canvas
        fields = F.pad(c.fields(), (0, FIELDS - c.fields().shape[1]))
        relaxed = self.model.rest(true.shape[None], torch.zeros_like(true.expression)[None])[0]
        fields[:, SQUEEZE] = squeezed(relaxed, rest, self._edges)
        return _Mesh(rest, c.triangles, c.home, fields)

    def _grown(self, base: _Mesh, rest: torch.Tensor, beard: float, style: HairStyle | None) -> tuple[_Mesh, _Mesh]:
        """The head with beard, clothes and hair, without and with loose strands; `rest` is the model's under it."""
        c, mesh = self.canvas, base
        if beard:
            bumps = NoiseField(0.02, 3, self.generator)(base.home)[:, None]
            fall = torch.tensor([0.0, -0.5, 0.35], device=self.device)
            growth = vertex_normals(base.vertices, base.triangles) + fall
            where = base.fields[:, BEARD : BEARD + 1]
            mesh = base._replace(vertices=base.vertices + growth * where * beard * (0.7 + 0.4 * bumps))
        if self.random.chance(self.s.dressed):
            skin = torch.as_tensor(self._outer, device=self.device).long()
            cloth, triangles, home = dress(rest, c.home, skin, random_garment(self.random), self.random)
            mesh = mesh.joined(cloth, triangles, home, self._plain(len(cloth), CLOTH))
        if style is None:
            return mesh, mesh
        skull = skull_radius(rest[c.part == 0], c.hair_centre)
        hair = hair_shell(skull, c.hair_centre, style, self.generator)
        mesh = self._with_hair(mesh, hair, CLOTH if style.hat else HAIR)
        if style.loose is None or style.loose.count == 0:
            return mesh, mesh
        return mesh, self._with_hair(mesh, loose_strands(hair.grid, style.loose, self.generator), HAIR)

    def _with_hair(self, mesh: _Mesh, hair: HairShell | Strands, column: int) -> _Mesh:
        marked = self._plain(len(hair.vertices), column)
        marked[:, STREAK] = hair.streak[:, 0]
        return mesh.joined(hair.vertices, hair.triangles, hair.vertices, marked)

    def _plain(self, count: int, column: int) -> torch.Tensor:
        fields = torch.zeros((count, FIELDS), device=self.device)
        fields[:, EYE] = math.pi
        fields[:, PART] = 0
        fields[:, column] = 1
        return fields

    def _fitted(self, true: _Coefficients) -> torch.Tensor:
        """(V, 3) what a fit would have made of the head, relative to its place."""
        s, draw = self.s, self.random
        wrong = s.guidance_identity * draw.uniform(0.3, 1.4)
        shape = (true.shape + draw.normal(len(true.shape)) * wrong) / (1 + wrong**2)
        strength = s.guidance_expression * draw.uniform(0, 1)
        expression = true.expression * 0.85 + draw.normal(len(true.expression)) * strength
        pose = true.pose.clone()
        pose[0] += draw.normal(3) * math.radians(s.guidance_degrees)
        pose[2, 0] = (pose[2, 0] + draw.normal(1)[0] * 0.03).clamp(min=0)
        posed = self.model(shape[None], expression[None], pose[None])[0]
        pivot = self.model.joints(shape[None])[0, 0]
        return posed - pivot + draw.normal(3) * posed.new_tensor([0.002, 0.002, 0.004])

    def _view(self, fitted: torch.Tensor, vertices: torch.Tensor) -> HeadView:
        """The square as it is laid in use, a little off."""
        draw = self.random
        camera = Camera(1000.0, 0.0, 0.0, 1, 1)
        outline = camera.project(vertices.cpu().numpy().astype(np.float64))
        view = HeadView.around(fitted.cpu().numpy().astype(np.float64)[self._proper], camera, outline)
        side = view.side * draw.uniform(0.93, 1.1)
        middle = (view.side - side) / 2
        return HeadView(
            camera,
            view.left + middle + view.side * draw.uniform(-0.03, 0.03),
            view.top + middle + view.side * draw.uniform(-0.03, 0.03),
            side,
            view.depth,
        )

    def _photograph(
        self, mesh: _Mesh, seen: Raster, covered: torch.Tensor, beard: float
    ) -> tuple[torch.Tensor, torch.Tensor]:
        smooth = vertex_normals(mesh.vertices, mesh.triangles)
        packed = torch.cat([smooth, mesh.home, mesh.vertices, mesh.fields], 1)
        values = interpolate(seen, mesh.triangles, packed)[covered]
        normals, home, place, fields = values.split([3, 3, 3, FIELDS], 1)
        normals = F.normalize(normals, dim=1)
        away = (normals * -F.normalize(place, dim=1)).sum(1, keepdim=True) < 0
        normals = torch.where(away, -normals, normals)
        albedo, relief, gloss = appearance(home, fields, beard, self.random)
        normals = F.normalize(normals - (relief - (relief * normals).sum(1, keepdim=True) * normals), dim=1)
        lights = random_lights(self.generator)
        lit = key_visibility(mesh.vertices, mesh.triangles, place, lights)
        sky = occlusion(seen.depth, self.random.uniform(0.3, 1.0))[covered] * torch.where(away[:, 0], 0.4, 1.0)
        linear = shade(albedo, normals, lights, lit=lit, shine=gloss, sky=sky)
        linear = linear / linear.mean().clamp(min=0.02) * self.random.uniform(0.12, 0.35)
        size = self.s.size
        photo = self._background(size)
        photo[covered] = to_srgb(linear)
        out = torch.zeros((size, size, 3), device=self.device)
        out[covered] = normals
        return out.permute(2, 0, 1), photo.permute(2, 0, 1)

    def _background(self, size: int) -> torch.Tensor:
        """(H, W, 3) black where a picture was cut out already, else blurred colours."""
        if self.random.chance(0.4):
            return torch.zeros((size, size, 3), device=self.device)
        coarse = torch.rand((1, 3, 4, 4), generator=self.generator, device=self.device)
        coarse = coarse.mean(1, keepdim=True) + (coarse - coarse.mean(1, keepdim=True)) * 0.4
        return (
            F.interpolate(coarse, size=(size, size), mode="bicubic", align_corners=False)[0]
            .permute(1, 2, 0)
            .clamp(0, 1)
        )

    def _glasses(self, photo: torch.Tensor, true: _Coefficients, to_camera: object, camera: Camera) -> torch.Tensor:
        joints = self.model.joints(true.shape[None])[0]
        forward = self.random.uniform(0.024, 0.032)
        eyes, temples = [], []
        lens = lens_outline(np.zeros(3), self.random)
        for joint, side in ((4, -1.0), (3, 1.0)):
            centre = joints[joint] + joints.new_tensor([0.002 * side, -0.002, forward])
            outline = centre + joints.new_tensor(lens * [side, 1, 1])
            hinge = centre + joints.new_tensor([0.026 * side, 0.006, -0.006])
            ear = centre + joints.new_tensor([0.042 * side, 0.004, -0.09])
            eyes.append(self._pixels(outline, to_camera, camera))
            temples.append(self._pixels(torch.stack([hinge, ear]), to_camera, camera))
        turned = math.sin(true.pose[0, 1].item())
        shown = [t for t, side in zip(temples, (-1.0, 1.0), strict=True) if turned * side < 0.2]
        return draw_glasses(photo, np.stack(eyes), np.array(shown), self.random)

    def _pixels(self, points: torch.Tensor, to_camera: object, camera: Camera) -> np.ndarray:
        return camera.project(to_camera(points).cpu().numpy().astype(np.float64))  # type: ignore[operator]

    def _mask(self, covered: torch.Tensor, camera: Camera, fitted: torch.Tensor) -> torch.Tensor:
        """The silhouette as a segmentation would see it: a little off, and cut below the neck."""
        x = covered.float()[None, None]
        radius = self.random.index(3)
        if radius:
            grown = F.max_pool2d(x, 2 * radius + 1, 1, radius)
            shrunk = -F.max_pool2d(-x, 2 * radius + 1, 1, radius)
            x = grown if self.random.chance(0.5) else shrunk
        if self.random.chance(0.6):
            rows = camera.project(fitted.cpu().numpy()[self._proper])[:, 1]
            cut = rows.max() + self.random.uniform(0.05, 0.5) * float(np.ptp(rows))
            x[:, :, int(np.clip(cut, 0, x.shape[2])) :] = 0
        return x[0]

    def _ranges(
        self, mesh: _Mesh, fitted: torch.Tensor, view: HeadView, fronts: Sequence[torch.Tensor | None]
    ) -> tuple[DepthRange, DepthRange]:
        """First and last surface of the true and of the fitted head."""
        outer = torch.as_tensor(self._outer, device=self.device).long()
        pairs = ((mesh.vertices, mesh.triangles, fronts[0]), (fitted, outer, fronts[1]))
        true, prior = (
            depth_range(self._cube(vertices, view), triangles, self.s.size, front)
            for vertices, triangles, front in pairs
        )
        return true, prior

    def _cube(self, vertices: torch.Tensor, view: HeadView) -> torch.Tensor:
        return torch.as_tensor(view.to_cube(vertices.cpu().numpy().astype(np.float64)), device=self.device).float()

    def _points(
        self,
        depths: tuple[DepthRange, DepthRange],
        mask: torch.Tensor,
        view: HeadView,
        *,
        fitted: torch.Tensor,
        skin: torch.Tensor,
    ) -> ShapePoints:
        if self.s.points == 0:
            empty = torch.zeros((0, 4), device=self.device)
            return ShapePoints(empty[:, :3], empty, empty[:, 0], empty[:, :3])
        true, prior = depths
        points = sample_points(true, prior, mask, self.s.points, self.generator)
        metric = view.to_camera(points.cpu().numpy().astype(np.float64))
        told = PosedPrior(self._head, fitted.cpu().numpy()).ask(metric)
        true_codes = PosedPrior(self._head, skin.cpu().numpy()).ask(metric).codes
        said = np.column_stack([told.codes, told.signed / view.scale])
        return ShapePoints(
            points,
            torch.as_tensor(said, device=self.device).float(),
            true.inside(points).float(),
            torch.as_tensor(true_codes, device=self.device).float(),
        )


def stack(samples: Sequence[Sample]) -> Sample:
    """Samples of one size as one, with a first axis."""
    shapes = [s.shape for s in samples]
    return Sample(
        photo=torch.stack([s.photo for s in samples]),
        guidance=torch.stack([s.guidance for s in samples]),
        target=torch.stack([s.target for s in samples]),
        mask=torch.stack([s.mask for s in samples]),
        weight=torch.stack([s.weight for s in samples]),
        shape=ShapePoints(*(torch.stack(parts) for parts in zip(*shapes, strict=True))),
        far_guidance=torch.stack([s.far_guidance for s in samples]),
        far_target=torch.stack([s.far_target for s in samples]),
    )


def squeezed(
    relaxed: Float[torch.Tensor, "V 3"], expressed: Float[torch.Tensor, "V 3"], edges: Int[torch.Tensor, "E 2"]
) -> Float[torch.Tensor, " V"]:
    """How much an expression shortens the skin about each vertex (V,): 0 not at all, 1 by half or more."""
    before, after = ((v[edges[:, 1]] - v[edges[:, 0]]).norm(dim=1) for v in (relaxed, expressed))
    shorter = (2 * (1 - after / before.clamp(min=1e-6))).clamp(0, 1)
    most = torch.zeros(len(relaxed), device=relaxed.device)
    for k in range(2):
        most = most.scatter_reduce(0, edges[:, k], shorter, "amax")
    return most
