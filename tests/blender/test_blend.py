from __future__ import annotations

import time

import numpy as np
import pytest
from sample_head import sample_head

from seif_core import blend
from seif_core.errors import CancelledError, DependencyError, OutputError
from seif_core.progress import Progress

needs_blender = pytest.mark.skipif(not blend.blender_is_here(), reason="Blender's module bpy is not installed")


@pytest.fixture
def head(tmp_path):
    path = tmp_path / "head.npz"
    sample_head().save(path)
    return path


@needs_blender
def test_blend_file_is_written_and_no_scratch_stays(head, tmp_path):
    photo = np.zeros((640, 512, 3), np.uint8)
    with blend.blend_writer(head, tmp_path / "head.blend", photo) as writer:
        writer.finish()
    start = (tmp_path / "head.blend").read_bytes()[:7]
    assert start == b"BLENDER" or start[:4] == b"\x28\xb5\x2f\xfd"  # plain, or packed by Zstandard
    assert sorted(p.name for p in tmp_path.iterdir()) == ["head.blend", "head.npz"]


@needs_blender
def test_chosen_expression_sets_reach_the_blend_file(head, tmp_path):
    import bpy

    with blend.blend_writer(head, tmp_path / "head.blend", None, ("arkit,vrm", "short")) as writer:
        writer.finish()
    with bpy.data.libraries.load(str(tmp_path / "head.blend")) as (found, wanted):
        wanted.objects = [name for name in found.objects if name == "sample"]
    names = {key.name for key in wanted.objects[0].data.shape_keys.key_blocks}
    assert {"eyeBlink_L", "vrm_blink"} < names


@needs_blender
def test_what_blender_could_not_do_comes_back_as_a_sentence(tmp_path):
    (tmp_path / "head.npz").write_bytes(b"no head")
    with (
        pytest.raises(OutputError, match=r"head\.blend"),
        blend.blend_writer(tmp_path / "head.npz", tmp_path / "head.blend") as writer,
    ):
        writer.finish()


@needs_blender
def test_cancelling_ends_blender_at_once(head, tmp_path):
    start = time.monotonic()
    with pytest.raises(CancelledError), blend.blend_writer(head, tmp_path / "head.blend") as writer:
        writer.finish(Progress(None, lambda: True))
    assert writer._process.returncode is not None
    assert not (tmp_path / "head.blend").exists() or time.monotonic() - start > 1


def test_without_blenders_module_a_sentence_says_so(head, tmp_path, monkeypatch):
    monkeypatch.setattr(blend, "blender_is_here", lambda: False)
    with pytest.raises(DependencyError, match="bpy"), blend.blend_writer(head, tmp_path / "head.blend"):
        pass


@needs_blender
def test_a_blender_that_was_started_ahead_writes_the_file(head, tmp_path):
    out = tmp_path / "head.blend"
    with blend.waiting_blender() as ahead, blend.blend_writer(head, out, blender=ahead) as writer:
        writer.finish()
    assert (tmp_path / "head.blend").stat().st_size > 1000


@needs_blender
def test_a_blender_that_nobody_asked_for_anything_ends(tmp_path):
    with blend.waiting_blender() as ahead:
        pass
    assert ahead.process.returncode is not None


@needs_blender
def test_a_blender_that_ended_before_it_was_asked_comes_back_as_a_sentence(head, tmp_path):
    with blend.waiting_blender() as ahead:
        ahead.process.kill()
        ahead.process.wait()
        out = tmp_path / "head.blend"
        with pytest.raises(OutputError, match=r"head\.blend"), blend.blend_writer(head, out, blender=ahead) as writer:
            writer.finish()
