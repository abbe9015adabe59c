"""A packed photo is written out among Blender's temporary files, whatever the .blend file calls it."""

from __future__ import annotations

from pathlib import Path

import bpy
import pytest

from seif_blender.reconstruct.pasted_photo import keep_in_file, written_out


@pytest.mark.parametrize("name", ["../../above.png", "/above.png", "..\\..\\above.png", "..", ""])
def test_a_name_in_somebody_elses_file_does_not_lead_out_of_the_folder(tmp_path, name):
    picture = tmp_path / "a.png"
    bpy.data.images.new("seed", 4, 4).save(filepath=str(picture))
    image = keep_in_file(picture)
    image["seif_file"], image["seif_sha256"] = name, "../../../elsewhere"
    file = written_out(image)
    assert file.read_bytes() == picture.read_bytes()
    assert file.resolve().parent.parent == Path(bpy.app.tempdir).resolve()


def test_a_pasted_photo_keeps_its_name_and_bytes(tmp_path):
    picture = tmp_path / "me.png"
    bpy.data.images.new("seed", 4, 4).save(filepath=str(picture))
    file = written_out(keep_in_file(picture))
    assert file.name == "me.png"
    assert file.read_bytes() == picture.read_bytes()
