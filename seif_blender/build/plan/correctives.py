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
from functools import cache
from itertools import product
from typing import Final

import numpy as np

from ...core import Head, rotation_matrices
from ..blueprint import DriverPlan
from ..names import BONE_NAMES
from .rig import BONE_AXES

BUDGET: Final = 5e-5
"""Metres: correctives are left out, smallest first, while together they move no vertex farther in the joints' range.
Half of what a posed vertex may be away from the library's."""

_DEGREES: Final[dict[str, tuple[float, float, float]]] = {
    "neck": (45.0, 60.0, 40.0),
    "jaw": (30.0, 10.0, 10.0),
    "eye.L": (35.0, 45.0, 10.0),
    "eye.R": (35.0, 45.0, 10.0),
}
"""How far a joint turns about the library's X, Y and Z, either way. The neck's: flexion, rotation and lateral bending
of the cervical spine (Kapandji, The Physiology of the Joints, vol. 3, rounded); the others chosen a little beyond what
faces do."""

_STEPS: Final = 7
"""Poses per axis at which a joint's range is looked at."""

BAKED_ANGLE: Final = 0.36
"""Radians of the jaw's opening at which ``baked`` correctives are right: what the Open head's ``jawOpen`` turns."""

_ENTRY_RANGE: Final = 2.0
"""Entries of ``R - I`` lie in -2..1; Blender clamps driven values to the slider's range."""

_ENTRIES: Final = (
    ("-2*(y*y+z*z)", "2*(x*y-w*z)", "2*(x*z+w*y)"),
    ("2*(x*y+w*z)", "-2*(x*x+z*z)", "2*(y*z-w*x)"),
    ("2*(x*z-w*y)", "2*(y*z+w*x)", "-2*(x*x+y*y)"),
)
"""Entries of ``R - I`` of a unit quaternion (Shoemake, Animating rotation with quaternion curves, 1985)."""


@dataclass(frozen=True)
class PoseCorrective:
    """How far entry (`row`, `column`) of ``R - I`` of a bone, in the library's axes, moves the head.

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


@dataclass(frozen=True, eq=False)
class CorrectiveKey:
    """A key that a bone drives.

    Attributes:
        key_name: name of the shape key.
        bone: the bone.
        expression: Blender's simple expression in w, x, y, z.
        delta: (V, 3) metres at 1, the library's axes.
        limits: least and largest value.
    """

    key_name: str
    bone: str
    expression: str
    delta: np.ndarray
    limits: tuple[float, float]


def pose_correctives(head: Head) -> list[PoseCorrective]:
    """The correctives that are needed, in FLAME's order: joints neck, jaw, eyes, then row-major.

    What is left out moves no vertex farther than `BUDGET` in total, whatever the joints do within their range.
    """
    flat = head.pose_deltas.reshape(len(head.pose_deltas), -1, 3)
    reach = np.sqrt((flat**2).sum(axis=2).max(axis=1)) * _largest_entries()
    order = np.argsort(reach, kind="stable")
    needed = order[np.cumsum(reach[order]) > BUDGET]
    return [PoseCorrective(BONE_NAMES[1 + i // 9], i % 9 // 3, i % 3, int(i)) for i in sorted(needed)]


@cache
def _largest_entries() -> np.ndarray:
    """(36,) the largest size of each entry of ``R - I`` on a grid over the joints' range, corners included."""
    sizes = []
    for bone in BONE_NAMES[1:]:
        ranges = [np.radians(limit) * np.linspace(-1, 1, _STEPS) for limit in _DEGREES[bone]]
        turns = rotation_matrices(np.array(list(product(*ranges))))
        sizes.append(np.abs(turns - np.eye(3)).max(axis=0).ravel())
    return np.concatenate(sizes)


def plan_correctives(head: Head, how: str) -> list[CorrectiveKey]:
    """The driven keys of a choice of `settings.CORRECTIVES`."""
    if how == "none":
        return []
    if how == "baked":
        return _baked(head)
    limits = (-_ENTRY_RANGE, _ENTRY_RANGE)
    return [
        CorrectiveKey(c.key_name, c.bone, c.expression, head.pose_deltas[c.index], limits)
        for c in pose_correctives(head)
    ]


def _baked(head: Head) -> list[CorrectiveKey]:
    """One key for the jaw, driven by the sine of its opening, 1 at `BAKED_ANGLE`."""
    own = [c for c in pose_correctives(head) if c.bone == "jaw"]
    if not own:
        return []
    feature = (rotation_matrices(np.array([[BAKED_ANGLE, 0.0, 0.0]]))[0] - np.eye(3)).ravel()
    delta = np.tensordot(feature[[3 * c.row + c.column for c in own]], head.pose_deltas[[c.index for c in own]], axes=1)
    sine = PoseCorrective("jaw", 2, 1, 0).expression
    return [CorrectiveKey("jaw_baked", "jaw", f"({sine})/{np.sin(BAKED_ANGLE):.6f}", delta, (0.0, 1.5))]


def plan_drivers(head: Head, how: str) -> tuple[DriverPlan, ...]:
    """One driver for each corrective."""
    return tuple(DriverPlan(c.key_name, c.bone, c.expression) for c in plan_correctives(head, how))
