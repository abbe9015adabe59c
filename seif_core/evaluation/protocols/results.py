"""What protocols answer: rows of figures, as a table and as JSON.

Convention: a figure's name ends in its unit (``median_mm``, ``normal_deg``); without one it is a ratio. Worked number:
``scale`` 1.02 says that the prediction had to be made 2 % larger.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from ...shapes import Float


class Row(NamedTuple):
    """A line of a table.

    Attributes:
        name: what was measured, for example "nose".
        figures: by name.
    """

    name: str
    figures: dict[str, float]


@dataclass(frozen=True)
class Measured:
    """What one protocol said.

    Attributes:
        protocol: its name, a key of `run.PROTOCOLS`.
        rows: what was measured; none where it could not be.
        remark: why it could not be measured, else empty.
    """

    protocol: str
    rows: tuple[Row, ...]
    remark: str = ""

    def __str__(self) -> str:
        if not self.rows:
            return f"{self.protocol}: not measured. {self.remark}"
        names = list(dict.fromkeys(name for row in self.rows for name in row.figures))
        wide = max(18, *(len(row.name) + 2 for row in self.rows))
        lines = [f"{self.protocol:<{wide}}" + "".join(f"{name:>{max(10, len(name) + 2)}}" for name in names)]
        for row in self.rows:
            cells = (
                f"{row.figures[name]:>{max(10, len(name) + 2)}.3f}"
                if name in row.figures
                else " " * max(10, len(name) + 2)
                for name in names
            )
            lines.append(f"{row.name:<{wide}}" + "".join(cells))
        return "\n".join(lines)

    def as_dict(self) -> dict[str, dict[str, float] | str]:
        """Rows by name, or the remark."""
        return {row.name: dict(row.figures) for row in self.rows} if self.rows else {"remark": self.remark}

    def figure(self, row: str, name: str) -> float:
        """One figure.

        Raises:
            KeyError: there is none of that name.
        """
        return {r.name: r.figures for r in self.rows}[row][name]


def distances(metres: Float[np.ndarray, " N"]) -> dict[str, float]:
    """Median, mean and standard deviation in millimetres."""
    mm = 1000 * metres
    return {"median_mm": float(np.median(mm)), "mean_mm": float(mm.mean()), "std_mm": float(mm.std())}
