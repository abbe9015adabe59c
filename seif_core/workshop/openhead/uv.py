"""Texture coordinates: one square for the whole head, the face large, the seam behind.

The outer skin is cut from the crown down the nape, flattened into the upper part of the square with the cut along its
sides and top and the neck's rim along its bottom, and relaxed without flips; the face is asked to be larger than the
rest. The insides of mouth and eye sockets, eyeballs, teeth, tongue and lashes are islands in a strip below.

Convention: coordinates 0..1, origin at the bottom left of the texture, the subject's left (+X) on its right.
Worked number: the nose tip lies on u = 0.5.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np

from ...geometry.connectivity import connected_pieces
from ...headmodel.topology import PART_NAMES
from ...shapes import Float64, Int32, Int64
from . import eyeballs
from .flatten import relax, tutte
from .regions import region_masks
from .rig import face_edges, part_mask, smooth
from .selection import appendages, cavity_faces, head_selection
from .sliders import macro_mean

CROWN: Final = -0.045
"""The cut ends on the middle line where z, in metres on the macro mean, first exceeds this: on the crown's back."""

STRIP: Final = 0.15
"""Height of the strip of islands at the bottom of the square."""

MARGIN: Final = 0.004
"""Free border around every island, so that colours do not bleed between them."""

LAYOUT: Final = {
    "eye_right": (0.0, 0.0, 0.15, 0.15),
    "eye_left": (0.15, 0.0, 0.15, 0.15),
    "mouth": (0.3, 0.0, 0.15, 0.15),
    "socket_right": (0.45, 0.075, 0.075, 0.075),
    "socket_left": (0.45, 0.0, 0.075, 0.075),
    "tongue_upper": (0.525, 0.0, 0.075, 0.15),
    "tongue_lower": (0.6, 0.0, 0.075, 0.15),
    "teeth_upper": (0.675, 0.095, 0.325, 0.055),
    "teeth_lower": (0.675, 0.04, 0.325, 0.055),
    "lashes": (0.675, 0.0, 0.325, 0.04),
}
"""Boxes of the islands in the strip: left, bottom, width, height."""

FACE_SIZE: Final = 3.3
EAR_SIZE: Final = 2.5
NECK_SIZE: Final = 0.75
"""Wanted length in the texture per metre of surface, relative to the scalp's."""


@dataclass(frozen=True, eq=False)
class _Patch:
    """A part of the surface with its own flat positions.

    Attributes:
        faces: indices into the head's faces.
        corners: (F, 4) int, those faces' corners into `flat`, -1 pads triangles.
        flat: (N, 2) flat positions, any scale.
    """

    faces: np.ndarray
    corners: np.ndarray
    flat: np.ndarray


def texture_coordinates() -> tuple[Float64[np.ndarray, "U 2"], Int32[np.ndarray, "F 4"]]:
    """(U, 2) coordinates in 0..1, origin bottom left, and (F, 4) corners of all faces into them, -1 pads triangles."""
    selection = head_selection()
    uvs: list[np.ndarray] = []
    uv_faces = np.full(selection.faces.shape, -1, dtype=np.int32)
    count = 0
    for patch in (_outer_skin(), *_islands()):
        uv_faces[patch.faces] = np.where(patch.corners >= 0, patch.corners + count, -1)
        uvs.append(patch.flat)
        count += len(patch.flat)
    return np.concatenate(uvs), uv_faces


def _outer_skin() -> _Patch:
    selection = head_selection()
    inside = np.concatenate([cavity_faces(name) for name in ("mouth", "socket_left", "socket_right")])
    faces = np.setdiff1d(np.flatnonzero(selection.face_part == 0), inside)
    cut = seam()
    corners, source, border = _cut_open(selection.faces[faces].astype(np.int64), cut, selection.rim)
    points = macro_mean()[source]
    triangles, edges = _both_diagonals(corners)
    wanted = _wanted_size()[source]
    # the eyes' and the mouth's openings are bridged by fans, so that they keep their shape
    points, fans = _bridge(points, corners, border)
    triangles = np.concatenate([triangles, fans])
    edges = np.concatenate([edges, fans[:, :2], fans[:, 1:]])
    wanted = np.concatenate([wanted, np.full(len(points) - len(wanted), FACE_SIZE)])
    box = np.array([1 - 2 * MARGIN, 1 - STRIP - MARGIN])
    places = _frame(points[border], len(cut), wanted[border]) * box
    flat = tutte(len(points), edges, border, places)
    size = wanted[triangles].mean(axis=1)
    a, b, c = (points[triangles[:, k]] for k in range(3))
    area = np.linalg.norm(np.cross(b - a, c - a), axis=1) / 2
    # every quad is there twice, split both ways
    size = size * np.sqrt(2 * box.prod() / (area * size**2).sum())
    flat = relax(points, triangles, size, flat, border)
    return _Patch(faces, corners, flat[: len(source)] + np.array([MARGIN, STRIP]))


def seam() -> Int64[np.ndarray, " N"]:
    """Head vertices of the cut, from the neck's rim up the middle of the nape to the crown."""
    selection = head_selection()
    mean = macro_mean()
    middle = (selection.vertex_part == 0) & (selection.mirror == np.arange(len(mean)))
    neighbours: dict[int, list[int]] = {}
    for a, b in face_edges(selection.faces[selection.face_part == 0]).tolist():
        if middle[a] and middle[b]:
            neighbours.setdefault(a, []).append(b)
            neighbours.setdefault(b, []).append(a)
    start = selection.rim[middle[selection.rim]]
    path = [int(start[mean[start, 2].argmin()])]
    while mean[path[-1], 1] < 0 or mean[path[-1], 2] < CROWN:
        path.append(next(v for v in neighbours[path[-1]] if v not in path))
    return np.array(path, dtype=np.int64)


def _cut_open(
    faces: np.ndarray, cut: np.ndarray, rim: np.ndarray
) -> tuple[np.ndarray, np.ndarray, Int64[np.ndarray, " B"]]:
    """Open the surface along `cut`: corners, the head vertex behind each new vertex, and the border in order.

    Vertices of the cut, but for its end on the crown, are doubled: the first copy belongs to the subject's right.
    The border runs along the rim from right to left, up the left copy of the cut and down the right one.
    """
    mean = macro_mean()
    used = np.unique(faces)
    index = np.full(len(mean), -1)
    index[used] = np.arange(len(used))
    doubled = cut[:-1]
    twin = np.full(len(mean), -1)
    twin[doubled] = len(used) + np.arange(len(doubled))
    corners = index[faces]
    left = mean[faces, 0].mean(axis=1) > 0
    use_twin = left[:, None] & (twin[faces] >= 0)
    corners = np.where(use_twin, twin[faces], corners)
    source = np.concatenate([used, doubled])
    # rim from the nape's right copy round the front to its left copy
    start = int(np.flatnonzero(rim == cut[0])[0])
    loop = np.roll(rim, -start)
    if mean[loop[1], 0] > 0:
        loop = np.roll(loop[::-1], 1)
    border = np.concatenate([index[loop], twin[doubled], [index[cut[-1]]], index[doubled[:0:-1]]])
    return corners, source, border.astype(np.int64)


def _frame(points: np.ndarray, cut: int, wanted: np.ndarray) -> np.ndarray:
    """(B, 2) places of the border on the unit square: rim at the bottom, the cut's copies up the sides to the top."""
    rim = len(points) - 2 * (cut - 1)  # vertices of the rim with both copies of the cut's foot
    step = np.linalg.norm(np.diff(points, axis=0, append=points[:1]), axis=1) * (wanted + np.roll(wanted, -1)) / 2
    bottom = np.concatenate([[0], np.cumsum(step[:rim])])
    side = np.concatenate([[0], np.cumsum(step[rim : rim + cut - 1])])
    places = np.zeros((len(points), 2))
    places[: rim + 1, 0] = bottom / bottom[-1]
    way = 1.5 * side / side[-1]
    up = np.stack([1 - np.clip(way - 1, 0, None), np.clip(way, None, 1)], axis=1)
    places[rim : rim + cut] = up
    places[rim + cut :] = up[::-1][1:-1] * [-1, 1] + [1, 0]
    return places


def _both_diagonals(corners: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Triangles of quads split both ways, so that left and right are treated alike, and all edges and diagonals."""
    quads = corners[:, 3] >= 0
    q = corners[quads]
    splits = [corners[~quads][:, :3]] + [q[:, pick] for pick in ([0, 1, 2], [0, 2, 3], [0, 1, 3], [1, 2, 3])]
    edges = np.concatenate([face_edges(corners), q[:, [0, 2]], q[:, [1, 3]]])
    return np.concatenate(splits).astype(np.int64), edges.astype(np.int64)


def _bridge(points: np.ndarray, corners: np.ndarray, border: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Points with a centre added to every inner hole, and the fans of triangles that fill the holes."""
    edges = face_edges(corners)
    directed = set(map(tuple, edges.tolist()))
    open_edges = {b: a for a, b in directed if (b, a) not in directed}  # against the faces' sense
    outer = set(border.tolist())
    remaining = {a: b for a, b in open_edges.items() if not (a in outer and b in outer)}
    fans, centres = [], []
    while remaining:
        first = next(iter(sorted(remaining)))
        loop = [first]
        while remaining[loop[-1]] != first:
            loop.append(remaining[loop[-1]])
        for vertex in loop:
            del remaining[vertex]
        centre = len(points) + len(centres)
        centres.append(points[loop].mean(axis=0))
        fans += [(a, b, centre) for a, b in zip(loop, loop[1:] + loop[:1], strict=True)]
    return np.concatenate([points, centres]), np.array(fans, dtype=np.int64)


def _wanted_size() -> np.ndarray:
    """(V,) wanted length in the texture per metre, smooth over the surface."""
    masks = region_masks()
    size = np.ones(len(macro_mean()))
    size[masks["face"]] = FACE_SIZE
    size[masks["ears"]] = EAR_SIZE
    size[masks["neck"]] = NECK_SIZE
    return smooth(size, 6.0)


def _islands() -> list[_Patch]:
    """Eyeballs, cavities, tongue, teeth and lashes, packed into the strip by `LAYOUT`."""
    part = head_selection().face_part
    patches = {
        "eye_right": _eyeball("eye_right"),
        "eye_left": _eyeball("eye_left"),
        "mouth": _disk(cavity_faces("mouth")),
        "socket_right": _disk(cavity_faces("socket_right")),
        "socket_left": _disk(cavity_faces("socket_left")),
    }
    patches["tongue_upper"], patches["tongue_lower"] = _tongue()
    for name, appendage in appendages().items():
        faces = np.flatnonzero(part == PART_NAMES.index(name))
        patches[name] = _Patch(faces, appendage.flat_faces.astype(np.int64), appendage.flat)
    return [_placed(patches[name], *box) for name, box in LAYOUT.items()]


def _placed(patch: _Patch, left: float, bottom: float, width: float, height: float) -> _Patch:
    """A patch fitted into its box, less the margin; round things stay round."""
    room = np.array([width, height]) - 2 * MARGIN
    flat = patch.flat - patch.flat.min(axis=0)
    scale = room / flat.max(axis=0)
    if width / height < 2:
        scale = np.full(2, scale.min())
    flat = flat * scale
    return _Patch(patch.faces, patch.corners, flat + (room - flat.max(axis=0)) / 2 + MARGIN + [left, bottom])


def _eyeball(part: str) -> _Patch:
    """The whole ball as a disk: the pupil in the middle, distance from it growing with the angle from the gaze axis."""
    faces = np.flatnonzero(head_selection().face_part == PART_NAMES.index(part))
    unit = eyeballs.unit_eyeball()
    around = np.arctan2(unit[:, 1], unit[:, 0])
    reach = eyeballs.texture_radius()
    flat = reach[:, None] * np.stack([np.cos(around), np.sin(around)], axis=1)
    # each triangle at the back pole gets a corner of its own on the rim, so that the ball opens into a disk
    corners = eyeballs.sphere_faces().astype(np.int64)
    pole = len(unit) - 1
    rows = np.flatnonzero((corners == pole).any(axis=1))
    own = []
    for row in rows:
        others = [v for v in corners[row] if v not in {pole, -1}]
        middle = np.exp(1j * around[others]).mean()
        corners[row][corners[row] == pole] = pole + len(own)
        own.append([middle.real / abs(middle), middle.imag / abs(middle)])
    return _Patch(faces, corners, np.concatenate([flat[:-1], np.array(own)]))


def _tongue() -> tuple[_Patch, _Patch]:
    """Upper and lower side of the tongue, split along the loop where its surface turns over."""
    selection = head_selection()
    faces = np.flatnonzero(selection.face_part == PART_NAMES.index("tongue"))
    quads = selection.faces[faces]
    mean = macro_mean()
    centre = mean[quads].mean(axis=1)
    a, b, c, d = (mean[quads[:, k]] for k in range(4))
    normal = np.cross(c - a, d - b)
    middle = mean[part_mask("tongue")].mean(axis=0)
    # the lower side is the largest connected set of faces that look down or sit at the root's end
    upper = normal[:, 1] > 0.15 * np.linalg.norm(normal, axis=1)
    upper &= centre[:, 2] > middle[2] - 0.03
    upper = _largest(quads, upper)
    upper = ~_largest(quads, ~upper)
    return _disk(faces[upper]), _disk(faces[~upper])


def _largest(quads: np.ndarray, chosen: np.ndarray) -> np.ndarray:
    """The largest set of `chosen` faces that hang together by edges, as a mask over the faces."""
    edges: dict[frozenset[int], list[int]] = {}
    for index in np.flatnonzero(chosen).tolist():
        quad = quads[index].tolist()
        for pair in zip(quad, quad[1:] + quad[:1], strict=True):
            edges.setdefault(frozenset(pair), []).append(index)
    links = np.array([pair for pair in edges.values() if len(pair) == 2])
    label = connected_pieces(links, len(quads))
    counts = np.bincount(label[chosen], minlength=label.max() + 1)
    return chosen & (label == counts.argmax())


def _disk(faces: np.ndarray) -> _Patch:
    """A patch with one border, relaxed freely from a round start."""
    used, corners = np.unique(head_selection().faces[faces], return_inverse=True)
    corners = corners.reshape(len(faces), 4).astype(np.int64)
    if used[0] < 0:
        used, corners = used[1:], corners - 1
    points = macro_mean()[used]
    border = _border(corners)
    angle = 2 * np.pi * np.arange(len(border)) / len(border)
    triangles, edges = _both_diagonals(corners)
    flat = tutte(len(points), edges, border, np.stack([np.cos(angle), np.sin(angle)], axis=1))
    a, b, c = (points[triangles[:, k]] for k in range(3))
    area = np.linalg.norm(np.cross(b - a, c - a), axis=1).sum() / 4
    size = np.full(len(triangles), np.sqrt(np.pi / area))
    return _Patch(faces, corners, relax(points, triangles, size, flat, np.zeros(0, dtype=np.int64)))


def _border(corners: np.ndarray) -> Int64[np.ndarray, " B"]:
    """Vertices of a patch's only border, in the faces' sense."""
    directed = set(map(tuple, face_edges(corners).tolist()))
    onward = {a: b for a, b in directed if (b, a) not in directed}
    loop = [min(onward)]
    while onward[loop[-1]] != loop[0]:
        loop.append(onward[loop[-1]])
    return np.array(loop, dtype=np.int64)
