"""Landmarks that were moved by hand, with undo and redo of single moves. No `bpy`."""

from __future__ import annotations

from collections.abc import Iterable

Handle = tuple[int, float, float]
"""Number of a landmark, x and y in pixels of the upright photo."""


class MovedPoints:
    """What the artist has moved.

    Args:
        moved: from an earlier session.
    """

    def __init__(self, moved: Iterable[Handle] = ()) -> None:
        self.places: dict[int, tuple[float, float]] = {number: (x, y) for number, x, y in moved}
        self._before: list[dict[int, tuple[float, float]]] = []
        self._after: list[dict[int, tuple[float, float]]] = []

    def begin(self) -> None:
        """A drag, or a reset, begins: what follows is one step. One that changes nothing leaves none."""
        if not self._before or self._before[-1] != self.places:
            self._before.append(dict(self.places))

    def move(self, number: int, place: tuple[float, float]) -> None:
        """Put a landmark somewhere."""
        self.places[number] = place
        self._after.clear()

    def reset(self) -> None:
        """Take all back, in one step."""
        self.begin()
        self.places = {}
        self._after.clear()

    def undo(self) -> bool:
        """Take the last step back; False where there is none."""
        return self._go(self._before, self._after)

    def redo(self) -> bool:
        """Take the last undo back; False where there is none."""
        return self._go(self._after, self._before)

    def _go(self, source: list[dict[int, tuple[float, float]]], target: list[dict[int, tuple[float, float]]]) -> bool:
        while source and source[-1] == self.places:
            source.pop()
        if not source:
            return False
        target.append(self.places)
        self.places = source.pop()
        return True

    def shown(self, found: Iterable[Handle]) -> list[Handle]:
        """All handles: where they were found, or where they were moved to."""
        return [(number, *self.places.get(number, (x, y))) for number, x, y in found]
