"""A performance as a glTF animation."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest
from gltf_file import GlbFile
from sample_head import sample_head
from sample_performance import sample_performance

from seif_core.capture.playback import Playback
from seif_core.export import GlbSettings
from seif_core.export.glb import glb_bytes
from seif_core.expression_choice import parse_choice
from seif_core.headmodel.skinning import rotation_matrices


def channels(glb):
    (animation,) = glb.document["animations"]
    found = {}
    for channel in animation["channels"]:
        sampler = animation["samplers"][channel["sampler"]]
        node = glb.document["nodes"][channel["target"]["node"]]["name"]
        found[node, channel["target"]["path"]] = glb.accessor(sampler["input"]), glb.accessor(sampler["output"])
    return found


@pytest.mark.parametrize("spelling", ["apple", "livelink", "short"])
def test_morph_weights_are_those_of_the_performance_under_each_spelling(spelling):
    head, performance = sample_head(), sample_performance()
    settings = GlbSettings(expressions=parse_choice("arkit,visemes", spelling))
    glb = GlbFile(glb_bytes(head, settings, (performance, Playback(head="none"))))
    found = channels(glb)
    assert set(found) == {(head.name, "weights")}
    times, values = found[head.name, "weights"]
    assert np.allclose(times[:, 0], performance.times)
    table = values.reshape(len(times), -1)
    assert table.shape[1] == len(glb.document["meshes"][0]["weights"])
    assert np.allclose(table[:, :52], performance.for_keys(head.key_names))
    assert not table[:, 52:].any()


def test_joints_turn_by_unit_quaternions_and_their_keys_rest():
    head, performance = sample_head(), sample_performance()
    glb = GlbFile(glb_bytes(head, GlbSettings(), (performance, Playback(bones=True))))
    found = channels(glb)
    assert {name for name, path in found if path == "rotation"} == {"neck", "jaw", "eye.L", "eye.R"}
    x, y, z, w = found["jaw", "rotation"][1].astype(float).T
    turned = np.stack([1 - 2 * (y * y + z * z), 2 * (x * y + w * z), 2 * (x * z - w * y)], 1)
    assert np.allclose(turned, rotation_matrices(performance.jaw_rotation)[:, :, 0], atol=1e-6)
    table = found[head.name, "weights"][1].reshape(len(performance.times), -1)
    assert not table[:, head.key_names.index("jawOpen")].any()


def test_a_head_without_performance_has_no_animation_and_keeps_its_bytes():
    head = dataclasses.replace(sample_head(), texture=None)
    assert b'"animations"' not in glb_bytes(head, GlbSettings())
