"""The hair's shell: an even, closed mesh about the space that hair fills.

Convention: metres, rest pose. Worked number: a cap of hair over half a ball of 0.1 m, whose inner side lies 10 mm under
the skin, has about 0.12 square metres and, of 4,500 quads, edges of 5 mm.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Final

import numpy as np

from ..geometry.connectivity import Connectivity
from ..geometry.normals import vertex_normals
from ..geometry.sampling import smoothstep
from ..geometry.surface_nets import QuadMesh, largest_solid, surface_nets
from ..headmodel.topology import JOINT_NAMES
from ..implicit.head_surface import HeadSurface
from ..shapes import Bool, Float, Int
from .labels import Labels
from .seen import look_at
from .space import HairSpace
from .volume import HairVolume, plane_distances

_QUADS: Final = 4200
"""Quads that a shell has about."""
_LEAST_NODES: Final = 200
"""Nodes inside below which there is no hair worth the name: 43 cubic centimetres with the slab under the scalp."""
_ROUNDS: Final = 6
"""Rounds of evening out and going back to the level set."""
_PACE: Final = 0.5
_FLATTEST: Final = 0.1
"""Square of the slope below which the grid is no distance: the step would be too long. A guard, chosen."""
_FARTHEST: Final = 0.004
"""Metres that a round may move a vertex along the gradient."""
_BLUR: Final = 0.002
"""Metres below which places of the surface are blended. Chosen by eye, as are the three below."""
_HAIR: Final = (0.5, 0.8)
"""Labels from which the shell follows the surface, not at all and wholly."""
_SHOWN: Final = (0.1, 0.4)
"""The same of how far the photo shows it."""
_NEAR: Final = (0.016, 0.008)
"""Metres from the surface from which it does, not at all and wholly: locks beyond it stay where they are."""
_KEPT: Final = 0.004
"""Metres over the skin down to which a place may go with the surface."""
_NECK, _ROOT = JOINT_NAMES.index("neck"), JOINT_NAMES.index("root")
_WEIGHT_ROUNDS: Final = 8
_ROOM: Final = 1e-4
"""Metres by which nodes outside the largest part count as outside, where their value says otherwise."""


@dataclass(frozen=True, eq=False)
class Shell:
    """A closed quad mesh; V vertices, Q quads.

    Attributes:
        vertices: (V, 3) metres, rest pose.
        quads: (Q, 4) counter-clockwise from outside.
        normals: (V, 3) unit, outward.
        skin: (V,) signed distance to the skin, metres, negative under it.
        label: (V,) in 0..1, how sure it is hair.
        seen: (V,) in 0..1, how far the photo shows the place.
        visible: (V,) bool, whether the photo's camera sees it, before the bald head and the shell itself.
    """

    vertices: Float[np.ndarray, "V 3"]
    quads: Int[np.ndarray, "Q 4"]
    normals: Float[np.ndarray, "V 3"]
    skin: Float[np.ndarray, " V"]
    label: Float[np.ndarray, " V"]
    seen: Float[np.ndarray, " V"]
    visible: Bool[np.ndarray, " V"]

    @property
    def triangles(self) -> Int[np.ndarray, "T 3"]:
        """Two for each quad."""
        return triangles_of(self.quads)


def triangles_of(quads: Int[np.ndarray, "Q 4"]) -> Int[np.ndarray, "T 3"]:
    """Quads split along their first diagonal: first triangles of all, then the second ones."""
    return np.concatenate([quads[:, :3], quads[:, [0, 2, 3]]])


def make_shell(space: HairSpace, labels: Labels, volume: HairVolume) -> Shell | None:
    """The mesh about the largest connected part of a space; None where there is hardly any.

    Args:
        space: the bald head's.
        labels: of the head's surface.
        volume: the space that hair fills.
    """
    inside = largest_solid(volume.values < 0)
    if np.count_nonzero(inside) < _LEAST_NODES:
        return None
    values = np.where(inside, np.minimum(volume.values, -_ROOM), np.maximum(volume.values, _ROOM))
    solid = HairVolume(values, volume.origin, volume.spacing)
    mesh = _of_size(solid)
    vertices = _evened(solid, mesh)
    normals = vertex_normals(vertices, triangles_of(mesh.quads))
    skin = space.skin_distances(vertices).signed
    _, label = plane_distances(vertices, labels.points, labels.normals, labels.label, volume.spacing)
    _, seen = plane_distances(vertices, labels.points, labels.normals, labels.seen, volume.spacing)
    return Shell(vertices, mesh.quads, normals, skin, label, seen, _visible(space, vertices, triangles_of(mesh.quads)))


def followed(space: HairSpace, shell: Shell, surface: HeadSurface) -> Shell:
    """The shell with its vertices on the head's surface where that is surely hair, seen, and near.

    The volume's grid is coarser than the surface. What grows within the volume is laid out in the shell as it was.

    Args:
        space: the bald head's.
        shell: about the volume.
        surface: the head's, with hair.
    """
    points = space.to_rest(surface.vertices)
    none = np.zeros(len(points))
    away, _ = plane_distances(shell.vertices, points, vertex_normals(points, surface.triangles), none, _BLUR)
    share = smoothstep(shell.label, *_HAIR) * smoothstep(shell.seen, *_SHOWN) * smoothstep(np.abs(away), *_NEAR)
    share = np.minimum(share, Connectivity(shell.triangles, len(shell.vertices)).neighbour_mean @ share)
    room = np.maximum(shell.skin - _KEPT, 0)  # the surface may lie under the bald skin
    inward = np.minimum(share * away, room)
    vertices = shell.vertices - inward[:, None] * shell.normals
    return replace(
        shell, vertices=vertices, normals=vertex_normals(vertices, shell.triangles), skin=shell.skin - inward
    )


def _visible(space: HairSpace, vertices: np.ndarray, triangles: np.ndarray) -> Bool[np.ndarray, " V"]:
    both = np.concatenate([space.skin, vertices])
    view = look_at(space, both, np.concatenate([space.triangles, triangles + len(space.skin)]), around=vertices)
    placed = space.to_camera(vertices)
    return view.sees(space.camera.project(placed), -placed[:, 2])


def _of_size(volume: HairVolume) -> QuadMesh:
    """Surface nets on a grid so fine that there are about as many quads as wanted."""
    inside = volume.values < 0
    faces = sum(int(np.count_nonzero(np.diff(inside.astype(np.int8), axis=axis))) for axis in range(3))
    spacing = volume.spacing * float(np.sqrt(faces / _QUADS))
    extent = (np.array(volume.values.shape) - 1) * volume.spacing
    shape = tuple(int(n) for n in np.ceil(extent / spacing) + 1)
    grid = np.stack(np.meshgrid(*(np.arange(n) for n in shape), indexing="ij"), -1).reshape(-1, 3)
    values = volume.at(grid * spacing + volume.origin).reshape(shape)
    inside = largest_solid(values < 0)
    values = np.where(inside, np.minimum(values, -_ROOM), np.maximum(values, _ROOM))
    return surface_nets(values, volume.origin, spacing)


def _evened(volume: HairVolume, mesh: QuadMesh) -> Float[np.ndarray, "V 3"]:
    """Vertices spread evenly over the level set."""
    connectivity = Connectivity(triangles_of(mesh.quads), len(mesh.vertices))
    step = volume.spacing
    slopes = [HairVolume(s, volume.origin, step) for s in np.gradient(volume.values, step)]
    vertices = mesh.vertices
    for _ in range(_ROUNDS):
        vertices = vertices + _PACE * (connectivity.neighbour_mean @ vertices - vertices)
        slope = np.stack([s.at(vertices) for s in slopes], axis=1)
        away = volume.at(vertices) / np.maximum((slope**2).sum(1), _FLATTEST)
        vertices = vertices - np.clip(away, -_FARTHEST, _FARTHEST)[:, None] * slope
    return vertices


def hair_weights(space: HairSpace, points: Float[np.ndarray, "N 3"]) -> Float[np.ndarray, "N 5"]:
    """Skin weights (N, 5) of hair: what the nearest skin has of the root, and the head's joint for all else."""
    root = np.clip(space.on_skin(points, space.fit.model.skin_weights[:, _ROOT].astype(np.float64)), 0, 1)
    weights = np.zeros((len(points), len(JOINT_NAMES)))
    weights[:, _ROOT], weights[:, _NECK] = root, 1 - root
    return weights


def shell_weights(space: HairSpace, shell: Shell) -> Float[np.ndarray, "V 5"]:
    """`hair_weights` of a shell, smoothed over it, so that hair between head and shoulder bends evenly."""
    weights: np.ndarray = hair_weights(space, shell.vertices)
    mean = Connectivity(shell.triangles, len(shell.vertices)).neighbour_mean
    for _ in range(_WEIGHT_ROUNDS):
        weights = np.asarray(mean @ weights)
    return weights / np.sum(weights, axis=1, keepdims=True)
