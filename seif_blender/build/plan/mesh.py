"""The mesh's plan: vertices, quads, UVs, material slots, vertex groups."""

from __future__ import annotations

from dataclasses import replace
from typing import Final

import numpy as np

from ...core import PART_NAMES, HairMesh, Head
from ..blueprint import GroupPlan, MeshPlan
from ..names import BONE_NAMES, HAIR_GROUP, REGION_PREFIX
from ..surfaces import SURFACES
from .arrays import floats, integers
from .axes import to_blender
from .growth import hair_mask

_WEIGHT_STEP: Final = 1.0 / 65535.0
"""Skin weights are stored in steps of 1/65535, which moves no vertex by more than 2 micrometres."""


def plan_mesh(head: Head) -> MeshPlan:
    """Vertices, faces, material slots and UVs."""
    plan = plan_faces(head, slots_of(head))
    if head.confidence is None:
        return plan
    seen, mirrored, guessed = head.confidence.T
    return replace(plan, confidence=floats(np.stack([guessed, seen, mirrored, np.ones_like(seen)], axis=1)))


def plan_faces(mesh: Head | HairMesh, slots: np.ndarray) -> MeshPlan:
    """Vertices, faces and UVs of a head or of hair, with the material slot (F,) int of each face."""
    corner = mesh.faces >= 0
    sizes = corner.sum(axis=1)
    return MeshPlan(
        points=floats(to_blender(mesh.vertices)),
        corners=integers(mesh.faces[corner]),
        starts=integers(np.cumsum(sizes) - sizes),
        slots=integers(slots),
        uvs=floats(mesh.uvs[mesh.uv_faces[corner]]),
    )


def slots_of(head: Head) -> np.ndarray:
    """(F,) int: material slot of each face."""
    lining, slots = head.mouth_lining, np.zeros(len(head.faces), np.int64)
    for slot, surface in enumerate(SURFACES):
        worn = np.isin(head.face_part, [PART_NAMES.index(part) for part in surface.parts])
        slots[worn & (lining if surface.lining else ~lining)] = slot
    return slots


def plan_groups(head: Head) -> tuple[GroupPlan, ...]:
    """One group for each bone with its skin weights, then one for each region, and one for where hair grows."""
    regions = [plan_group(REGION_PREFIX + name, mask.astype(float)) for name, mask in head.regions.items()]
    strands = None if head.hair is None else head.hair.guides
    if strands is not None:
        regions.append(plan_group(HAIR_GROUP, hair_mask(head, strands)))
    return (*plan_bone_groups(head.skin_weights), *regions)


def plan_bone_groups(skin_weights: np.ndarray) -> tuple[GroupPlan, ...]:
    """One group for each bone from weights (V, 5), rows sum to 1."""
    return tuple(plan_group(name, column) for name, column in zip(BONE_NAMES, skin_weights.T, strict=True))


def plan_group(name: str, weights: np.ndarray) -> GroupPlan:
    """A group from weights (V,) in 0..1."""
    steps = np.rint(weights / _WEIGHT_STEP).astype(np.int64)
    vertices = np.flatnonzero(steps)
    order = vertices[np.argsort(steps[vertices], kind="stable")]
    values, starts = np.unique(steps[order], return_index=True)
    return GroupPlan(name, floats(values * _WEIGHT_STEP), integers(starts), integers(order))
