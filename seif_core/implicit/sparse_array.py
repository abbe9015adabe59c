"""A cubic array of which only the parts that were written take memory."""

from __future__ import annotations

from typing import Final

import numpy as np

from ..shapes import Int

_BITS: Final = 3
"""Memory is taken in blocks of 2^3 elements a side."""
_MASK: Final = (1 << _BITS) - 1


class SparseArray:
    """A (size, size, size) array, `fill` wherever nothing was written.

    Args:
        size: elements a side.
        fill: value of what was not written; its type is the array's.
    """

    def __init__(self, size: int, fill: np.generic) -> None:
        self._fill = fill
        self._across = -(-size >> _BITS)
        self._block = np.zeros(self._across**3, np.int32)  # 0 is the block that nobody writes to
        self._data = np.full((64, 1 << 3 * _BITS), fill)
        self._used = 1

    def get(self, at: Int[np.ndarray, "*N 3"]) -> np.ndarray:
        """Values (*N,) at indices (*N, 3)."""
        block, within = self._place(at)
        return self._data[self._block[block], within]

    def set(self, at: Int[np.ndarray, "N 3"], values: np.ndarray | np.generic) -> None:
        """Write values (N,), or one value, at indices (N, 3)."""
        block, within = self._place(at)
        new = np.unique(block[self._block[block] == 0])
        missing = self._used + len(new) - len(self._data)
        if missing > 0:
            more = np.full((max(missing, len(self._data) // 2), self._data.shape[1]), self._fill)
            self._data = np.concatenate([self._data, more])
        self._block[new] = np.arange(self._used, self._used + len(new))
        self._used += len(new)
        self._data[self._block[block], within] = values

    def _place(self, at: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Block and place within it of indices."""
        x, y, z = at[..., 0], at[..., 1], at[..., 2]
        block = ((x >> _BITS) * self._across + (y >> _BITS)) * self._across + (z >> _BITS)
        return block, (((x & _MASK) << _BITS | y & _MASK) << _BITS) | z & _MASK
