"""Live modifiers of the guides: strands between them, clumps, frizz, width, and following the head's skin."""

from __future__ import annotations

from typing import Any, Final

import bpy

from ..compat import hair_nodes_file, set_node_attribute, set_node_input
from .names import HAIR_GROUP

UV_MAP: Final = "UVMap"
"""The head's UV map, in which the roots stand."""

INTERPOLATE, CLUMP, FRIZZ = "Interpolate Hair Curves", "Clump Hair Curves", "Frizz Hair Curves"
PROFILE: Final = "Set Hair Curve Profile"
HAIR_GROUPS: Final = (INTERPOLATE, CLUMP, FRIZZ, PROFILE)
"""Node groups of Blender's own library, in the order in which they act."""

_STRANDS: Final = 30000
"""Strands of a rendered head: a third of what grows on an adult's (about 100,000), each a little too wide."""

_VIEWPORT_SHARE: Final = 0.2
"""Share of them that the viewport shows."""

_RADIUS: Final = 1.2e-4
"""Metres: half the width of a strand at its root; real hair has 0.02 to 0.05 mm, and three times the strands."""

_CLUMP: Final = (0.35, 0.8)
_FRIZZ: Final = 0.3
_FRIZZ_DISTANCE: Final = 0.004
"""How far strands are drawn to their guide (0..1), straight and curly ones, how much of the frizz is applied, and its
size in metres. Chosen by eye on drawn heads, for curly hair on one portrait of public domain."""

_INTERPOLATED: Final = (4, 1)
"""Guides between which a strand lies, of straight and of curly hair: between guides that wind it would be straight."""

_SURFACE_GROUP: Final = "SeIF Follow Surface"
_LEAST_AREA: Final = 1e-4
"""Square metres: guard against division by zero."""


def add_hair_modifiers(guides: bpy.types.Object, surface: bpy.types.Object, area: float, *, curly: bool) -> list[str]:
    """Add the modifiers to the guides.

    Args:
        guides: the curves object.
        surface: the head's mesh object.
        area: square metres of skin on which hair grows.
        curly: whether the guides wind.

    Returns:
        Names of the node groups that this Blender lacks; their modifiers are left out.
    """
    groups = _library_groups()
    for name in HAIR_GROUPS:
        if name in groups:
            modifier = guides.modifiers.new(name, "NODES")
            modifier.node_group = groups[name]
            _set_inputs(modifier, name, surface, area, curly=curly)
    follow = guides.modifiers.new("Follow Surface", "NODES")
    follow.node_group = _surface_group()
    follow.use_pin_to_last = True
    return [name for name in HAIR_GROUPS if name not in groups]


def _set_inputs(
    modifier: bpy.types.NodesModifier, name: str, surface: bpy.types.Object, area: float, *, curly: bool
) -> None:
    if name == INTERPOLATE:
        set_node_input(modifier, "Surface", surface)  # from 5.2 on it is the curves' own
        set_node_attribute(modifier, "Surface UV Map", UV_MAP)
        for switch in ("Surface Rest Position", "Resting Surface"):  # its name until 5.1, and from 5.2 on
            set_node_input(modifier, switch, True)  # noqa: FBT003 - a value like any other
        set_node_input(modifier, "Part by Mesh Islands", False)  # noqa: FBT003
        set_node_input(modifier, "Interpolation Guides", _INTERPOLATED[curly])
        set_node_input(modifier, "Density", _STRANDS / max(area, _LEAST_AREA))
        set_node_attribute(modifier, "Density Mask", HAIR_GROUP)
        set_node_input(modifier, "Viewport Amount", _VIEWPORT_SHARE)
    elif name == CLUMP:
        set_node_input(modifier, "Factor", _CLUMP[curly])
    elif name == FRIZZ:
        set_node_input(modifier, "Factor", _FRIZZ)
        set_node_input(modifier, "Distance", _FRIZZ_DISTANCE)
    elif name == PROFILE:
        set_node_input(modifier, "Radius", _RADIUS)


def _library_groups() -> dict[str, bpy.types.NodeTree]:
    """The groups by name, appended once a file."""
    found = {name: bpy.data.node_groups[name] for name in HAIR_GROUPS if _is_ours(bpy.data.node_groups.get(name))}
    file, missing = hair_nodes_file(), [name for name in HAIR_GROUPS if name not in found]
    if file is None or not missing:
        return found
    with bpy.data.libraries.load(str(file), link=False) as (there, here):
        here.node_groups = [name for name in missing if name in there.node_groups]
    names = [name for name in missing if name in there.node_groups]
    appended: list[Any] = here.node_groups  # names became groups
    for name, group in zip(names, appended, strict=True):
        if group is not None:
            if group.asset_data is not None:
                group.asset_clear()  # a copy in somebody's file is no asset of theirs
            found[name] = group
    return found


def _is_ours(group: bpy.types.NodeTree | None) -> bool:
    """Whether a group of the right name is a modifier for curves, and of this file."""
    return group is not None and group.library is None and group.bl_idname == "GeometryNodeTree" and group.is_modifier


def _surface_group() -> bpy.types.NodeTree:
    """Blender's node that lets curves follow the surface on which they stand, as a group."""
    group = bpy.data.node_groups.get(_SURFACE_GROUP)
    if group is not None and group.library is None:
        return group
    group = bpy.data.node_groups.new(_SURFACE_GROUP, "GeometryNodeTree")
    group.is_modifier = True
    for direction in ("INPUT", "OUTPUT"):
        group.interface.new_socket("Geometry", in_out=direction, socket_type="NodeSocketGeometry")
    nodes = [
        group.nodes.new(kind) for kind in ("NodeGroupInput", "GeometryNodeDeformCurvesOnSurface", "NodeGroupOutput")
    ]
    for i, node in enumerate(nodes):
        node.location = (200 * i, 0)
    group.links.new(nodes[0].outputs[0], nodes[1].inputs[0])
    group.links.new(nodes[1].outputs[0], nodes[2].inputs[0])
    return group
