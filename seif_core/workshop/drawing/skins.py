"""Skin, eyes, teeth and tongue of somebody: the head's own surfaces."""

from __future__ import annotations

from typing import Final, NamedTuple

import cv2
import numpy as np

from ...headmodel.topology import PART_NAMES
from ...shapes import Float, Float64, Int
from ..training.canvas import make_canvas
from .body import Bodies, Person, Traits
from .pack import Pack
from .surface import LINEAR, Surface, Texture
from .tiles import to_srgb8

_LOWEST: Final = 2.6
"""Decimetres of MakeHuman's base mesh: what lies lower is not drawn; three hands below the neck's rim."""
_IRIS_ANGLE: Final = 0.5
"""Radians from an eye's axis to the edge of its iris on the Open head."""
_IRIS_PIXELS: Final = 60.0
"""Pixels from the pupil to the edge of the iris in the pack's pictures of eyes."""
_EYE_AT: Final = (150, 362)
"""Column and row of the left lower eye's pupil in them."""
_EYE_CROP: Final = 144
"""Half the side of the piece that is used, pixels."""
_TEETH: Final = np.array([0.55, 0.50, 0.40])
_TONGUE: Final = np.array([0.36, 0.13, 0.12])
"""Linear colours, by eye."""


class Looks(NamedTuple):
    """Colours of somebody, linear RGB.

    Attributes:
        skin: mean of the skin.
        picture: name of the pack's skin.
        hair: of the hair; beard and brows are like it.
        iris: mean of the iris.
        shadow: 0..1 how much of the beard's area is.
        lips: factor of the lips' colour.
        flush: strength of red on cheeks, nose and ears.
    """

    skin: Float[np.ndarray, "3"]
    picture: str
    hair: Float[np.ndarray, "3"]
    iris: Float[np.ndarray, "3"]
    shadow: float
    lips: Float[np.ndarray, "3"]
    flush: float


def skin_picture(traits: Traits, pack: Pack, random: np.random.Generator) -> str:
    """Name of a skin in the pack that suits somebody."""
    names = pack.names("skins")
    age = "old" if traits.age > 2.65 else "middleage" if traits.age > 2.3 else "young"
    sex = "_male" if traits.male > 0.5 and traits.age > 1.7 else "_female"  # men's skins carry stubble
    origin = ("african", "asian", "caucasian")[int(np.argmax(traits.origin))]
    fitting = [n for n in names if age in n and sex in n and (origin in n or "eurasian" in n)]
    fitting = fitting or [n for n in names if sex in n and origin in n]
    return str(random.choice(fitting or list(names)))


class SkinMesh:
    """The skin's faces of head, neck and shoulders, cut out of MakeHuman's body once.

    Attributes:
        ids: (N,) base vertices that are drawn.
        triangles: (T, 3) into them.
        uv: the base mesh's, with `uv_triangles` (T, 3).
        beard: (N,) 0..1 where a full beard grows.
        scalp: (N,) 0..1 where hair grows.
        over_hairline: (N,) eye distances, see `anatomy`; -1 off the head.
        neck: (N,) whether a vertex is of the neck or the body.
    """

    def __init__(self, bodies: Bodies) -> None:
        base = bodies.pack.base["vertices"]
        quads, uv_quads = bodies.body_faces, bodies.body_uv_faces
        keep = base[quads][:, :, 1].min(1) > _LOWEST
        quads, uv_quads = quads[keep], uv_quads[keep]
        triangles = np.concatenate([quads[:, :3], quads[:, [0, 2, 3]]])
        self.uv_triangles = np.concatenate([uv_quads[:, :3], uv_quads[:, [0, 2, 3]]]).astype(np.int64)
        self.ids, flat = np.unique(triangles, return_inverse=True)
        self.triangles: Int[np.ndarray, "T 3"] = flat.reshape(-1, 3).astype(np.int64)
        self.uv = bodies.pack.base["uv"]
        canvas = make_canvas(bodies.model, "cpu")

        def spread(values: np.ndarray, elsewhere: float) -> np.ndarray:
            whole = np.full(len(base), elsewhere)
            whole[bodies.ids[bodies.own]] = values[bodies.own]
            return whole[self.ids]

        self.beard = spread(canvas.beard[:, 0].numpy(), 0.0)
        self.lips = spread(canvas.lips[:, 0].numpy(), 0.0)
        self.flush = spread(canvas.flush[:, 0].numpy(), 0.0)
        self.over_hairline = spread(bodies.over_hairline, -1.0)
        self.scalp = np.clip((self.over_hairline + 0.05) / 0.3, 0, 1)
        neck = bodies.model.regions["neck"] & ~bodies.model.regions["face"]
        self.neck = spread(neck.astype(float), 1.0) > 0.5
        self.torso = spread(np.zeros(len(bodies.ids)), 1.0) > 0.5

    def surface(
        self, bodies: Bodies, posed: Float64[np.ndarray, "B 3"], looks: Looks, grown: tuple[np.ndarray, np.ndarray]
    ) -> Surface:
        """The skin of a posed base mesh.

        Args:
            bodies: whose pack holds the pictures.
            posed: (19158, 3) metres.
            looks: colours.
            grown: (N,) and (N,) 0..1, how much of the skin's colour is hair's on the scalp and on the jaw.
        """
        mean = bodies.pack.mean_colour(looks.picture)
        gain = (looks.skin / mean).clip(0.1, 4)
        colour = np.ones((len(self.ids), 3))
        hair = (looks.hair * 0.9 / looks.skin).clip(0.02, 2.5)
        for share in grown:
            colour += np.clip(share, 0, 1)[:, None] * (hair - 1) * colour
        colour *= 1 + self.lips[:, None] * (looks.lips - 1)
        colour *= 1 + self.flush[:, None] * looks.flush * np.array([0.12, -0.12, -0.10])
        texture = Texture(bodies.pack.skin(looks.picture), self.uv, self.uv_triangles, gain)
        return Surface(
            posed[self.ids], self.triangles, "skin", "skin", colour=colour, texture=texture, gloss=0.035, roughness=0.03
        )


def eye_surfaces(bodies: Bodies, person: Person, posed_head: np.ndarray, looks: Looks) -> list[Surface]:
    """Eyeballs, teeth and tongue of a posed head (V, 3)."""
    out: list[Surface] = []
    for name, joint in (("eye_left", 3), ("eye_right", 4)):
        ids, triangles = _part(bodies, name)
        axis = person.head[ids] - person.joints[joint]
        axis /= np.linalg.norm(axis, axis=1, keepdims=True)
        angle = np.arccos(np.clip(axis[:, 2], -1, 1))
        reach = np.minimum(angle / _IRIS_ANGLE * _IRIS_PIXELS, _EYE_CROP - 3.0)
        flat = axis[:, :2] / np.maximum(np.linalg.norm(axis[:, :2], axis=1, keepdims=True), 1e-9)
        uv = 0.5 + flat * reach[:, None] / (2 * _EYE_CROP)
        picture = eye_picture(bodies.pack, looks.iris)
        texture = Texture(picture, uv, triangles, np.ones(3))
        out.append(Surface(posed_head[ids], triangles, "skin", "eye", texture=texture, gloss=0.03))
    for name, colour in (("teeth_upper", _TEETH), ("teeth_lower", _TEETH), ("tongue", _TONGUE)):
        ids, triangles = _part(bodies, name)
        paint = np.tile(colour, (len(ids), 1))
        out.append(Surface(posed_head[ids], triangles, "skin", "hard", colour=paint, gloss=0.04))
    return out


def _part(bodies: Bodies, name: str) -> tuple[np.ndarray, np.ndarray]:
    faces = bodies.model.faces[bodies.model.face_part == PART_NAMES.index(name)]
    quads = faces[faces[:, 3] >= 0]
    ids, flat = np.unique(np.concatenate([faces[:, :3], quads[:, [0, 2, 3]]]), return_inverse=True)
    return ids, flat.reshape(-1, 3).astype(np.int64)


def eye_picture(pack: Pack, iris: Float[np.ndarray, "3"]) -> np.ndarray:
    """One eye from the front (2 * 144 px) with an iris of this mean linear colour and a sclera that is not white."""
    column, row = _EYE_AT
    size = _EYE_CROP
    source = pack.picture("eyes/grey")[..., :3]
    padded = cv2.copyMakeBorder(source, size, size, size, size, cv2.BORDER_REPLICATE)
    piece = np.asarray(padded, np.uint8)[row : row + 2 * size, column : column + 2 * size]
    linear = LINEAR[piece]
    y, x = np.mgrid[: 2 * size, : 2 * size] - size + 0.5
    away = np.hypot(x, y)
    inside = np.clip((_IRIS_PIXELS + 1.5 - away) / 3, 0, 1)[..., None]
    light = linear @ np.array([0.2126, 0.7152, 0.0722], np.float32)
    mean = light[(away < _IRIS_PIXELS * 0.95) & (away > _IRIS_PIXELS * 0.4)].mean()
    limbus = 1 - 0.55 * np.exp(-(((away - _IRIS_PIXELS) / 6) ** 2))
    coloured = (light / mean).clip(0.03, 2)[..., None] * iris
    white = linear * 0.72 * np.array([1.0, 0.95, 0.9])
    return to_srgb8((white + inside * (coloured - white)) * limbus[..., None])
