"""The people who are drawn: head, neck and shoulders of many ages, sexes, builds and origins, posed.

The head is the Open head's (its identity components around its mean), moved by MakeHuman's age, sex, build and origin;
the body under it is MakeHuman's of the same person, scaled and bent so that the necks meet.

Convention: metres, the head model's frame (Y up, the face towards +Z, +X the subject's left) until the camera is set.
Worked number: on the mean head the neck's rim lies near y = -0.167.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final, NamedTuple

import numpy as np
from scipy.spatial import KDTree

from ...headmodel import HeadModel
from ...headmodel.anatomy import anatomy_of
from ...headmodel.skinning import joint_transforms
from ...headmodel.topology import JOINT_NAMES
from ...shapes import Float, Float64, Int
from ..openhead import calibration, makehuman, selection, sliders
from .pack import BoundMesh, Pack

_AGES: Final = ("baby", "child", "young", "old")
_ORIGINS: Final = ("african", "asian", "caucasian")
_AVERAGE: Final = "averagemuscle-averageweight"
_REACH: Final = 0.05
"""Metres from the neck's rim over which the body bends towards it."""

_YOUNG: Final = 0.25
"""Share by which MakeHuman's offset of children's heads is enlarged: its children are small adults (by eye)."""


@dataclass(frozen=True)
class Traits:
    """Who somebody is.

    Attributes:
        age: 0 a baby, 1 a child of ten, 2 a young adult, 3 an old person; between them in between.
        male: 0 a woman, 1 a man.
        origin: shares of `_ORIGINS`, which sum to 1.
        muscle: -1 little, 1 much.
        weight: -1 thin, 1 heavy.
    """

    age: float
    male: float
    origin: tuple[float, float, float]
    muscle: float
    weight: float


def random_traits(random: np.random.Generator) -> Traits:
    """Traits with a wide prior: one in six is a child, one in four is old."""
    part = random.choice(4, p=[0.05, 0.12, 0.58, 0.25])
    age = float(
        [random.uniform(0.05, 0.8), random.uniform(0.8, 1.8), random.uniform(1.8, 2.5), random.uniform(2.4, 3)][part]
    )
    male = float(np.clip(0.5 + random.choice([-1, 1]) * random.uniform(0.25, 0.5), 0, 1))
    origin = random.dirichlet([0.35, 0.35, 0.35])
    muscle, weight = np.clip(random.normal(size=2) * [0.35, 0.4], -1, 1)
    return Traits(age, male, (float(origin[0]), float(origin[1]), float(origin[2])), float(muscle), float(weight))


SKULL: Final = np.array([0.0, 0.07, 0.03])
"""From the neck's joint to about the skull's middle on an adult's head, metres."""


class Person(NamedTuple):
    """Somebody, not posed yet; B base vertices (19158), V head vertices.

    Attributes:
        head: (V, 3) the Open head's vertices with expression, metres.
        base: (B, 3) MakeHuman's base vertices of the same person, the head's own among them, metres.
        joints: (5, 3) of the head.
        pose: (5, 3) axis-angle, as the head model's.
    """

    head: Float64[np.ndarray, "V 3"]
    base: Float64[np.ndarray, "B 3"]
    joints: Float64[np.ndarray, "5 3"]
    pose: Float64[np.ndarray, "5 3"]

    def posed(self, points: Float[np.ndarray, "N 3"], weights: Float[np.ndarray, "N 5"]) -> Float64[np.ndarray, "N 3"]:
        """Points of the unposed person with skin weights, posed, metres."""
        blended = np.einsum("vj,jab->vab", weights, joint_transforms(self.joints, self.pose))
        return np.einsum("vab,vb->va", blended[:, :3, :3], points) + blended[:, :3, 3]


class Bodies:
    """Makes people of one head model.

    Args:
        model: the Open head.
        pack: the MakeHuman pack.

    Raises:
        DependencyError: MakeHuman's targets are not installed.
    """

    def __init__(self, model: HeadModel, pack: Pack) -> None:
        self.model, self.pack = model, pack
        self.ids: Int[np.ndarray, " V"] = pack.base["open_head_ids"].astype(np.int64)
        self.own = np.flatnonzero(self.ids >= 0)
        self.origin = pack.base["open_head_origin"].astype(np.float64)
        self._frame = calibration.calibrated_identity().frame
        self._chosen = selection.head_selection()
        self._mean = sliders.macro_body()
        self._still = (self._chosen.vertex_part == 0) & (sliders.macro_mean()[:, 1] > -0.1)
        self.rim = self._chosen.rim
        self._targets: dict[str, np.ndarray] = {}
        self.weights = self._base_weights()
        self.over_hairline = anatomy_of(model).over_hairline
        _, quads_uv = pack.body_quads
        self.body_faces, self.body_uv_faces = pack.body_quads[0], quads_uv

    def _base_weights(self) -> Float64[np.ndarray, "B 5"]:
        weights = np.zeros((makehuman.VERTEX_COUNT, len(JOINT_NAMES)))
        weights[:, 0] = 1
        weights[self.ids[self.own]] = self.model.skin_weights[self.own]
        return weights

    def _target(self, name: str) -> np.ndarray:
        if name not in self._targets:
            self._targets[name] = makehuman.read_target(f"macrodetails/{name}").astype(np.float32)
        return self._targets[name]

    def body(self, traits: Traits) -> Float64[np.ndarray, "B 3"]:
        """MakeHuman's body (19158, 3) of somebody, decimetres."""
        body = makehuman.read_base().vertices.copy()
        low = min(int(traits.age), len(_AGES) - 2)
        ages = ((_AGES[low], low + 1 - traits.age), (_AGES[low + 1], traits.age - low))
        muscle = "maxmuscle-averageweight" if traits.muscle > 0 else "minmuscle-averageweight"
        weight = "averagemuscle-maxweight" if traits.weight > 0 else "averagemuscle-minweight"
        for sex, share in (("male", traits.male), ("female", 1 - traits.male)):
            for age, part in ages:
                if share * part == 0:
                    continue
                of = {build: self._target(f"universal-{sex}-{age}-{build}") for build in (_AVERAGE, muscle, weight)}
                here = of[_AVERAGE] + abs(traits.muscle) * (of[muscle] - of[_AVERAGE])
                here = here + abs(traits.weight) * (of[weight] - of[_AVERAGE])
                for origin, much in zip(_ORIGINS, traits.origin, strict=True):
                    here = here + much * self._target(f"{origin}-{sex}-{age}")
                body += share * part * here
        return body

    def person(
        self,
        traits: Traits,
        identity: Float[np.ndarray, " S"],
        keys: Float[np.ndarray, " K"],
        pose: Float64[np.ndarray, "5 3"],
    ) -> Person:
        """Somebody.

        Args:
            traits: age, sex, build, origin.
            identity: (S,) coefficients of the head model, standard deviations.
            keys: (K,) weights of the model's ready-made expressions.
            pose: (5, 3) axis-angle.
        """
        body = self.body(traits)
        head, joints = self.head(body, traits, identity)
        head = head + np.tensordot(keys, self.model.key_basis, axes=1)
        return Person(head, self._joined(head, body), joints, pose)

    def head(
        self, body: Float64[np.ndarray, "B 3"], traits: Traits, identity: Float[np.ndarray, " S"]
    ) -> tuple[Float64[np.ndarray, "V 3"], Float64[np.ndarray, "5 3"]]:
        """The head (V, 3) of somebody at rest and its joints (5, 3), metres.

        Args:
            body: MakeHuman's body of the same person (`body`), decimetres.
            traits: age, sex, build, origin.
            identity: (S,) coefficients of the head model, standard deviations.
        """
        model = self.model
        young = float(np.clip((1.9 - traits.age) / 0.7, 0, 1))
        offset = self._chosen.from_body(body - self._mean) * sliders.DECIMETRE * (1 + _YOUNG * young)
        offset = sliders.remove_rigid(sliders.macro_mean(), offset, self._still.astype(np.float64))
        head = model.template + offset @ self._frame.T + np.tensordot(identity, model.shape_basis, axes=1)
        return head, model.joint_regressor.astype(np.float64) @ head

    def _joined(self, head: np.ndarray, body: np.ndarray) -> np.ndarray:
        """The body in metres with the head in its place; the neck bends towards it."""
        base = body * sliders.DECIMETRE
        rim = self.ids[self.rim]
        there, here = head[self.rim], base[rim]
        scale = np.sqrt(((there - there.mean(0)) ** 2).sum() / ((here - here.mean(0)) ** 2).sum())
        base = (base - here.mean(0)) * scale + there.mean(0)
        near, which = KDTree(base[rim]).query(base, k=4)
        share = np.exp(-((near / 0.01).clip(0, 30)))
        share = share / share.sum(1, keepdims=True).clip(1e-300)
        gap = (there - base[rim])[which]
        base = base + np.einsum("nk,nkc->nc", share, gap) * np.exp(-near[:, :1] / _REACH)
        base[self.ids[self.own]] = head[self.own]
        return base

    def hung(self, mesh: BoundMesh, person: Person) -> tuple[Float64[np.ndarray, "N 3"], Float64[np.ndarray, "N 5"]]:
        """Vertices (N, 3) of a mesh of the pack on somebody's head, metres, unposed; and their skin weights (N, 5).

        What hangs on the jaw goes with the head as a whole, so that no hair moves with the mouth.
        """
        base = (person.base + self.origin) * 10
        points = mesh.bound(base) / 10 - self.origin
        weights = np.einsum("vk,vkj->vj", mesh.weights, self.weights[mesh.ids]).clip(0, 1)
        return points, weights / weights.sum(1, keepdims=True)
