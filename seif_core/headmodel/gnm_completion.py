"""What GNM Head lacks, from the Open head by correspondence: the jaw's joint, regions, landmarks, ARKit keys.

A key is transferred as for FLAME (`transfer`), and then said again in GNM's own components, which were learned from
scans and move lower teeth and tongue along. Where they say it well the key is theirs, where they do not it is the
transferred one: a blink is said by them, puffed cheeks are not.

Convention: see `gnm`. Worked number: a jaw turned by the Open head's opening angle, with the correctives that are made
here, is the key ``jawOpen``.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Final

import numpy as np
from scipy.spatial import KDTree

from ..geometry.alignment import nearest_rotation
from ..geometry.normals import vertex_normals
from ..registration.correspondences import AgreeingPoints
from ..shapes import Bool, Float, Float32, Int32
from .anatomy import part_triangles
from .correspondence import EYE_PARTS
from .gnm import model_of_gnm
from .gnm_file import GnmFile
from .model import HeadModel
from .skinning import pose_feature, unpose_vertices
from .topology import JOINT_NAMES
from .transfer import MatchedParts, matched_parts, transfer_embedding, transfer_keys, transfer_regions

_JAW, _NECK = JOINT_NAMES.index("jaw"), JOINT_NAMES.index("neck")
_OWN_REGIONS: Final = {"mouth_interior": ("mouth_sock",), "ears": ("ears",)}
"""Regions that GNM's own vertex groups tell better than a correspondence."""
_IN_GROUP: Final = 0.5
"""Weight from which a vertex belongs to a group."""
_NOISE: Final = 1e-3
"""Metres: how far a transferred key strays from what GNM's components should say. Chosen by eye on the 52 keys."""
_TRACE: Final = 2e-5
"""Metres: smaller displacements of a key are left out, so that it stays local."""
_EVEN: Final = 2e-3
"""Metres between a vertex and the mirror image of its counterpart, half of them at most, for a mirror map to be one."""
_TURNED: Final = 0.3
"""Entry of a rotation matrix, that of 17 degrees, at which correctives of the eyes are transferred."""
_TONGUE_NEAR: Final = 4
"""Vertices of the Open head's tongue between which a place of GNM's takes its movement."""
_AT_ONE: Final = 1e-3
"""Guard against division by zero, in the box about the tongue's sides."""


def complete_gnm(gnm: GnmFile, file_name: str, source: HeadModel) -> HeadModel:
    """GNM Head as a whole head model.

    Args:
        gnm: what the file holds.
        file_name: for sentences.
        source: the Open head.

    Raises:
        ModelError: the file lacks what tells its parts apart.
    """
    bare = model_of_gnm(gnm, file_name)
    matched = matched_parts(bare, source)
    jawed = _with_jaw(bare, source, matched)
    regions = transfer_regions(bare, source, matched)
    kept = gnm.groups["eye_exteriors"] <= _IN_GROUP
    for name, groups in _OWN_REGIONS.items():
        own = np.any([gnm.groups[group][kept] > _IN_GROUP for group in groups if group in gnm.groups], axis=0)
        if np.any(own):
            regions[name] = own
    keys = transfer_keys(bare, source, matched)
    keys = _in_own_components(bare, _spoken(gnm)[:, kept], keys)
    tongue = source.key_names.index("tongueOut") if "tongueOut" in source.key_names else -1
    if tongue >= 0:
        _put_tongue_out(keys[tongue], bare, source, source.key_basis[tongue])
    lids = _with_gaze_correctives(jawed, source, matched)
    keys = _evened(keys, source.key_names, bare.template, _mirror_of(gnm, kept))
    whole = replace(
        lids,
        key_names=source.key_names,
        key_basis=keys,
        regions=regions,
        embeddings={
            name: transfer_embedding(embedding, bare, source, matched) for name, embedding in source.embeddings.items()
        },
    )
    return _with_jaw_correctives(whole, _opening(source))


def _mirror_of(gnm: GnmFile, kept: Bool[np.ndarray, " V"]) -> Int32[np.ndarray, " N"]:
    """The file's mirror map on the vertices that stay."""
    row = np.cumsum(kept, dtype=np.int32) - 1
    other = gnm.mirror[kept]
    return np.where(kept[other], row[other], np.arange(len(other))).astype(np.int32)


def _evened(
    keys: Float32[np.ndarray, "K V 3"],
    names: tuple[str, ...],
    template: Float32[np.ndarray, "V 3"],
    mirror: Int32[np.ndarray, " V"],
) -> Float32[np.ndarray, "K V 3"]:
    """Each key as the mean of itself and the mirror image of its counterpart on the other side.

    A map that does not lead to the other side is not believed, and then the keys stay as they are.
    """
    flip = np.array([-1, 1, 1], np.float32)
    off = np.linalg.norm(template[mirror] * flip - template, axis=1)
    if np.median(off) > _EVEN or len(np.unique(mirror)) != len(mirror):
        return keys
    out = keys.copy()
    for index, name in enumerate(names):
        other = _counterpart(name)
        if other in names:
            out[index] = (keys[index] + keys[names.index(other)][mirror] * flip) / 2
    return out


def _counterpart(name: str) -> str:
    """The name of the same movement on the other side; its own for one that has no side."""
    for side, opposite in (("Left", "Right"), ("Right", "Left")):
        if name.endswith(side):
            return name.removesuffix(side) + opposite
    return name


def _spoken(gnm: GnmFile) -> Float32[np.ndarray, "X V 3"]:
    """Components of face and jaw, all of them: those of tongue and pupils say no key."""
    said = [name.startswith(("left_eye_", "right_eye_", "mouth_")) for name in gnm.expression_names]
    return gnm.expression[np.array(said, bool)]


def _with_jaw(bare: HeadModel, source: HeadModel, matched: MatchedParts) -> HeadModel:
    """With the jaw's joint, and its share of what the neck (GNM's head) carries: nothing changes while it rests."""
    share = np.zeros(len(bare.template))
    of_source = source.skin_weights[:, _JAW].astype(np.float64)[:, None]
    own, goal = matched.meshes["skin"]
    share[goal.vertices] = matched.matches["skin"].interpolate(own.triangles, of_source)[:, 0]
    share[np.unique(part_triangles(bare, "teeth_lower"))] = 1
    tongue, mine = (np.unique(part_triangles(model, "tongue")) for model in (bare, source))
    if len(tongue) and len(mine):
        near = KDTree(_boxed(source.template[mine])).query(_boxed(bare.template[tongue]))[1]
        share[tongue] = of_source[mine[near], 0]
    weights = bare.skin_weights.copy()
    weights[:, _JAW] = share * weights[:, _NECK]
    weights[:, _NECK] -= weights[:, _JAW]
    regressor = bare.joint_regressor.copy()
    regressor[_JAW] = _carried_over(source.joint_regressor[_JAW], bare, matched)
    return replace(bare, skin_weights=weights, joint_regressor=regressor)


def _carried_over(row: Float32[np.ndarray, " S"], bare: HeadModel, matched: MatchedParts) -> Float[np.ndarray, " V"]:
    """A row of the source's joint regressor, each of its vertices in the place where it comes to lie on the target."""
    registered, (own, goal) = matched.registered, matched.meshes["skin"]
    used = np.flatnonzero(row)
    normals = vertex_normals(registered, own.triangles)[used]
    at = AgreeingPoints(bare.template, goal.triangles).match(registered[used], normals)
    carried = np.zeros(len(bare.template))
    np.add.at(carried, goal.triangles[at.triangles], at.weights * row[used, None])
    return carried


def _in_own_components(
    bare: HeadModel, components: Float32[np.ndarray, "X V 3"], keys: Float32[np.ndarray, "K V 3"]
) -> Float32[np.ndarray, "K V 3"]:
    """Each transferred key as GNM's components say it, as far as they do.

    The coefficients are the likeliest under GNM's own spread (1 each) for skin that is off by `_NOISE`. The share of
    the key that they explain, 0 to 1, is the share in which their answer is taken.
    """
    skin = np.unique(part_triangles(bare, "skin"))
    seen = components[:, skin].reshape(len(components), -1)
    gram = (seen @ seen.T).astype(np.float64)
    wanted = keys[:, skin].reshape(len(keys), -1)
    right = (seen @ wanted.T).astype(np.float64)
    coefficients = np.linalg.solve(gram + _NOISE**2 * np.eye(len(gram)), right).T
    said = np.tensordot(coefficients.astype(np.float32), components, 1)
    square = np.maximum((wanted.astype(np.float64) ** 2).sum(axis=1), 1e-30)
    missed = ((said[:, skin].reshape(len(keys), -1) - wanted).astype(np.float64) ** 2).sum(axis=1)
    share = np.clip(1 - missed / square, 0, 1).astype(np.float32)[:, None, None]
    mixed = keys + share * (said - keys)
    balls = np.unique(part_triangles(bare, *EYE_PARTS))
    mixed[:, balls] = keys[:, balls]  # eyeballs turn, they follow no component
    for part in ("teeth_upper", "teeth_lower", "tongue"):
        rest = np.unique(part_triangles(bare, part))
        mixed[:, rest] = said[:, rest]
    mixed[np.abs(mixed).max(axis=2) < _TRACE] = 0
    return mixed


def _put_tongue_out(
    key: Float32[np.ndarray, "V 3"],
    bare: HeadModel,
    source: HeadModel,
    delta: Float32[np.ndarray, "S 3"],
) -> None:
    """The tongue's movement in ``tongueOut`` from the Open head's, place by place (written into `key`)."""
    mine, own = (np.unique(part_triangles(model, "tongue")) for model in (bare, source))
    if not len(mine) or not len(own):
        return
    distance, near = KDTree(_boxed(source.template[own])).query(
        _boxed(bare.template[mine]), k=min(_TONGUE_NEAR, len(own))
    )
    weights = 1 / (np.atleast_2d(distance) + _AT_ONE)
    weights /= weights.sum(axis=1, keepdims=True)
    key[mine] = np.einsum("nk,nkc->nc", weights, delta[own][near])


def _boxed(points: Float[np.ndarray, "N 3"]) -> Float[np.ndarray, "N 3"]:
    """Points in their own box, 0 to 1 an axis: places of two tongues that lie and measure differently."""
    low, high = points.min(axis=0), points.max(axis=0)
    return (points - low) / np.maximum(high - low, 1e-9)


def _with_gaze_correctives(model: HeadModel, source: HeadModel, matched: MatchedParts) -> HeadModel:
    """With what lets the lids follow the eyes' turns on the source."""
    rows = np.concatenate([np.arange(36)[_rows_of(JOINT_NAMES.index(eye))] for eye in EYE_PARTS])
    rows = rows[np.abs(source.pose_basis[rows]).max(axis=(1, 2)) > 0]
    moved = transfer_keys(model, source, matched, _TURNED * source.pose_basis[rows])
    moved[:, np.unique(part_triangles(model, *EYE_PARTS))] = 0
    basis = model.pose_basis.copy()
    basis[rows] += moved / _TURNED
    return replace(model, pose_basis=basis)


def _opening(source: HeadModel) -> Float[np.ndarray, "3"]:
    """The turn of the jaw, axis-angle in radians, that the source's ``jawOpen`` contains: that of its lower teeth."""
    from scipy.spatial.transform import Rotation

    ids = np.unique(part_triangles(source, "teeth_lower"))
    if not len(ids) or "jawOpen" not in source.key_names:
        return np.zeros(3)
    rest = source.template[ids].astype(np.float64)
    moved = rest + source.key_basis[source.key_names.index("jawOpen")][ids]
    turn = nearest_rotation((moved - moved.mean(axis=0)).T @ (rest - rest.mean(axis=0)))
    return Rotation.from_matrix(turn).as_rotvec()


def _with_jaw_correctives(model: HeadModel, turn: Float[np.ndarray, "3"]) -> HeadModel:
    """With correctives that make a jaw turned by `turn` the key ``jawOpen``, and half the turn about half of it."""
    if not turn.any():
        return model
    pose = np.zeros((5, 3))
    pose[_JAW] = turn
    neutral = model.template.astype(np.float64)
    joints = model.joint_regressor.astype(np.float64) @ neutral
    opened = neutral + model.key_basis[model.key_names.index("jawOpen")]
    missing = unpose_vertices(opened, joints, model.skin_weights, pose) - neutral
    rows = _rows_of(_JAW)
    feature = pose_feature(pose)[rows]
    basis = model.pose_basis.copy()
    basis[rows] += (feature / (feature @ feature))[:, None, None] * missing
    return replace(model, pose_basis=basis.astype(np.float32))


def _rows_of(joint: int) -> slice:
    """A joint's nine rows of the pose basis."""
    return slice(9 * (joint - 1), 9 * joint)
