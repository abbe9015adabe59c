"""What may be chosen for a print."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Final

from ..errors import SettingsError

BASES: Final = ("flat", "bust")
"""What the print stands on: cut flat under the neck, or a turned foot below the shoulders."""

EXPRESSIONS: Final = ("neutral", "photo")
"""Expressions that a head can be printed with."""

_LEAST_HEIGHT: Final = 20.0
_LARGEST_HEIGHT: Final = 600.0
"""Millimetres: below, no printer shows a face; above, the figure is one of metres."""
_CELLS: Final = 300
"""Cells over the height where no pitch is given: 0.4 mm at 120 mm, the width of a usual nozzle."""
_MOST_CELLS: Final = 900
"""Cells over the height at most: their number grows with its cube. Chosen by hand."""


@dataclass(frozen=True)
class PrintSettings:
    """How a head becomes a solid.

    Attributes:
        height_mm: of the whole print with its stand, in millimetres.
        base: one of `BASES`.
        wall_mm: thickness of the wall of a hollow print in millimetres; 0 for a massive one.
        drain_mm: diameter of the hole in the base of a hollow print in millimetres; 0 for none.
        feature_mm: what is thinner is made this thick, and what is narrower is filled, in millimetres; 0 leaves all.
        pitch_mm: edge of a cell in millimetres; 0 for a three hundredth of the height.
    """

    height_mm: float = 120.0
    base: str = "flat"
    wall_mm: float = 0.0
    drain_mm: float = 4.0
    feature_mm: float = 0.8
    pitch_mm: float = 0.0

    def __post_init__(self) -> None:
        """Check the values.

        Raises:
            SettingsError: an unknown base, or a length that makes no sense.
        """
        if self.base not in BASES:
            raise SettingsError(f"There is no base '{self.base}'; choose one of: {', '.join(BASES)}.")
        if not _LEAST_HEIGHT <= self.height_mm <= _LARGEST_HEIGHT:
            raise SettingsError(
                f"The height is {self.height_mm:g} mm; choose {_LEAST_HEIGHT:g} to {_LARGEST_HEIGHT:g} mm."
            )
        for name, value, most in (
            ("wall", self.wall_mm, self.height_mm / 8),
            ("drain hole", self.drain_mm, self.height_mm / 6),
            ("smallest feature", self.feature_mm, self.height_mm / 30),
        ):
            if not (math.isfinite(value) and 0 <= value <= most):
                raise SettingsError(f"The {name} is {value:g} mm; at this height choose 0 to {most:g} mm.")
        if self.pitch_mm and not self.height_mm / _MOST_CELLS <= self.pitch_mm <= self.height_mm / 40:
            low, high = self.height_mm / _MOST_CELLS, self.height_mm / 40
            raise SettingsError(f"The pitch is {self.pitch_mm:g} mm; at this height choose {low:g} to {high:g} mm.")
        if self.wall_mm and self.wall_mm < 2 * self.pitch:
            raise SettingsError(
                f"The wall is {self.wall_mm:g} mm, cells have {self.pitch:g} mm; choose a wall of two cells or more."
            )

    @property
    def pitch(self) -> float:
        """Edge of a cell in millimetres."""
        return self.pitch_mm or self.height_mm / _CELLS
