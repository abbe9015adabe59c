"""Ribbons along strands, in plain Python, because Blender's may have no numpy.

Convention: Blender's axes (Z up). A card's plane holds the strand and turns its face away from the head's upright
axis. Worked number: a strand that hangs at (0.1, 0, z), beside the head, gets a card of width w whose edges lie at
y = -w / 2 and y = w / 2.
"""

from __future__ import annotations

from array import array
from collections.abc import Callable, Sequence
from typing import Final

from mathutils import Vector

from .blueprint import GroupPlan, MeshPlan, SkinnedPlan

SEGMENTS: Final = 8
"""Quads of a card: enough for a wave, few enough for an engine (120 cards have 1,920 triangles). Chosen by eye."""

DEFAULT_WIDTH: Final = 0.012
"""Metres: width of a card where no stored one tells it. Chosen by eye."""

WHOLE_TEXTURE: Final = (0.0, 1.0, 1.0, 0.0)
"""The strip that is used without an atlas: u left, v at the root, u right, v at the tip."""

Weights = Sequence[tuple[str, float]]


def cards_along(
    strands: Sequence[Sequence[Vector]],
    axis: Vector,
    width: float,
    strips: Sequence[Sequence[float]],
    weights_at: Callable[[Vector], Weights],
) -> SkinnedPlan:
    """Plan one card for each strand.

    Args:
        strands: points from root to tip, metres, two or more each.
        axis: a point in the middle of the skull; cards look away from the upright line through and below it, and from
            the point itself above it.
        width: metres.
        strips: (u left, v root, u right, v tip) of the atlas, used in turn.
        weights_at: bones and their weights, which sum to 1, at a point.

    Returns:
        The plan, without a texture.
    """
    points, corners, uvs = array("f"), array("i"), array("f")
    members: dict[str, list[tuple[int, float]]] = {}
    for index, strand in enumerate(strands):
        strip = strips[index % len(strips)]
        rows = [_at(strand, k / SEGMENTS) for k in range(SEGMENTS + 1)]
        first = index * 2 * (SEGMENTS + 1)
        for k, point in enumerate(rows):
            along = rows[min(k + 1, SEGMENTS)] - rows[max(k - 1, 0)]
            side = _side(along, point, axis) * (width / 2)
            weights = weights_at(point)
            for place, edge in enumerate((point - side, point + side)):
                points.extend(edge)
                for bone, weight in weights:
                    members.setdefault(bone, []).append((first + 2 * k + place, weight))
        for k in range(SEGMENTS):
            low = first + 2 * k
            corners.extend((low, low + 1, low + 3, low + 2))
            tops, bottoms = (strip[1] + (strip[3] - strip[1]) * (j / SEGMENTS) for j in (k, k + 1))
            uvs.extend((strip[0], tops, strip[2], tops, strip[2], bottoms, strip[0], bottoms))
    quads = len(corners) // 4
    mesh = MeshPlan(points, corners, array("i", range(0, 4 * quads, 4)), array("i", bytes(4 * quads)), uvs)
    return SkinnedPlan(mesh, tuple(_group(bone, found) for bone, found in sorted(members.items())), b"")


def _at(strand: Sequence[Vector], share: float) -> Vector:
    """The point at a share of the strand's points."""
    place = share * (len(strand) - 1)
    low = min(int(place), len(strand) - 2)
    return strand[low].lerp(strand[low + 1], place - low)


def _side(along: Vector, point: Vector, axis: Vector) -> Vector:
    """Unit vector across the card."""
    outward = point - axis
    if outward.z < 0:
        outward.z = 0.0
    side = along.cross(outward)
    if side.length < 1e-9:  # a strand that stands straight up
        side = along.cross(Vector((0.0, 1.0, 0.0)))
    return side.normalized() if side.length > 0 else Vector((1.0, 0.0, 0.0))


def _group(name: str, found: list[tuple[int, float]]) -> GroupPlan:
    return GroupPlan(
        name,
        array("f", [weight for _, weight in found]),
        array("i", range(len(found))),
        array("i", [vertex for vertex, _ in found]),
    )
