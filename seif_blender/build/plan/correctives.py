"""Pose correctives: which there are, and the expression by which each follows its bone.

Convention: FLAME's pose feature of a joint is ``R - I`` with R in the library's axes. The bone's rotation comes as a
unit quaternion (w, x, y, z) in the bone's own axes, as Blender evaluates it with constraints and whatever rotation
mode, and ``R = A R_bone A^T`` with A the bone's axes (`rig.BONE_AXES`), a signed permutation: each entry of R is plus
or minus one entry of R_bone. Worked number: the jaw turned by 0.2 about X has w = 0.99500, x = 0.09983; entry (2, 2)
of R - I is -2 (x x) = -0.01993 = cos 0.2 - 1, and entry (3, 2) is +sin 0.2 = 0.19867, which is entry (3, 2) of R_bone
with y and z exchanged and the sign turned.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np

from ...core import Head
from ..blueprint import DriverPlan
from ..names import BONE_NAMES
from .rig import BONE_AXES

_NOTHING: Final = 1e-7
"""Metres: a pose corrective whose largest displacement is below this is left out."""

_ENTRIES: Final = (
    ("-2*(y*y+z*z)", "2*(x*y-w*z)", "2*(x*z+w*y)"),
    ("2*(x*y+w*z)", "-2*(x*x+z*z)", "2*(y*z-w*x)"),
    ("2*(x*z-w*y)", "2*(y*z+w*x)", "-2*(x*x+y*y)"),
)
"""Entries of ``R - I`` of a unit quaternion (Shoemake, Animating rotation with quaternion curves, 1985)."""


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

    @property
    def expression(self) -> str:
        """Blender's simple expression in w, x, y, z for the entry."""
        axes = BONE_AXES[self.bone]
        i, j = (int(np.flatnonzero(axes[k])[0]) for k in (self.row, self.column))
        sign = axes[self.row, i] * axes[self.column, j]
        return _ENTRIES[i][j] if sign > 0 else f"-({_ENTRIES[i][j]})"


def pose_correctives(head: Head) -> list[PoseCorrective]:
    """The pose correctives of the head that move anything; FLAME's order: joints neck, jaw, eyes, then row-major."""
    flat = head.pose_deltas.reshape(len(head.pose_deltas), -1)
    largest = np.maximum(flat.max(axis=1), -flat.min(axis=1))
    return [
        PoseCorrective(BONE_NAMES[1 + i // 9], i % 9 // 3, i % 3, i)
        for i in range(len(largest))
        if largest[i] > _NOTHING
    ]


def plan_drivers(head: Head) -> tuple[DriverPlan, ...]:
    """One driver for each corrective."""
    return tuple(DriverPlan(c.key_name, c.bone, c.expression) for c in pose_correctives(head))
