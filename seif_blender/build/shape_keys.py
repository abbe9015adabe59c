"""Shape keys: Basis, the named expression keys, the photo's expression, pose correctives, expression components."""

from __future__ import annotations

from dataclasses import dataclass

import bpy
import numpy as np

from ..core import Head
from .axes import to_blender
from .names import BASIS, BONE_NAMES, PHOTO_EXPRESSION_KEY
from .settings import BuildSettings

_NOTHING = 1e-7
"""Metres: a pose corrective whose largest displacement is below this is left out."""

_COMPONENT_RANGE = 3.0
_ENTRY_RANGE = 2.0
"""Entries of ``R - I`` lie in -2..1; Blender clamps driven values to the slider's range."""


@dataclass(frozen=True)
class PoseCorrective:
    """One corrective key: how far entry (`row`, `column`) of ``R - I`` of a bone, in the library's axes, moves it.

    Attributes:
        bone: bone whose rotation drives the key.
        row: row of the entry, 0..2.
        column: column of the entry, 0..2.
        index: row of `Head.pose_deltas`.
    """

    bone: str
    row: int
    column: int
    index: int

    @property
    def key_name(self) -> str:
        """Name of the shape key, counted from 1 as in the mathematics: ``jaw_R12``."""
        return f"{self.bone}_R{self.row + 1}{self.column + 1}"


def pose_correctives(head: Head) -> list[PoseCorrective]:
    """The pose correctives of the head that move anything; FLAME's order: joints neck, jaw, eyes, then row-major."""
    largest = np.abs(head.pose_deltas).max(axis=(1, 2))
    return [
        PoseCorrective(BONE_NAMES[1 + i // 9], i % 9 // 3, i % 3, i)
        for i in range(len(largest))
        if largest[i] > _NOTHING
    ]


def add_shape_keys(mesh_object: bpy.types.Object, head: Head, settings: BuildSettings) -> None:
    """Add all keys at value 0 (new keys of Blender 5.0 and later start at 1)."""
    rest = to_blender(head.vertices)
    mesh_object.shape_key_add(name=BASIS, from_mix=False)
    for name, delta in zip(head.key_names, head.key_deltas, strict=True):
        _add_key(mesh_object, name, rest, delta)
    _add_key(mesh_object, PHOTO_EXPRESSION_KEY, rest, head.photo_delta)
    for corrective in pose_correctives(head):
        key = _add_key(mesh_object, corrective.key_name, rest, head.pose_deltas[corrective.index])
        key.slider_min, key.slider_max = -_ENTRY_RANGE, _ENTRY_RANGE
    for i, delta in enumerate(head.expression_deltas[: settings.expression_components]):
        key = _add_key(mesh_object, f"expr_{i + 1:03d}", rest, delta)
        key.slider_min, key.slider_max = -_COMPONENT_RANGE, _COMPONENT_RANGE
    mesh_object.active_shape_key_index = 0


def _add_key(mesh_object: bpy.types.Object, name: str, rest: np.ndarray, delta: np.ndarray) -> bpy.types.ShapeKey:
    key = mesh_object.shape_key_add(name=name, from_mix=False)
    key.value = 0.0
    key.points.foreach_set("co", (rest + to_blender(delta)).ravel())
    return key
