"""Edges of a mesh: each once, and the rims of its openings."""

from __future__ import annotations

import numpy as np

from ..shapes import Int, Int32


def unique_edges(triangles: Int[np.ndarray, "T 3"]) -> Int[np.ndarray, "E 2"]:
    """Edges (E, 2) of a mesh, each once, lower vertex first."""
    return _once(np.concatenate([triangles[:, :2], triangles[:, 1:], triangles[:, [2, 0]]]))


def polygon_edges(faces: Int32[np.ndarray, "F 4"]) -> Int[np.ndarray, "E 2"]:
    """Edges (E, 2) of a mesh of quads and triangles (-1 in the last column), each once, lower vertex first.

    A quad has four: the diagonal that splits it into triangles is none.
    """
    quads, triangles = faces[faces[:, 3] >= 0], faces[faces[:, 3] < 0][:, :3]
    pairs = [mesh[:, [k, (k + 1) % mesh.shape[1]]] for mesh in (quads, triangles) for k in range(mesh.shape[1])]
    return _once(np.concatenate(pairs))


def _once(pairs: Int[np.ndarray, "P 2"]) -> Int[np.ndarray, "E 2"]:
    """Pairs of vertices, each once, lower vertex first, in ascending order."""
    pairs = np.sort(pairs.astype(np.int64), axis=1)
    count = int(pairs.max(initial=0)) + 1
    keys = np.unique(pairs[:, 0] * count + pairs[:, 1])
    return np.stack([keys // count, keys % count], axis=1)


def boundary_loops(triangles: Int[np.ndarray, "T 3"]) -> list[Int[np.ndarray, " L"]]:
    """Closed rims of a mesh's openings: vertices in the order in which the triangles beside them run.

    Where rims touch in a vertex, each way round is a loop of its own. Rims that do not close, such as those of meshes
    whose triangles are not all oriented alike, are left out.
    """
    halves = np.concatenate([triangles[:, [0, 1]], triangles[:, [1, 2]], triangles[:, [2, 0]]]).astype(np.int64)
    count = int(halves.max()) + 1
    keys, back = halves[:, 0] * count + halves[:, 1], halves[:, 1] * count + halves[:, 0]
    onward: dict[int, list[int]] = {}
    for start, end in halves[~np.isin(keys, back)]:
        onward.setdefault(int(start), []).append(int(end))
    loops = []
    while onward:
        path = [next(iter(onward))]
        place = {path[0]: 0}
        while path[-1] in onward:
            ends = onward[path[-1]]
            reached = ends.pop()
            if not ends:
                del onward[path[-1]]
            if reached in place:
                loop = path[place[reached] :]
                loops.append(np.array(loop))
                for vertex in loop[1:]:
                    del place[vertex]
                del path[place[reached] + 1 :]
                if len(path) == 1 and path[0] not in onward:
                    break
                continue
            place[reached] = len(path)
            path.append(reached)
    return loops
