"""Pictures that reach Blender: PNG with alpha, factors above one, and the light that a slider brings back."""

from __future__ import annotations

import dataclasses
import io
import sys
from pathlib import Path

import bpy
import numpy as np
import pytest
from PIL import Image
from sample_head import sample_head

from seif_blender.build.head_object import build_blueprint
from seif_blender.build.plan.draw_up import draw_up
from seif_blender.build.plan.hdr import encode_hdr
from seif_blender.build.plan.png import encode_png
from seif_blender.build.settings import BuildSettings


@pytest.fixture(autouse=True)
def empty_scene():
    bpy.ops.wm.read_homefile(use_empty=True, use_factory_startup=True)


def update() -> None:
    bpy.context.view_layer.update()


def test_a_png_with_alpha_reads_back_everywhere():
    pixels = np.random.default_rng(0).integers(0, 256, (5, 7, 4), dtype=np.uint8)
    assert np.array_equal(np.asarray(Image.open(io.BytesIO(encode_png(pixels)))), pixels)


def hdr_pixels(image) -> np.ndarray:
    flat = np.empty(image.size[0] * image.size[1] * 4, np.float32)
    image.pixels.foreach_get(flat)
    return flat.reshape(image.size[1], image.size[0], 4)[::-1, :, :3]


def test_factors_above_one_reach_blender_within_half_a_percent():
    from seif_blender.build.materials import data_image

    light = np.random.default_rng(0).uniform(0.1, 4.0, (40, 300, 3)).astype(np.float32)
    light[0, :3] = 0
    found = hdr_pixels(data_image("light.hdr", encode_hdr(light)))
    assert np.abs(found - light).max() <= 4.0 / 256
    assert np.abs(found - light)[light.max(2) < 1].max() <= 1.0 / 256


@pytest.mark.skipif(sys.platform == "darwin", reason="renders take minutes there")
def test_the_light_slider_brings_the_photo_s_light_back():
    plan = dataclasses.replace(
        draw_up(sample_head(), BuildSettings()), light=encode_hdr(np.full((16, 16, 3), 0.25, np.float32))
    )
    built = build_blueprint(plan)
    assert built.rig.is_property_overridable_library('["photo_light"]')
    scene = bpy.context.scene
    scene.render.engine = "CYCLES"
    scene.cycles.samples, scene.cycles.use_denoising = 1, False
    scene.view_settings.view_transform = "Raw"
    scene.render.resolution_x = scene.render.resolution_y = 32
    world = bpy.data.worlds.new("w")
    scene.world = world
    for material in built.mesh.data.materials:  # what the shader would be given
        tree = material.node_tree
        shader = next(n for n in tree.nodes if n.type == "BSDF_PRINCIPLED")
        emission = tree.nodes.new("ShaderNodeEmission")
        tree.links.new(shader.inputs["Base Color"].links[0].from_socket, emission.inputs["Color"])
        output = next(n for n in tree.nodes if n.type == "OUTPUT_MATERIAL")
        tree.links.new(emission.outputs[0], output.inputs["Surface"])
    camera = bpy.data.objects.new("c", bpy.data.cameras.new("c"))
    scene.collection.objects.link(camera)
    camera.location, camera.rotation_euler = (0, -0.6, 0), (np.pi / 2, 0, 0)
    scene.camera = camera
    scene.render.image_settings.file_format = "OPEN_EXR"

    def middle(amount: float) -> np.ndarray:
        built.rig["photo_light"] = amount
        built.rig.update_tag()
        update()
        file = Path(bpy.app.tempdir) / f"{amount}.exr"
        scene.render.filepath = str(file)
        bpy.ops.render.render(write_still=True)
        return hdr_pixels(bpy.data.images.load(str(file)))[12:20, 12:20].mean((0, 1))

    without, half, full = middle(0.0), middle(0.5), middle(1.0)
    assert np.allclose(full, 0.25 * without, rtol=0.03)
    assert np.allclose(half, 0.625 * without, rtol=0.03)
