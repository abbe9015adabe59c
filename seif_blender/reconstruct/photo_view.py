"""A photo shown in a region, and handles on it: where they lie, which one is under the mouse. No `bpy`."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import Final

_MARGIN: Final = 0.94
"""Share of the region that the photo fills at first."""
_SMALLEST: Final = 0.2
_LARGEST: Final = 40.0
"""Bounds of the zoom, as multiples of the first view."""


@dataclass(frozen=True)
class PhotoView:
    """How a photo lies in a region.

    Convention: photo pixels have x right, y down, origin top left; the region's have y up, origin bottom left.

    Attributes:
        width: of the photo, pixels.
        height: of the photo, pixels.
        scale: region pixels for one of the photo.
        left: of the photo in the region, pixels.
        bottom: of the photo in the region, pixels.
        first: the scale at which it began.
    """

    width: int
    height: int
    scale: float
    left: float
    bottom: float
    first: float

    @staticmethod
    def fitted(photo: tuple[int, int], region: tuple[int, int], box: tuple[float, float, float, float]) -> PhotoView:
        """The view in which a box of the photo (x0, y0, x1, y1) fills the region."""
        wide, high = max(1.0, box[2] - box[0]), max(1.0, box[3] - box[1])
        scale = _MARGIN * min(region[0] / wide, region[1] / high)
        left = region[0] / 2 - scale * (box[0] + box[2]) / 2
        bottom = region[1] / 2 - scale * (photo[1] - (box[1] + box[3]) / 2)
        return PhotoView(photo[0], photo[1], scale, left, bottom, scale)

    def to_region(self, x: float, y: float) -> tuple[float, float]:
        """Region pixels of a point of the photo."""
        return self.left + self.scale * x, self.bottom + self.scale * (self.height - y)

    def to_photo(self, x: float, y: float) -> tuple[float, float]:
        """Photo pixels of a point of the region, kept inside the photo."""
        u, v = (x - self.left) / self.scale, self.height - (y - self.bottom) / self.scale
        return min(max(u, 0.0), float(self.width)), min(max(v, 0.0), float(self.height))

    def zoomed(self, factor: float, x: float, y: float) -> PhotoView:
        """Larger or smaller about a point of the region."""
        scale = min(max(self.scale * factor, self.first * _SMALLEST), self.first * _LARGEST)
        ratio = scale / self.scale
        return replace(self, scale=scale, left=x + ratio * (self.left - x), bottom=y + ratio * (self.bottom - y))

    def shifted(self, dx: float, dy: float) -> PhotoView:
        """Moved by region pixels."""
        return replace(self, left=self.left + dx, bottom=self.bottom + dy)


def nearest(
    view: PhotoView, handles: Iterable[tuple[int, float, float]], x: float, y: float, reach: float
) -> int | None:
    """Number of the handle nearest to a point of the region, None where none is within `reach` pixels."""
    best, found = reach * reach, None
    for number, u, v in handles:
        a, b = view.to_region(u, v)
        distance = (a - x) ** 2 + (b - y) ** 2
        if distance <= best:
            best, found = distance, number
    return found
