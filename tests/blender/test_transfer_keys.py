"""Transfer Keys to Object: an artist's mesh follows the head's keys."""

from __future__ import annotations

import bpy
import numpy as np
import pytest
from mathutils import Matrix
from sample_head import sample_head

from seif_blender.animate.lookup import FoundHead
from seif_blender.animate.transfer_keys import transfer_keys
from seif_blender.build.head_object import build_head
from seif_blender.build.names import SMOOTH_PROPERTY


@pytest.fixture
def head():
    bpy.ops.wm.read_homefile(use_empty=True, use_factory_startup=True)
    built = build_head(sample_head(), location=(0.3, -0.2, 0.1))
    bpy.context.view_layer.update()
    return FoundHead(built.mesh, built.rig, built.camera)


def moved_most(head, count=40):
    """The vertices that opening the jaw moves most."""
    keys = head.mesh.data.shape_keys
    rest, opened = (np.array([p.co for p in k.points]) for k in (keys.reference_key, keys.key_blocks["jawOpen"]))
    return np.argsort(-np.linalg.norm(opened - rest, axis=1))[:count].tolist()


def worn(head, chosen):
    """An object of the artist's: some of the head's vertices, turned and scaled in its own space."""
    own = Matrix.Translation((1, 2, 3)) @ Matrix.Rotation(0.7, 4, "Z") @ Matrix.Scale(0.5, 4)
    places = [own.inverted() @ (head.mesh.matrix_world @ head.mesh.data.vertices[v].co) for v in chosen]
    mesh = bpy.data.meshes.new("beard")
    mesh.from_pydata(places, [], [])
    ob = bpy.data.objects.new("beard", mesh)
    bpy.context.collection.objects.link(ob)
    ob.matrix_world = own
    bpy.context.view_layer.update()
    return ob


def world(ob):
    evaluated = ob.evaluated_get(bpy.context.evaluated_depsgraph_get())
    return np.array([evaluated.matrix_world @ v.co for v in evaluated.data.vertices])


def test_an_object_on_the_skin_moves_with_the_heads_slider(head):
    head.rig[SMOOTH_PROPERTY] = False  # whose vertices are others
    head.rig.update_tag()
    chosen = moved_most(head)
    beard = worn(head, chosen)
    assert transfer_keys(head, beard) > 0
    rest = world(beard)
    assert np.abs(rest - world(head.mesh)[chosen]).max() < 1e-5
    head.mesh.data.shape_keys.key_blocks["jawOpen"].value = 1.0
    bpy.context.view_layer.update()
    assert np.abs(world(beard) - world(head.mesh)[chosen]).max() < 1e-4
    assert np.abs(world(beard) - rest).max() > 1e-3


def test_a_second_transfer_makes_the_keys_anew_and_no_others(head):
    beard = worn(head, moved_most(head))
    first = transfer_keys(head, beard)
    names = [key.name for key in beard.data.shape_keys.key_blocks]
    assert transfer_keys(head, beard) == first == len(names) - 1
    assert [key.name for key in beard.data.shape_keys.key_blocks] == names


def test_an_object_without_vertices_gets_none(head):
    empty = bpy.data.objects.new("empty", bpy.data.meshes.new("empty"))
    assert transfer_keys(head, empty) == 0
