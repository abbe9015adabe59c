"""Identity space of the Open head from real heads: a mean and components that ship as statistics, without any scan.

The Open head's topology is registered to the mean of each set of real heads; all offsets of the set then follow by its
own correspondence. Mean: a blend of the registered means. Components: the principal ones of a sum of covariances: the
sets' offsets (and their mirror images), MakeHuman's directions for what the sets lack (infants, children, old age,
builds), and a little of every slider, so that ears, lids and lips keep freedom of their own.

Convention: metres, the frame of FLAME 2023 Open; components in metres per standard deviation. Worked number: the mean's
nose tip lies near (0, -0.014, 0.067).
"""

from __future__ import annotations

import logging
from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path
from typing import Final
from zipfile import BadZipFile

import numpy as np
from scipy.spatial import KDTree

from ...errors import ModelError
from ...geometry.alignment import align_points
from ...geometry.barycentric import MeshPoints
from ...geometry.normals import vertex_normals
from ...headmodel.topology import PART_NAMES
from ...registration.correspondences import TargetMesh
from ...registration.displacement import register_displacement
from ...registration.parametric import register_modes
from ...registration.template_mesh import TemplateMesh
from ...resources import vendor_path
from ...shapes import Float64
from . import orbits, rims, scans, sliders
from .regions import region_masks, rings_around
from .rig import part_mask, skin_graph
from .selection import cavity_mask, head_selection
from .smooth_filling import fill_smoothly

logger = logging.getLogger(__name__)

STATISTICS_FILE: Final = ("open_head", "identity_statistics.npz")
"""Where the statistics ship, below `vendor`."""


_PIT_RINGS: Final = 3
"""Rings of vertices around a nostril's deepest point that lie inside it."""


_LIP_REACH: Final = 9
"""Rings of vertices around the lips' edges over which their closing fades."""


_LIES_ON: Final = 0.002
"""Metres within which a registered vertex lies on the target."""
_FACES: Final = 0.5
"""Cosine between normals above which it does."""
_TRUSTED: Final = 0.001
"""Metres off the target at which trust in its offset has fallen to 1 / e."""


@dataclass(frozen=True)
class CalibrationSettings:
    """How the identity space is put together.

    Attributes:
        components: number of principal components kept.
        flame_share: share of the FLAME template in the mean; the rest is ICT-FaceKit's neutral.
        flame_spread: standard deviation given to one FLAME identity's offset (they are deliberately extreme).
        macro_spread: standard deviation of MakeHuman's directions of age, build, sex and origin.
        young_spread: standard deviation of the directions towards babies and children.
        slider_spread: standard deviation of every single slider.
    """

    components: int = 100
    flame_share: float = 0.65
    flame_spread: float = 0.15
    macro_spread: float = 0.12
    young_spread: float = 0.06
    slider_spread: float = 0.05


@dataclass(frozen=True, eq=False)
class Registered:
    """The Open head's topology on one set of real heads.

    Attributes:
        mean: (V, 3) float64, metres, in the set's own frame; only the skin is meant.
        offsets: (K, V, 3) float64, metres, zero off the skin.
    """

    mean: Float64[np.ndarray, "V 3"]
    offsets: Float64[np.ndarray, "K V 3"]


@dataclass(frozen=True, eq=False)
class IdentitySpace:
    """A mean head and components on the Open head's vertices.

    Attributes:
        template: (V, 3) float64, metres.
        basis: (S, V, 3) float64, metres per standard deviation.
        frame: (3, 3) float64, carries offsets on MakeHuman's mean head (key shapes) onto the template.
        source: one sentence on what it was calibrated on.
    """

    template: Float64[np.ndarray, "V 3"]
    basis: Float64[np.ndarray, "S V 3"]
    frame: Float64[np.ndarray, "3 3"]
    source: str = field(default="")


def calibrated_identity() -> IdentitySpace:
    """The identity space that ships.

    Raises:
        ModelError: the statistics are missing, damaged or made for other vertices.
    """
    return read_statistics(vendor_path(*STATISTICS_FILE))


def read_statistics(path: Path) -> IdentitySpace:
    """Read `identity_statistics.npz`: the skin, to which the other parts are added.

    The format is described in docs/format-identity-statistics.md.

    Raises:
        ModelError: the file is damaged or made for other vertices.
    """
    try:
        with np.load(path, allow_pickle=False) as data:
            ids, skin = data["vertex_ids"], data["template"].astype(np.float64)
            basis = data["basis"].astype(np.float64) * data["basis_step"].astype(np.float64)[:, None, None]
            source = str(data["source"])
    except (OSError, ValueError, KeyError, BadZipFile) as error:
        raise ModelError(f"The identity statistics {path.name} cannot be read ({error}); install again.") from error
    if not np.array_equal(ids, head_selection().vertex_ids[part_mask("skin")]):
        raise ModelError(f"{path.name} was made for other vertices than the head has now; calibrate again.")
    return with_parts(skin, basis, source)


def statistics_arrays(space: IdentitySpace) -> dict[str, np.ndarray]:
    """What ships of an identity space: the skin's mean, and components in int16 steps of their largest offset."""
    skin = part_mask("skin")
    step = np.abs(space.basis[:, skin]).max((1, 2)) / 32767
    return {
        "vertex_ids": head_selection().vertex_ids[skin].astype(np.int32),
        "template": space.template[skin].astype(np.float32),
        "basis": np.round(space.basis[:, skin] / step[:, None, None]).astype(np.int16),
        "basis_step": step.astype(np.float64),
        "source": np.array(space.source),
    }


def with_parts(
    skin: Float64[np.ndarray, "N 3"], basis: Float64[np.ndarray, "S N 3"], source: str = ""
) -> IdentitySpace:
    """The identity space of the whole head from that of its skin: eyes, teeth, tongue and lashes follow."""
    own = part_mask("skin")
    start = sliders.macro_mean()
    frame = align_points(start[own], skin, with_scale=True, weights=face_and_scalp()[own])
    start = frame.apply(start)
    change = np.zeros_like(start)
    change[own] = skin - start[own]
    template = orbits.seat(start + change + follow_skin(start, change[None])[0])
    full = np.zeros((len(basis), *start.shape))
    full[:, own] = basis
    full += follow_skin(template, full)
    return IdentitySpace(template, full, frame.scale * frame.rotation, source)


def calibrate(sets: Sequence[scans.ScanSet], settings: CalibrationSettings | None = None) -> IdentitySpace:
    """Register the sets (FLAME first, then ICT-FaceKit) and put the identity space together."""
    return identity_space([register_set(one) for one in sets], settings)


def register_set(target: scans.ScanSet) -> Registered:
    """Carry the Open head's topology onto a set of real heads."""
    marks = target.landmarks
    template, modes = _scaled_template(marks)
    frame = align_points(marks[_core()], template.vertices[template.landmarks][_core()], with_scale=False)
    # work in MakeHuman's frame: only the target moves
    surface = TargetMesh(frame.apply(target.mean), target.outer_triangles())
    marks = frame.apply(marks)
    _, shaped = register_modes(template, modes, surface, marks)
    deep = fit_template(template.vertices, pits=True)
    drawn = register_displacement(deep, shaped, surface, marks)
    ids, at, trust = _correspondence(template, drawn, surface)
    offsets = at.interpolate(surface.triangles, target.offsets.transpose(1, 0, 2)).transpose(1, 0, 2)
    offsets = _spread(template, ids, trust, offsets @ frame.rotation.T)
    return Registered(frame.inverse().apply(drawn), offsets @ frame.rotation)


def identity_space(registered: Sequence[Registered], settings: CalibrationSettings | None = None) -> IdentitySpace:
    """Mean and principal components from registered sets (FLAME first, then ICT-FaceKit)."""
    chosen = settings or CalibrationSettings()
    flame, ict = registered
    weights = face_and_scalp()
    turn = align_points(ict.mean, flame.mean, with_scale=False, weights=weights)
    mean = chosen.flame_share * flame.mean + (1 - chosen.flame_share) * turn.apply(ict.mean)
    mean = symmetric(mean)
    frame = align_points(sliders.macro_mean(), mean, with_scale=True, weights=weights)
    names, directions = sliders.slider_directions()
    spread = np.array([_slider_spread(name, chosen) for name in names])
    parts = [
        ict.offsets @ turn.rotation.T,
        chosen.flame_spread * flame.offsets,
        spread[:, None, None] * frame.scale * directions @ frame.rotation.T,
    ]
    stack = np.concatenate(parts)
    stack = np.stack([sliders.remove_rigid(mean, one, weights) for one in keep_lips_closed(mean, stack)])
    basis = principal_components(stack, component_weights(), chosen.components)
    skin = part_mask("skin")
    source = "FLAME 2023 Open (template, 5 identities), ICT-FaceKit (100 components), MakeHuman (sliders)"
    return with_parts(mean[skin], basis[:, skin], source)


def principal_components(
    offsets: Float64[np.ndarray, "K V 3"], weights: Float64[np.ndarray, " V"], count: int
) -> Float64[np.ndarray, "S V 3"]:
    """Components (S, V, 3) of the covariance ``sum offset offset^T`` made even under mirroring, largest first.

    Args:
        offsets: (K, V, 3) independent offsets of unit standard deviation.
        weights: (V,) importance of a vertex for the choice of components.
        count: S.
    """
    mirror = head_selection().mirror
    flipped = offsets[:, mirror] * [-1, 1, 1]
    even, odd = (offsets + flipped) / 2, (offsets - flipped) / 2
    found, sizes = [], []
    for half in (even, odd):
        flat = (half * np.sqrt(weights)[:, None]).reshape(len(half), -1)
        values, vectors = np.linalg.eigh(flat @ flat.T)
        order = np.argsort(values)[::-1][:count]
        found.append(np.tensordot(vectors[:, order].T, half, axes=1))
        sizes.append(values[order])
    best = np.argsort(np.concatenate(sizes))[::-1][:count]
    basis = np.concatenate(found)[best]
    # a fixed sign: the largest offset of each component is positive
    flat = basis.reshape(len(basis), -1)
    sign = np.sign(flat[np.arange(len(flat)), np.abs(flat).argmax(1)])
    return basis * sign[:, None, None]


def keep_lips_closed(
    head: Float64[np.ndarray, "V 3"],
    offsets: Float64[np.ndarray, "K V 3"],
    lower_way: tuple[float, float, float] = (0.5, 0.5, 0.5),
) -> Float64[np.ndarray, "K V 3"]:
    """Offsets under which the lips' edges stay together.

    Args:
        head: (V, 3) metres, at rest.
        offsets: (K, V, 3) metres.
        lower_way: share of the way along x, y and z that the lower lip goes to meet the upper, which goes the rest.
    """
    lower, upper = rims.rim_halves(head, "mouth")
    change = np.zeros_like(offsets)
    for half, other, way in ((lower, upper, np.array(lower_way)), (upper, lower, 1 - np.array(lower_way))):
        first, second, share = rims.opposite(head, half, other)
        met = offsets[:, first] + share[:, None] * (offsets[:, second] - offsets[:, first])
        change[:, half] = way * (met - offsets[:, half])
    template = fit_template(head)
    rest = np.flatnonzero(outer_skin() & ~_rings("mouth", _LIP_REACH))
    known = np.concatenate([rest, lower, upper[1:-1]])
    flat = change[:, known].transpose(1, 0, 2).reshape(len(known), -1)
    filled = fill_smoothly(template.laplacian, known, np.full(len(known), 10.0), flat, 0.1)
    filled[~part_mask("skin")] = 0
    return offsets + filled.reshape(len(filled), len(offsets), 3).transpose(1, 0, 2)


def symmetric(head: Float64[np.ndarray, "V 3"]) -> Float64[np.ndarray, "V 3"]:
    """The head averaged with its mirror image, middle plane at x = 0."""
    mirror = head_selection().mirror
    for _ in range(3):
        flipped = head[mirror] * [-1, 1, 1]
        turn = align_points(head, (head + flipped) / 2, with_scale=False, weights=face_and_scalp())
        head = turn.apply(head)
    return (head + head[mirror] * [-1, 1, 1]) / 2


def follow_skin(
    head: Float64[np.ndarray, "V 3"], offsets: Float64[np.ndarray, "K V 3"]
) -> Float64[np.ndarray, "K V 3"]:
    """Offsets of eyeballs, teeth, tongue and lashes (zero on the skin) that follow the skin's `offsets`.

    Eyeballs follow their lids' edges, teeth and tongue the lips, by a translation and a uniform scale, so that they
    keep their shapes; lashes go with the nearest lid vertices.
    """
    out = np.zeros_like(offsets)
    for side in ("left", "right"):
        edge = np.flatnonzero(_rings(f"socket_{side}", 2))
        own = part_mask(f"eye_{side}")
        out[:, own] = _similar_motion(head[edge], offsets[:, edge], head[own], growth=0.5)
    lips = np.flatnonzero(_rings("mouth", 9))
    for name in ("teeth_upper", "teeth_lower", "tongue"):
        own = part_mask(name)
        out[:, own] = _similar_motion(head[lips], offsets[:, lips], head[own], growth=0.7)
    edge = np.flatnonzero(_rings("socket_left", 2) | _rings("socket_right", 2))
    lashes = np.flatnonzero(part_mask("lashes"))
    distance, near = KDTree(head[edge]).query(head[lashes], k=6)
    weights = 1 / (distance + 0.001) ** 2
    weights /= weights.sum(1, keepdims=True)
    out[:, lashes] = np.einsum("pk,npkc->npc", weights, offsets[:, edge[near]])
    return out


def component_weights() -> Float64[np.ndarray, " V"]:
    """(V,) importance of each vertex in the choice of components: the face first, what nobody sees last."""
    masks = region_masks()
    weights = np.full(len(head_selection().vertex_ids), 0.05)
    weights[masks["scalp"]] = 0.5
    weights[masks["ears"]] = 0.1
    weights[masks["neck"]] = 0.2
    weights[masks["face"] & ~masks["mouth_interior"]] = 1.0
    weights[masks["lids"] | masks["lips"]] = 0.7
    return weights


def outer_skin() -> np.ndarray:
    """(V,) bool, skin outside mouth cavity and eye sockets."""
    inside = cavity_mask("mouth") | cavity_mask("socket_left") | cavity_mask("socket_right")
    return part_mask("skin") & ~inside


@lru_cache(maxsize=8)
def _rings(cavity: str, count: int) -> np.ndarray:
    rings = rings_around(cavity, count)
    return (rings >= 0) & (rings <= count) & outer_skin()


def _core() -> np.ndarray:
    """Indices of the landmarks that set the pose: all but ears and nostrils."""
    loose = ("ear", "tragus", "nostril")
    return np.array([i for i, row in enumerate(scans.LANDMARKS) if not any(word in row[0] for word in loose)])


@lru_cache(maxsize=1)
def nostril_pits() -> np.ndarray:
    """(V,) bool, the insides of the nostrils: on scans they have depths of their own, and no believable matches."""
    selection = head_selection()
    inside = np.zeros(len(selection.vertex_ids), dtype=bool)
    inside[[selection.index_of(row[1]) for row in scans.LANDMARKS if "nostril" in row[0]]] = True
    for _ in range(_PIT_RINGS):
        inside |= skin_graph() @ inside > 0
    return inside


def _similar_motion(anchor: np.ndarray, offsets: np.ndarray, points: np.ndarray, growth: float) -> np.ndarray:
    """Offsets (K, P, 3) of `points` under the translation and uniform scale that the anchors' offsets suggest."""
    centre = anchor.mean(0)
    arms = anchor - centre
    size = growth * np.einsum("nac,ac->n", offsets, arms) / (arms**2).sum()
    return offsets.mean(1)[:, None] + size[:, None, None] * (points - centre)


def face_and_scalp() -> Float64[np.ndarray, " V"]:
    """(V,) 1 on face and scalp, by which heads are laid on each other, 0 elsewhere."""
    masks = region_masks()
    return (masks["face"] | masks["scalp"]).astype(np.float64)


def _skin_triangles() -> np.ndarray:
    selection = head_selection()
    faces = selection.faces[selection.face_part == PART_NAMES.index("skin")]
    return np.concatenate([faces[:, :3], faces[faces[:, 3] >= 0][:, [0, 2, 3]]]).astype(np.int64)


def _scaled_template(marks: np.ndarray) -> tuple[TemplateMesh, np.ndarray]:
    """MakeHuman's mean head, scaled to the target's landmarks, and its symmetric slider modes (60, V, 3)."""
    head = sliders.macro_mean()
    ids = np.array([head_selection().index_of(row[1]) for row in scans.LANDMARKS])
    scale = 1 / align_points(marks[_core()], head[ids][_core()], with_scale=True).scale
    template = fit_template(scale * head)
    return template, scale * _symmetric_modes()


@lru_cache(maxsize=1)
def _symmetric_modes(count: int = 60) -> np.ndarray:
    """(60, V, 3) symmetric principal components of adult sliders drawn at random."""
    names, directions = sliders.slider_directions()
    use = [i for i, n in enumerate(names) if not any(w in n for w in ("baby", "child", "asym", "neck/", "muscle"))]
    directions = directions[use]
    spread = np.array([0.5 if names[i].startswith("macro") else 0.35 for i in use])
    even = spread[:, None, None] * (directions + directions[:, head_selection().mirror] * [-1, 1, 1]) / 2
    flat = (even * np.sqrt(np.where(outer_skin(), 1.0, 0.1))[:, None]).reshape(len(even), -1)
    values, vectors = np.linalg.eigh(flat @ flat.T)
    return np.tensordot(vectors[:, np.argsort(values)[::-1][:count]].T, even, axes=1)


def _correspondence(
    template: TemplateMesh, drawn: np.ndarray, surface: TargetMesh
) -> tuple[np.ndarray, MeshPoints, np.ndarray]:
    """Vertices (M,) that lie on the target, their places there, and trust (M,)."""
    ids = np.flatnonzero(template.data)
    found = surface.closest(drawn[ids])
    good = found.agreeing(vertex_normals(drawn, template.triangles)[ids], _LIES_ON, _FACES)
    at = MeshPoints(found.at.triangles[good], found.at.weights[good])
    trust = template.weight[ids][good] * np.exp(-((found.distances[good] / _TRUSTED) ** 2))
    return ids[good], at, trust


def _spread(template: TemplateMesh, ids: np.ndarray, trust: np.ndarray, offsets: np.ndarray) -> np.ndarray:
    """Offsets (K, M, 3) known at vertices `ids`, made smooth and spread over the whole skin, (K, V, 3)."""
    flat = offsets.transpose(1, 0, 2).reshape(len(ids), -1)
    filled = fill_smoothly(template.laplacian, ids, trust, flat, 0.3)
    out = filled.reshape(len(filled), len(offsets), 3).transpose(1, 0, 2)
    out[:, ~part_mask("skin")] = 0
    return out


def _slider_spread(name: str, settings: CalibrationSettings) -> float:
    if "baby" in name or "child" in name:
        return settings.young_spread
    return settings.macro_spread if name.startswith("macro/") else settings.slider_spread


def fit_template(head: Float64[np.ndarray, "V 3"], *, pits: bool = False) -> TemplateMesh:
    """The registration's view of a head (V, 3): its skin, trusted vertices and the landmarks of `scans.LANDMARKS`.

    Args:
        head: (V, 3) metres.
        pits: let the landmarks deep in the nostrils count.
    """
    selection = head_selection()
    trust = np.ones(len(head))
    trust[region_masks()["ears"]] = 0.5
    trust[selection.rim] = 0.2
    return TemplateMesh(
        np.asarray(head, dtype=np.float64),
        _skin_triangles(),
        outer_skin() & ~nostril_pits(),
        trust,
        np.array([selection.index_of(row[1]) for row in scans.LANDMARKS]),
        np.array([row[4] if pits or "nostril" not in row[0] else 0.0 for row in scans.LANDMARKS]),
    )


def fit_identity(
    space: IdentitySpace, target: TargetMesh, landmarks: Float64[np.ndarray, "L 3"], *, prior: float = 0.001
) -> tuple[Float64[np.ndarray, " S"], Float64[np.ndarray, "V 3"]]:
    """Reproduce a head by the identity space alone.

    Args:
        space: mean and components.
        target: outer surface of the head, metres.
        landmarks: (L, 3) places of `scans.LANDMARKS` on it.
        prior: penalty in square millimetres of a squared standard deviation at the last iteration.

    Returns:
        (S,) coefficients in standard deviations, and the head (V, 3) in the target's frame.
    """
    template = fit_template(space.template)
    core = _core()
    start = space.template[template.landmarks[core]]
    frame = align_points(landmarks[core], start, with_scale=False, weights=template.landmark_weight[core])
    moved = TargetMesh(frame.apply(target.vertices), target.triangles)
    ridges = (0.1, 0.03, 0.01, *[prior] * 6)
    coefficients, head = register_modes(
        template, space.basis, moved, frame.apply(landmarks), ridges=ridges, landmark=2.0
    )
    return coefficients, frame.inverse().apply(head)
