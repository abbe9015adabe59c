"""The mesh's plan: vertices, quads, UVs, material slots, vertex groups."""

from __future__ import annotations

from typing import Final

import numpy as np

from ...core import PART_NAMES, Head
from ..blueprint import GroupPlan, MeshPlan
from ..names import BONE_NAMES, REGION_PREFIX
from ..surfaces import SURFACES
from .arrays import floats, integers
from .axes import to_blender

_WEIGHT_STEP: Final = 1.0 / 65535.0
"""Skin weights are stored in steps of 1/65535, which moves no vertex by more than 2 micrometres."""


def plan_mesh(head: Head) -> MeshPlan:
    """Vertices, faces, material slots and UVs."""
    corner = head.faces >= 0
    sizes = corner.sum(axis=1)
    return MeshPlan(
        points=floats(to_blender(head.vertices)),
        corners=integers(head.faces[corner]),
        starts=integers(np.cumsum(sizes) - sizes),
        slots=integers(slot_of_part()[head.face_part]),
        uvs=floats(head.uvs[head.uv_faces[corner]]),
    )


def slot_of_part() -> np.ndarray:
    """(P,) int: material slot of each part in the order of the library's parts."""
    slots = {part: slot for slot, surface in enumerate(SURFACES) for part in surface.parts}
    return np.array([slots[name] for name in PART_NAMES])


def plan_groups(head: Head) -> tuple[GroupPlan, ...]:
    """One group for each bone with its skin weights, then one for each region."""
    steps = np.rint(head.skin_weights / _WEIGHT_STEP).astype(np.int64)
    bones = [_plan_group(name, column) for name, column in zip(BONE_NAMES, steps.T, strict=True)]
    full = round(1.0 / _WEIGHT_STEP)
    regions = [_plan_group(REGION_PREFIX + name, mask * full) for name, mask in head.regions.items()]
    return (*bones, *regions)


def _plan_group(name: str, steps: np.ndarray) -> GroupPlan:
    vertices = np.flatnonzero(steps)
    order = vertices[np.argsort(steps[vertices], kind="stable")]
    values, starts = np.unique(steps[order], return_index=True)
    return GroupPlan(name, floats(values * _WEIGHT_STEP), integers(starts), integers(order))
