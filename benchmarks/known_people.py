"""Whole drawn people of known shape that no network has seen: other identities, skins and hair than any training's.

Identities come from ICT-FaceKit, FLAME 2023 Open and GNM, carried onto the Open head's vertices by registration; they
are drawn by the project's drawer (`workshop.drawing`) with the skins that `HELD_SKINS` names, which the dense points
never learned from, and hair grown for each. Each person is drawn from the front and turned by 35 degrees.

Convention: metres, camera space of `geometry.camera`; figures in millimetres.
"""

from __future__ import annotations

from pathlib import Path
from typing import Final, NamedTuple

import numpy as np

from seif_core.headmodel import HeadModel
from seif_core.shapes import Float
from seif_core.workshop.drawing.body import Bodies, Person, Traits
from seif_core.workshop.drawing.colours import hair_colour, iris_colour, skin_colour
from seif_core.workshop.drawing.drawer import Drawer, DrawingSettings
from seif_core.workshop.drawing.grooming import Hair
from seif_core.workshop.drawing.locks import grown_hair, random_hair_style
from seif_core.workshop.drawing.skins import Looks

SIZE: Final = 360
"""Pixels a side: 114 a face."""
TURN: Final = 35.0
"""Degrees to the side."""
SKINS: Final = {
    "skins/young_caucasian_male2": (0.9, (0.0, 0.05, 0.95), 2.1),
    "skins/middleage_african_female": (0.1, (0.95, 0.0, 0.05), 2.35),
    "skins/old_asian_male": (0.9, (0.0, 0.95, 0.05), 2.7),
    "skins/young_eurasian_female": (0.1, (0.0, 0.5, 0.5), 2.1),
}
"""Sex, origins (African, Asian, European) and age that a held-back skin suits."""


LAUGH: Final = {
    "mouthSmile": 0.8,
    "cheekSquint": 0.6,
    "eyeSquint": 0.3,
    "mouthUpperUp": 0.3,
    "mouthLowerDown": 0.25,
    "jawOpen": 0.12,
}
"""Weights of a laugh's expressions, both sides alike."""


class KnownPerson(NamedTuple):
    """A drawn person and the truth.

    Attributes:
        picture: (S, S, 3) uint8 sRGB.
        neutral: (V, 3) the Open head's vertices at rest, without expression, metres.
    """

    picture: np.ndarray
    neutral: np.ndarray


class _GivenBodies(Bodies):
    """Bodies whose head is given."""

    given: np.ndarray

    def head(self, *_: object) -> tuple[np.ndarray, np.ndarray]:  # pyright: ignore[reportIncompatibleMethodOverride]
        """The head that was given, at rest, and its joints."""
        return self.given.copy(), self.model.joint_regressor.astype(np.float64) @ self.given


class PersonDrawer(Drawer):
    """Draws a person of a given shape.

    Args:
        model: the Open head.
        pack: folder of the MakeHuman pack.
    """

    def __init__(self, model: HeadModel, pack: Path) -> None:
        plain = DrawingSettings(size=SIZE, glasses=0.0, headwear=0.0, front=0.0, bald=0.15, bearded=0.25, bare=0.0)
        super().__init__(model, pack, plain)
        self.bodies.__class__ = _GivenBodies
        self._expression_given = np.zeros(len(model.key_names))
        self._turn = 0.0

    def person(
        self, neutral: Float[np.ndarray, "V 3"], number: int, *, turn: float = 0.0, laughing: bool = False
    ) -> KnownPerson:
        """Draw somebody.

        Args:
            neutral: (V, 3) the head at rest.
            number: decides skin, hair, light and camera.
            turn: degrees to the side.
            laughing: with a wide laugh instead of no expression.
        """
        self.bodies.given = neutral  # pyright: ignore[reportAttributeAccessIssue]
        self._turn, weights = turn, np.zeros(len(self.model.key_names))
        if laughing:
            for stem, value in LAUGH.items():
                for k, name in enumerate(self.model.key_names):
                    if name in (stem, f"{stem}Left", f"{stem}Right"):
                        weights[k] = value
        self._expression_given = weights
        return KnownPerson(self.draw(977, number).picture, neutral.astype(np.float32))

    def _somebody(self, random: np.random.Generator) -> tuple[Traits, np.ndarray, np.ndarray, np.ndarray, Looks]:
        name = sorted(SKINS)[int(random.integers(len(SKINS)))]
        male, origin, age = SKINS[name]
        traits = Traits(age, male, origin, 0.0, 0.0)
        looks = Looks(
            skin_colour(origin, random),
            name,
            hair_colour(origin, age, random),
            iris_colour(origin[0] + origin[1], random),
            random.uniform(0, 0.4) if male > 0.5 else 0.0,
            random.uniform(0.75, 1.05) * np.array([1.0, 0.85, 0.85]),
            random.uniform(0, 1.5),
        )
        pose = np.zeros((5, 3))
        pitch, roll = np.radians(random.normal(size=2) * [5, 4])
        yaw = np.radians(self._turn * random.choice([-1, 1]) + random.normal() * 2)
        pose[0, 1], pose[1] = yaw * 0.4, [pitch, yaw * 0.6, roll]
        return traits, np.zeros(len(self.model.shape_basis)), self._expression_given, pose, looks

    def _hair(self, person: Person, traits: Traits, looks: Looks, random: np.random.Generator) -> Hair:
        """Locks that were grown for this person: the pack's hair that was held back covers an eye."""
        style = random_hair_style(traits.male, traits.age, random)
        surface, density = grown_hair(self.skin, person, style, looks.hair, random)
        weights = np.tile(np.array([0.0, 1, 0, 0, 0]), (len(surface.vertices), 1))
        return Hair("grown", surface, weights, density)
