"""GNM Head as a head model with FLAME's five joints: its own mesh, components, joints, weights and UVs.

The neck of GNM is the root here and its head the neck, so that with a jaw at rest the two skeletons do the same. The
jaw's joint, regions, landmarks and ARKit keys, which GNM lacks, come from the Open head (`gnm_completion`).

Left out are the clear shells in front of the eyeballs, which would hide the irises painted on them (their vertices are
the file's last, so vertex i here is vertex i there), the components of eyes and teeth, which no photo tells, and those
that move nothing by a visible length.

Source: see `gnm_file`.

Convention: metres; GNM's axes are ours, its origin is not: everything is moved so that the eyes' middle lies where the
Open head's does. Worked number: GNM's left eye at (0.0308, 0.3032, 0.0989) comes to (0.0309, 0.0230, 0.0249).
"""

from __future__ import annotations

import logging
from typing import Final

import numpy as np

from ..errors import ModelError
from ..shapes import Bool, Float, Float32, Int, Int32, UInt8
from .gnm_file import GnmFile
from .model import HeadModel
from .topology import JOINT_PARENTS, PART_NAMES

_LOG: Final = logging.getLogger(__name__)
NAME: Final = "gnm"
"""Short name of the model in a `Head` and on the command line."""
_LICENCE: Final = "Apache-2.0"
_ATTRIBUTION: Final = (
    "GNM Head by Google LLC, https://github.com/google/GNM, Copyright 2026 Google LLC, Apache License 2.0."
)
EYES_MIDDLE: Final = np.array([0.0, 0.022977, 0.024994])
"""Metres: the middle between the Open head's eye joints, to which GNM's is moved."""
_SHELL: Final = "eye_exteriors"
_PARTS: Final = {
    "skin": "skin",
    "left_eye": "eye_left",
    "right_eye": "eye_right",
    "upper_teeth_and_gums": "teeth_upper",
    "lower_teeth_and_gums": "teeth_lower",
    "tongue": "tongue",
}
"""GNM's components -> the parts of `topology.PART_NAMES`."""
_BOXES: Final = {
    "skin": (0.0, 0.15, 1.0, 0.85),
    "eye_right": (0.0, 0.0, 0.15, 0.15),
    "eye_left": (0.15, 0.0, 0.15, 0.15),
    "tongue": (0.45, 0.0, 0.15, 0.15),
    "teeth_upper": (0.6, 0.075, 0.4, 0.075),
    "teeth_lower": (0.6, 0.0, 0.4, 0.075),
}
"""Left, bottom, width, height of the box in the texture that each part's own unit square is drawn into, because GNM's
parts lie on top of each other. As on the Open head the skin has the square above 0.15."""
_LEAST_MOVE: Final = 3e-4
"""Metres per standard deviation: expression components that move no vertex by so much are left out. Their sum over a
photo is below what landmarks tell; of 383 some ninety stay."""
_IN_GROUP: Final = 0.5
"""Weight from which a vertex belongs to a part."""
_EXACT: Final = 1e-6
"""Metres within which regressed joints are GNM's own."""


def model_of_gnm(gnm: GnmFile, file_name: str) -> HeadModel:
    """The file's content as a `HeadModel` without jaw, landmarks, regions and keys (see `gnm_completion`).

    Raises:
        ModelError: it lacks a vertex group that tells the parts apart.
    """
    lacking = [name for name in (*_PARTS, _SHELL) if name not in gnm.groups]
    if lacking:
        raise ModelError(f"{file_name} has no vertex group '{lacking[0]}'; download gnm_head.npz again.")
    kept = np.flatnonzero(gnm.groups[_SHELL] <= _IN_GROUP)
    row = np.full(len(gnm.template), -1, np.int32)
    row[kept] = np.arange(len(kept))
    whole = (row[gnm.quads] >= 0).all(axis=1)
    faces, part = row[gnm.quads[whole]], _parts(gnm, whole, file_name)
    shift = EYES_MIDDLE - gnm.joints[2:].astype(np.float64).mean(axis=0)
    head = np.array([name.startswith("head_") for name in gnm.identity_names])
    if not head.any():
        raise ModelError(f"{file_name} has no component 'head_000' of identity; download gnm_head.npz again.")
    uvs, uv_faces = _packed_uvs(faces, gnm.quad_uvs[whole], part)
    template = (gnm.template[kept].astype(np.float64) + shift).astype(np.float32)
    weights = np.zeros((len(kept), len(JOINT_PARENTS)), np.float32)
    weights[:, [0, 1, 3, 4]] = gnm.skin_weights[kept]
    return HeadModel(
        name=NAME,
        title=f"GNM Head {gnm.version}",
        licence=_LICENCE,
        attribution=_ATTRIBUTION,
        template=template,
        faces=np.ascontiguousarray(faces),
        face_part=part,
        shape_basis=np.ascontiguousarray(gnm.identity[head][:, kept]),
        expression_basis=np.ascontiguousarray(gnm.expression[_moving(gnm)][:, kept]),
        key_names=(),
        key_basis=np.zeros((0, len(kept), 3), np.float32),
        pose_basis=_correctives(gnm, kept),
        joint_regressor=_regressor(gnm, kept, head, shift),
        skin_weights=weights,
        uvs=uvs,
        uv_faces=uv_faces,
    )


def _moving(gnm: GnmFile) -> Bool[np.ndarray, " E"]:
    """(E,) whether a component moves some vertex by a visible length; the pupils' is none of an opaque eye."""
    largest = np.array([float((component**2).sum(axis=1).max()) for component in gnm.expression])
    pupils = np.array([name.startswith("pupils_") for name in gnm.expression_names])
    return (largest > _LEAST_MOVE**2) & ~pupils


def _parts(gnm: GnmFile, whole: Bool[np.ndarray, " Q"], file_name: str) -> UInt8[np.ndarray, " F"]:
    """Part of each face that stays."""
    of_vertex = np.full(len(gnm.template), 255, np.uint8)
    for group, part in _PARTS.items():
        of_vertex[gnm.groups[group] > _IN_GROUP] = PART_NAMES.index(part)
    corners = of_vertex[gnm.quads[whole]]
    if (corners != corners[:, :1]).any() or (corners == 255).any():
        raise ModelError(f"The parts of {file_name} are joined or have no name; download gnm_head.npz again.")
    return np.ascontiguousarray(corners[:, 0])


def _packed_uvs(
    faces: Int32[np.ndarray, "F 4"], corner_uvs: Float32[np.ndarray, "F 4 2"], part: UInt8[np.ndarray, " F"]
) -> tuple[Float32[np.ndarray, "U 2"], Int32[np.ndarray, "F 4"]]:
    """GNM's own UVs with each part in its box, one texture vertex for each vertex and place."""
    placed = np.clip(corner_uvs.astype(np.float64), 0, 1)
    for name, (left, bottom, width, height) in _BOXES.items():
        mine = part == PART_NAMES.index(name)
        placed[mine] = placed[mine] * [width, height] + [left, bottom]
    corners = np.column_stack([faces.reshape(-1), np.round(placed.reshape(-1, 2) * 1e6)]).astype(np.int64)
    _, first, uv_faces = np.unique(corners, axis=0, return_index=True, return_inverse=True)
    return placed.reshape(-1, 2)[first].astype(np.float32), uv_faces.reshape(faces.shape).astype(np.int32)


def _correctives(gnm: GnmFile, kept: Int[np.ndarray, " N"]) -> Float32[np.ndarray, "36 N 3"]:
    """GNM's correctives of head and eyes in the rows of neck and eyes; the root has no rows here."""
    basis = np.zeros((36, len(kept), 3), np.float32)
    if not gnm.correctives.any():
        return basis
    basis[0:9], basis[18:36] = gnm.correctives[9:18, kept], gnm.correctives[18:36, kept]
    if gnm.correctives[:9].any():
        _LOG.warning("The correctives of GNM's neck are not used: the neck is the root here.")
    return basis


def _regressor(
    gnm: GnmFile,
    kept: Int[np.ndarray, " N"],
    head: Bool[np.ndarray, " I"],
    shift: Float[np.ndarray, "3"],
) -> Float32[np.ndarray, "5 N"]:
    """Rows that give GNM's joints of the mean head and of every identity; the jaw's is 0 still.

    GNM tells its joints apart from its regressor, and the vertices left out are missing from that. So each row is
    changed by the least that makes it right, on the vertices that it, or the eyeball, has.
    """
    rows = np.zeros((5, len(kept)))
    wanted = np.concatenate(
        [(gnm.joints + shift)[:, None], np.broadcast_to(1.0, (4, 1, 3)), gnm.joint_identity[head].transpose(1, 0, 2)], 1
    )
    template = gnm.template[None, kept] + shift
    values = np.concatenate([template, np.ones((1, len(kept), 3)), gnm.identity[head][:, kept]])
    for own, joint in enumerate((0, 1, 3, 4)):
        row = gnm.joint_regressor[own, kept].astype(np.float64)
        near = (row != 0) | (gnm.skin_weights[kept, own] > _IN_GROUP) & (own > 1)
        for support in (near, np.ones(len(kept), bool)):
            short = wanted[own] - np.einsum("v,svc->sc", row, values)
            if np.abs(short).max() < _EXACT or not support.any():
                continue
            system = values[:, support].transpose(0, 2, 1).reshape(-1, int(support.sum()))
            row[support] += np.linalg.lstsq(system, short.ravel(), rcond=1e-9)[0]
        rows[joint] = row
    return rows.astype(np.float32)
