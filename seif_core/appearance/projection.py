"""The photo seen from the texture: each texel's colour under an even light, and how far it can be trusted."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final, NamedTuple

import numpy as np

from ..evidence.mesh_view import MeshView
from ..evidence.openings import openings
from ..evidence.photo_evidence import GAMMA, PhotoEvidence
from ..evidence.photograph import HeadPicture
from ..evidence.shown_classes import ShownClasses
from ..fitting import Fit
from ..geometry.camera import Camera
from ..geometry.edges import polygon_edges
from ..geometry.sampling import sample, smoothstep
from ..geometry.screened_poisson import ScreenedPoisson
from ..portrait import Portrait
from ..shapes import Float, Float32
from .alignment import landmark_displacement
from .atlas import Atlas
from .settings import TextureSettings
from .texture_regions import TextureRegions, scalp_share

_DEPTH_TOLERANCE: Final = 0.006
"""Metres that a texel may lie behind the nearest surface around it. Chosen by eye on the sample portraits, as are the
constants below."""
_BELOW_TRUST: Final = 0.2
"""Trust in neck and shoulders against the face: the photo mostly shows clothes, hair and shadow there."""
_FACING: Final = (0.28, 0.70)
"""Cosine to the camera from which a texel is trusted, not at all and wholly."""
_HAIR_LENIENCE: Final = 0.15
"""By how much less hair need face the camera: it forgives a slanting view, skin shows streaks."""
_SKIN: Final = (0.5, 0.9)
"""Share of skin in the parsing from which a texel is believed, not at all and wholly."""
_RIM: Final = (0.08, 0.20)
"""Difference from the face's skin, sRGB of the channel that differs most, from which what glasses show is no skin."""
_FRAME: Final = (0.35, 0.8)
"""Share of glasses from which a texel is a frame or its shadow, whatever its colour, not at all and wholly."""
_CALM: Final = 0.006
"""Metres over which the normals are smoothed that light is divided out by."""
_NOTHING: Final = 1e3
"""Metres: depth where there is no surface."""


@dataclass(frozen=True, eq=False)
class Projected:
    """What the photo says of the atlas' texels; N texels, of which those off the skin have no trust.

    Attributes:
        colour: (N, 3) float32 sRGB, the photo with its light evened.
        trust: (N,) float32 in 0..1, how well the photo shows the surface there.
        likeness: (N,) float32 in 0..1, how much the photo there looks like this person's skin; 1 from brows to lips.
            0 where the photo was parsed: nobody asks, and zeros take no memory.
        scalp: (N,) float32 in 0..1, above the hairline; 0 like `likeness`.
        detail: (N,) float32 in 0..1, where the photo's fine structure is wanted at all.
        growth: (N,) float32 in 0..1, beard or brows, where the photo was parsed.
        covered: (N,) float32 in 0..1, hair or headwear before it, where the photo was parsed.
        place: (V, 2) pixels of the photo, where it shows each vertex.
        skin_colour: (3,) float32 sRGB, the median of the face.
        hair_colour: (3,) float32 sRGB of what covers the scalp, None for a bald head.
        bald: (V,) float32 in 0..1, the mesh's vertices on a bald crown; None for a head with hair on top.
        bare: (V,) float32 in 0..1, where the parsed photo shows skin, whatever its colour: a highlight too. None where
            it was not parsed.
    """

    colour: Float32[np.ndarray, "N 3"]
    trust: Float32[np.ndarray, " N"]
    likeness: Float32[np.ndarray, " N"]
    scalp: Float32[np.ndarray, " N"]
    detail: Float32[np.ndarray, " N"]
    growth: Float32[np.ndarray, " N"]
    covered: Float32[np.ndarray, " N"]
    place: Float[np.ndarray, "V 2"]
    skin_colour: Float32[np.ndarray, "3"]
    hair_colour: Float32[np.ndarray, "3"] | None
    bald: Float32[np.ndarray, " V"] | None = None
    bare: Float32[np.ndarray, " V"] | None = None


def project_photo(
    portrait: Portrait,
    fit: Fit,
    evidence: PhotoEvidence,
    *,
    picture: HeadPicture,
    view: MeshView,
    atlas: Atlas,
    regions: TextureRegions,
    smoother: ScreenedPoisson,
    settings: TextureSettings,
) -> Projected:
    """Look up the texels in the photo.

    Args:
        portrait: gives the landmarks.
        fit: gives the posed mesh.
        evidence: what the photo shows.
        picture: the head's piece of the photo, from which colours are taken.
        view: the mesh as the evidence's camera sees it.
        atlas: the model's texels.
        regions: the model's regions.
        smoother: of the model's mesh.
        settings: how much light is divided out, whether landmarks bend the photo.
    """
    shift = np.zeros((len(fit.posed), 2), np.float32)
    if settings.align:
        shift = landmark_displacement(portrait, fit, smoother, view.facing, regions.inner)
    place = fit.camera.project(fit.posed.astype(np.float64)) + shift
    shown = evidence.shown if settings.skin else None
    normals = view.normals if shown is None else calm_normals(view.normals, fit, smoother)
    light = evidence.light_at(normals, settings.evening)
    masks = [view.facing, regions.features, regions.over_hairline, regions.core, regions.below, regions.outer_skin]
    values = np.concatenate([place, -fit.posed[:, 2:], *(mask[:, None] for mask in masks), light**-GAMMA], axis=1)
    photo = _Photo(portrait, fit, evidence, picture, view, shown=shown)
    faces_camera = np.ones(len(values), bool)
    if shown is not None:
        faces_camera = (view.facing > _FACING[0]) & (regions.outer_skin > 0)
    found = _Looked.nothing(len(atlas.texels), parsed=shown is not None)
    asked = [name for name in _Looked._fields if shown is None or name not in _OF_COLOUR_ALONE]

    def look(part: slice) -> None:
        chosen = atlas.touched(faces_camera, part)
        if len(chosen):
            looked = photo.look_up(atlas.spread(values, chosen))
            for name in asked:
                getattr(found, name)[chosen] = getattr(looked, name)
        if shown is not None:
            found.covered[part] = photo.hair_at(atlas.spread(place, part))

    atlas.each_part(look)
    hair = evidence.hair_colour if shown is None else shown.hair_colour
    bald = None if evidence.bald is None else evidence.bald.on(fit.model)
    return Projected(
        **found._asdict(),
        place=place,
        skin_colour=evidence.skin_colour,
        hair_colour=hair,
        bald=bald,
        bare=None if shown is None else photo.bare_at(place.astype(np.float32), -fit.posed[:, 2], view.facing),
    )


def calm_normals(normals: Float[np.ndarray, "V 3"], fit: Fit, smoother: ScreenedPoisson) -> Float32[np.ndarray, "V 3"]:
    """Normals (V, 3) as light is divided out by them: a crease that lies wrong would be painted beside the photo's."""
    start, end = fit.neutral[polygon_edges(fit.model.faces)].swapaxes(0, 1)
    stiffness = (_CALM / float(np.median(np.linalg.norm(end - start, axis=1)))) ** 2
    calm = smoother.solve(normals, np.ones(len(normals)), stiffness=stiffness)
    return calm / np.maximum(np.linalg.norm(calm, axis=1, keepdims=True), 1e-6)


class _Looked(NamedTuple):
    """The fields of `Projected` that each of N texels has."""

    colour: Float32[np.ndarray, "N 3"]
    trust: Float32[np.ndarray, " N"]
    likeness: Float32[np.ndarray, " N"]
    scalp: Float32[np.ndarray, " N"]
    detail: Float32[np.ndarray, " N"]
    growth: Float32[np.ndarray, " N"]
    covered: Float32[np.ndarray, " N"]

    @staticmethod
    def nothing(count: int, *, parsed: bool) -> _Looked:
        """What texels are told of that nobody looks up: no trust."""
        never = _OF_COLOUR_ALONE if parsed else ()
        zeros = {
            name: np.broadcast_to(np.float32(0), count) if name in never else np.zeros(count, np.float32)
            for name in _Looked._fields[1:]
        }
        return _Looked(np.zeros((count, 3), np.float32), **zeros)


_OF_COLOUR_ALONE: Final = ("likeness", "scalp")
"""What is asked only where no parsing tells skin and hair; where one does they are 0 and take no memory."""


class _Photo:
    """The photo's colours at full size, and the evidence about them."""

    def __init__(
        self,
        portrait: Portrait,
        fit: Fit,
        evidence: PhotoEvidence,
        picture: HeadPicture,
        view: MeshView,
        *,
        shown: ShownClasses | None,
    ) -> None:
        self._evidence, self._pixels, self._shown = evidence, picture.pixels, shown
        self._large, self._small = _Piece(picture.camera, fit.camera), _Piece(evidence.camera, fit.camera)
        size = (picture.camera.height, picture.camera.width)
        self._openings = openings(portrait, self._large.zoom, self._large.origin, size)
        nearest = np.where(np.isfinite(view.nearest), view.nearest, _NOTHING)
        maps = [evidence.skin_likeness, evidence.inside, nearest]
        if shown is not None:
            maps += [shown.skin, shown.glasses, shown.growth]
            self._hair = np.asarray(shown.hair + shown.headwear, np.float32)
        self._maps = np.stack(maps, axis=2).astype(np.float32)  # one look-up for all

    def look_up(self, spread: Float32[np.ndarray, "N C"]) -> _Looked:
        """What the photo says of some texels, whose values are in the order of `project_photo`."""
        x, y, depth, facing, features, hair, core, below, outer, *evening = np.ascontiguousarray(spread.T)
        colour = self._large.sample(self._pixels, x, y, cubic=True).astype(np.float32) / 255
        colour *= np.stack(evening, 1)
        scalp = scalp_share(hair)
        like, inside, nearest, *classes = self._small.sample(self._maps, x, y).T
        lenient = scalp if self._shown is None else 0
        trust = smoothstep(facing + _HAIR_LENIENCE * lenient, *_FACING) * outer * inside
        trust *= 1 - self._large.sample(self._openings, x, y).astype(np.float32) / 255
        trust *= _in_front(depth, nearest)
        own = np.maximum(features, lenient)  # here the photo is kept whatever its colour
        growth = np.zeros_like(x)
        if classes:
            skin, glasses, growth = classes
            trust *= self._skin(skin, glasses, colour)
            own = np.maximum(own, growth)  # a beard has no colour of skin
        trust *= own + (1 - own) * like
        trust *= 1 - (1 - _BELOW_TRUST) * below
        return _Looked(
            colour=np.clip(colour, 0, 1),
            trust=np.clip(trust, 0, 1).astype(np.float32),
            likeness=np.clip(np.maximum(like, core), 0, 1).astype(np.float32),
            scalp=scalp,
            detail=np.clip(1 - below, 0, 1).astype(np.float32),
            growth=growth.astype(np.float32),
            covered=np.zeros_like(x),
        )

    def hair_at(self, place: Float32[np.ndarray, "N 2"]) -> Float32[np.ndarray, " N"]:
        """How far the parsed photo shows hair or headwear at places of it (N, 2), pixels."""
        return self._small.sample(self._hair, *np.ascontiguousarray(place.T))

    def bare_at(
        self, place: Float32[np.ndarray, "V 2"], depth: Float[np.ndarray, " V"], facing: Float32[np.ndarray, " V"]
    ) -> Float32[np.ndarray, " V"]:
        """How far the parsed photo shows skin, whatever its colour, at vertices at these places, metres deep (V,)."""
        _, inside, nearest, skin, _, _ = self._small.sample(self._maps, *np.ascontiguousarray(place.T)).T
        seen = smoothstep(facing, *_FACING) * inside * _in_front(depth, nearest)
        return (seen * smoothstep(skin, *_SKIN)).astype(np.float32)

    def _skin(
        self, skin: Float32[np.ndarray, " N"], glasses: Float32[np.ndarray, " N"], colour: Float32[np.ndarray, "N 3"]
    ) -> Float[np.ndarray, " N"]:
        """How far some texels show skin, (N,) in 0..1."""
        away = np.abs(colour - self._evidence.skin_colour).T
        unlike = np.maximum(np.maximum(away[0], away[1]), away[2])  # a rim or a highlight, not skin behind glass
        rim = np.maximum(glasses * smoothstep(unlike, *_RIM), smoothstep(glasses, *_FRAME))
        return smoothstep(skin, *_SKIN) * (1 - rim)


def _in_front(depth: Float[np.ndarray, " N"], nearest: Float32[np.ndarray, " N"]) -> Float[np.ndarray, " N"]:
    """How far points at these depths are seen, 0..1, where the nearest surface is so deep, metres."""
    return 1 - smoothstep(depth - nearest, _DEPTH_TOLERANCE, 2 * _DEPTH_TOLERANCE)


class _Piece:
    """Looks up places of the photo in a piece of it."""

    def __init__(self, camera: Camera, photo: Camera) -> None:
        self.zoom = camera.focal / photo.focal
        self.origin = np.array([camera.cx - photo.cx * self.zoom, camera.cy - photo.cy * self.zoom])

    def sample(self, picture: np.ndarray, x: np.ndarray, y: np.ndarray, *, cubic: bool = False) -> np.ndarray:
        """Values of a picture of the piece at places (N,) of the photo, pixels."""
        u, v = x * self.zoom + self.origin[0] - 0.5, y * self.zoom + self.origin[1] - 0.5
        return sample(picture, u.astype(np.float32), v.astype(np.float32), cubic=cubic)
