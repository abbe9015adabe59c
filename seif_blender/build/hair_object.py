"""The hair layer becomes objects beside the head: shell, guides and cards, one of them shown."""

from __future__ import annotations

import bpy

from .blueprint import HairPlan, SkinnedPlan, StrandsPlan
from .hair_materials import strand_material, surface_material
from .hair_nodes import UV_MAP, add_hair_modifiers
from .hair_switch import add_switch, follow_switch
from .mesh import add_vertex_groups, build_mesh
from .names import CARDS_MATERIAL_PROPERTY, HAIR_OBJECTS, MISSING_PROPERTY, STRIPS_PROPERTY, WIDTH_PROPERTY, HairForm
from .rig import bind


def build_hair(
    name: str,
    plan: HairPlan,
    mesh_object: bpy.types.Object,
    rig: bpy.types.Object,
    collection: bpy.types.Collection,
) -> dict[HairForm, bpy.types.Object]:
    """Build what the layer has; the shell is shown.

    Args:
        name: of the head.
        plan: the layer.
        mesh_object: the head's mesh object.
        rig: the armature object.
        collection: where the objects are linked.

    Returns:
        The objects by their form.
    """
    titles = {form: f"{name} {suffix}" for form, suffix in HAIR_OBJECTS.items()}
    cards_material, made = None, {}
    for form, skinned in ((HairForm.SHELL, plan.shell), (HairForm.CARDS, plan.cards)):
        if skinned is not None:
            material = surface_material(titles[form], plan.colour, skinned.texture)
            made[form] = build_skinned(titles[form], skinned, material, rig, collection)
            cards_material = material if form is HairForm.CARDS else None
    if plan.strands is not None:
        guides = _build_guides(titles[HairForm.STRANDS], plan.strands, mesh_object, collection)
        guides.data.materials.append(strand_material(titles[HairForm.STRANDS], plan.colour))
        guides[STRIPS_PROPERTY] = list(plan.strands.strips)
        guides[WIDTH_PROPERTY] = plan.strands.card_width
        guides[CARDS_MATERIAL_PROPERTY] = cards_material or surface_material(titles[HairForm.CARDS], plan.colour, b"")
        made[HairForm.STRANDS] = guides
    add_switch(rig, made, HairForm.SHELL)
    for form, ob in made.items():
        follow_switch(ob, rig, form)
    return made


def build_skinned(
    title: str,
    plan: SkinnedPlan,
    material: bpy.types.Material,
    rig: bpy.types.Object,
    collection: bpy.types.Collection,
) -> bpy.types.Object:
    """A mesh object on the rig's bones.

    Args:
        title: its name.
        plan: mesh and weights.
        material: what it wears.
        rig: the armature object.
        collection: where it is linked.
    """
    ob = bpy.data.objects.new(title, build_mesh(title, plan.mesh))
    collection.objects.link(ob)
    ob.data.materials.append(material)
    add_vertex_groups(ob, plan.groups)
    bind(ob, rig)
    return ob


def _build_guides(
    title: str, plan: StrandsPlan, mesh_object: bpy.types.Object, collection: bpy.types.Collection
) -> bpy.types.Object:
    curves = bpy.data.hair_curves.new(title)
    curves.add_curves(plan.sizes.tolist())
    curves.attributes["position"].data.foreach_set("vector", plan.points)
    roots = curves.attributes.new("surface_uv_coordinate", "FLOAT2", "CURVE")
    roots.data.foreach_set("vector", plan.root_uvs)
    seen = curves.attributes.new("seen", "BOOLEAN", "CURVE")
    seen.data.foreach_set("value", plan.seen)
    curves.surface = mesh_object
    curves.surface_uv_map = UV_MAP
    guides = bpy.data.objects.new(title, curves)
    collection.objects.link(guides)
    guides.parent = mesh_object
    mesh_object.add_rest_position_attribute = True
    guides[MISSING_PROPERTY] = add_hair_modifiers(guides, mesh_object, plan.area, curly=plan.curly)
    return guides
