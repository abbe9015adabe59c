"""A file with the schema of Google's `gnm_head.npz` (version 3.0), small, made of the sample head; the real one is not
needed. All 23 keys with their names, shapes (fewer vertices and components) and types."""

from __future__ import annotations

from functools import lru_cache
from pathlib import Path

import numpy as np
from sample_head import sample_model
from scipy.spatial import KDTree

from seif_core.headmodel.subdivision import subdivide_model
from seif_core.headmodel.topology import PART_NAMES

PIECES = Path(__file__).resolve().parents[2].parent / "shared" / "data" / "gnm" / "gnm_partial.npz"
"""Pieces of the real model (Apache-2.0), where they lie beside the checkout."""
COMPONENTS = {
    "skin": "skin",
    "left_eye": "eye_left",
    "right_eye": "eye_right",
    "upper_teeth_and_gums": "teeth_upper",
    "lower_teeth_and_gums": "teeth_lower",
    "tongue": "tongue",
}
OFFSET = np.array([0.0, 0.27, 0.03], np.float32)
"""Metres from the sample head's origin to the stand-in's, which lies below the collar as GNM's does."""
HEAD, EYES, TEETH = 6, 2, 3
"""Components of identity, as GNM has 170, 3 and 80."""
EYE_REGION, LOWER_FACE, TONGUE = 4, 8, 3
"""Components of expression, as GNM has 100 for each eye, 150 and 32."""


@lru_cache(maxsize=1)
def _shape():
    """Vertices, quads, part of each vertex, which lie on shells, each quad's UVs: the sample head without lashes."""
    model = subdivide_model(sample_model())
    kept = model.face_part != PART_NAMES.index("lashes")
    quads, uvs = model.faces[kept], model.uvs[model.uv_faces[kept]]
    used = np.unique(quads)
    row = np.full(len(model.template), -1)
    row[used] = np.arange(len(used))
    vertices, part = model.template[used] + OFFSET, np.zeros(len(used), int)
    quads = row[quads]
    part[quads] = model.face_part[kept][:, None]
    shells = []
    for eye in (1, 2):
        own = np.flatnonzero(part == eye)
        shell = np.full(len(vertices), -1)
        shell[own] = len(used) + sum(map(len, shells)) + np.arange(len(own))
        centre = vertices[own].mean(0)
        shells.append((vertices[own] - centre) * 1.05 + centre)
        mine = np.isin(quads[:, 0], own)
        uvs, quads = np.concatenate([uvs, uvs[mine]]), np.concatenate([quads, shell[quads[mine]]])
    parts = np.concatenate([part, *(np.full(len(s), eye) for eye, s in zip((1, 2), shells, strict=True))])
    outside = np.arange(len(parts)) >= len(used)
    return np.concatenate([vertices, *shells]).astype(np.float32), quads.astype(np.int32), parts, outside, uvs


def gnm_arrays(*, legacy: bool = False) -> dict[str, np.ndarray]:
    """The 23 arrays; `legacy` with the first release's names."""
    rng = np.random.default_rng(4)
    vertices, quads, part, outside, uvs = _shape()
    count = len(vertices)
    groups = {name: part == PART_NAMES.index(own) for name, own in COMPONENTS.items()}
    groups |= {
        "eye_exteriors": outside,
        "eye_interiors": np.isin(part, (1, 2)) & ~outside,
        "ears": (part == 0) & (abs(vertices[:, 0]) > 0.07),
        "mouth_sock": (part == 0) & (np.linalg.norm(vertices - OFFSET - [0, -0.04, 0.09], axis=1) < 0.012),
    }
    joints = np.array([[0, -0.1, -0.05], [0, -0.05, -0.02], [0.032, 0.03, 0.073], [-0.032, 0.03, 0.073]]) + OFFSET
    regressor = np.zeros((4, count))
    for j, joint in enumerate(joints):
        near = (part == j - 1) if j > 1 else (part == 0) & (vertices[:, 1] < np.median(vertices[:, 1]))
        regressor[j, near] = np.linalg.pinv(np.c_[vertices[near], np.ones(near.sum())].T) @ np.r_[joint, 1]
    identity = np.stack([_field(rng, vertices, 0.002) for _ in range(HEAD + EYES + TEETH)])
    head = np.clip((vertices[:, 1] - OFFSET[1] + 0.08) / 0.06, 0, 1)
    weights = np.stack([1 - head, head, np.zeros(count), np.zeros(count)])
    weights[:, part > 0] = [[0], [1], [0], [0]]
    for eye in (1, 2):
        weights[:, part == eye] = np.eye(4)[:, [eye + 1]]
    names = [f"head_{i:03d}" for i in range(HEAD)] + [f"eyes_{i:03d}" for i in range(EYES)]
    names += [f"teeth_{i:03d}" for i in range(TEETH)]
    expressions = [f"{side}_eye_region_{i:03d}" for side in ("left", "right") for i in range(EYE_REGION)]
    expressions += [f"lower_face_region_{i:03d}" for i in range(LOWER_FACE)]
    expressions += ["tongue_mean", *(f"tongue_{i:03d}" for i in range(TONGUE - 1)), "pupils_000"]
    arrays = {
        "version": np.array("3.0"),
        "variant": np.array("head"),
        "template_vertex_positions": vertices,
        "vertex_identity_basis": identity,
        "expression_basis": np.stack([_field(rng, vertices, 0.003) for _ in expressions]),
        "template_joint_positions": joints.astype(np.float32),
        "joint_identity_basis": np.einsum("jv,ivc->ijc", regressor, identity).astype(np.float32),
        "joint_regressor": regressor.astype(np.float32),
        "joint_names": np.array(["neck", "head", "left_eye", "right_eye"]),
        "joint_parent_indices": np.array([-1, 0, 1, 1]),
        "skinning_weights": weights.astype(np.float32),
        "pose_correctives_regressor": np.zeros((36, 3 * count), np.float32),
        "bone_aligned_template_joint_orientations": np.tile(np.eye(3, dtype=np.float32), (4, 1, 1)),
        "identity_names": np.array(names),
        "expression_names": np.array(expressions),
        "quads": quads,
        "triangles": np.concatenate([quads[:, [0, 1, 2]], quads[:, [2, 3, 0]]]),
        "quad_uvs": uvs.astype(np.float32),
        "triangle_uvs": np.concatenate([uvs[:, [0, 1, 2]], uvs[:, [2, 3, 0]]]).astype(np.float32),
        "mesh_component_names": np.array(list(COMPONENTS)),
        "vertex_groups": np.array(list(groups.values()), np.float32),
        "vertex_group_names": np.array(list(groups), "U32"),
        "mirror_indices": _mirror(vertices, part * 2 + outside),
    }
    return _with_first_names(arrays) if legacy else arrays


def write_gnm(path: Path, arrays: dict[str, np.ndarray] | None = None) -> dict[str, np.ndarray]:
    """Write the arrays (the stand-in's where none are given) and return them."""
    arrays = gnm_arrays() if arrays is None else arrays
    path.parent.mkdir(parents=True, exist_ok=True)
    np.savez_compressed(path, **arrays)
    return arrays


def gnm_forward(arrays, identity, expression, rotations):
    """GNM's documented forward pass in float64 (its formal definition; no use of `seif_core`)."""
    full = {name: value.astype(float) for name, value in arrays.items() if value.dtype.kind == "f"}
    rest = full["template_vertex_positions"] + np.tensordot(identity, full["vertex_identity_basis"], 1)
    rest = rest + np.tensordot(expression, full["expression_basis"], 1)
    joints = full["template_joint_positions"] + np.tensordot(identity, full["joint_identity_basis"], 1)
    turns = [_rodrigues(theta) for theta in rotations]
    feature = np.concatenate([(turn - np.eye(3)).ravel() for turn in turns])
    rest = rest + (feature @ full["pose_correctives_regressor"]).reshape(rest.shape)
    world = []
    for j, parent in enumerate(arrays["joint_parent_indices"]):
        local = np.eye(4)
        local[:3, :3] = turns[j]
        local[:3, 3] = joints[j] - (joints[parent] if parent >= 0 else 0)
        world.append(local if parent < 0 else world[parent] @ local)
    posed = np.zeros_like(rest)
    for j, place in enumerate(world):
        moved = rest @ place[:3, :3].T + place[:3, 3] - place[:3, :3] @ joints[j]
        posed += full["skinning_weights"][j][:, None] * moved
    return posed


def _rodrigues(theta):
    angle = np.sqrt(max(float(theta @ theta), 1e-8))
    x, y, z = theta / angle
    cross = np.array([[0, -z, y], [z, 0, -x], [-y, x, 0]])
    return np.eye(3) + np.sin(angle) * cross + (1 - np.cos(angle)) * cross @ cross


def _mirror(vertices, label):
    """The nearest vertex to each one's mirror image, on the part of the other side."""
    other = {1: 2, 2: 1}
    found = np.arange(len(vertices))
    for own in np.unique(label):
        mine = np.flatnonzero(label == own)
        there = np.flatnonzero(label == other.get(own // 2, own // 2) * 2 + own % 2)
        found[mine] = there[KDTree(vertices[there]).query(vertices[mine] * [-1, 1, 1])[1]]
    return found


def _field(rng, points, size):
    """A smooth random displacement of about `size` metres."""
    waves, phase = rng.normal(size=(3, 4)) * 12, rng.uniform(0, 2 * np.pi, 4)
    return (size * np.cos(points @ waves + phase) @ rng.normal(size=(4, 3)) / 2).astype(np.float32)


def _with_first_names(arrays):
    renamed = dict(arrays)
    for key, new, old in (
        ("identity_names", "eyes_", "eyeballs_"),
        ("expression_names", "_eye_region_", "_eye_"),
        ("expression_names", "lower_face_region_", "mouth_"),
        ("expression_names", "pupils_", "eyeballs_"),
        ("vertex_group_names", "_teeth_and_gums", "_teeth"),
        ("vertex_group_names", "eye_exteriors", "eyeball_exterior"),
        ("vertex_group_names", "eye_interiors", "eyeball_interior"),
    ):
        renamed[key] = np.char.replace(renamed[key], new, old)
    return renamed
