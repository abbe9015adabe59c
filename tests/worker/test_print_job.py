"""The worker's prints: meshes that Blender hands over become one solid; what makes no sense is told in words."""

from __future__ import annotations

import numpy as np
import pytest
import trimesh
from sample_hair import with_hair
from sample_head import sample_head

from seif_core.errors import OutputError, SettingsError
from seif_core.progress import Progress
from seif_core.worker import jobs
from seif_core.worker.print_jobs import print_meshes


@pytest.fixture
def meshes(tmp_path):
    head = with_hair(sample_head())
    arrays = {"vertices_skin": head.vertices, "faces_skin": head.faces[head.face_part == 0]}
    arrays |= {"vertices_hair": head.hair.shell.vertices, "faces_hair": head.hair.shell.faces}
    np.savez(tmp_path / "meshes.npz", names=np.array(["skin", "hair"]), **arrays)
    return tmp_path / "meshes.npz"


def request(meshes, target, **settings):
    chosen = {"height_mm": 60, "pitch_mm": 0.75, **settings}
    return {"type": "print", "id": "1", "meshes": str(meshes), "target": str(target), "settings": chosen}


def test_meshes_become_a_watertight_file_and_the_answer_tells_its_size(meshes, tmp_path):
    answer = print_meshes(request(meshes, tmp_path / "head.stl", base="bust"), Progress())["report"]
    mesh = trimesh.load(tmp_path / "head.stl")
    assert mesh.is_watertight
    assert answer["size"][2] == pytest.approx(60, abs=0.8)
    assert answer["volume"] == pytest.approx(mesh.volume, rel=1e-3)
    assert answer["triangles"] == len(mesh.faces)
    assert sum(jobs.shares({"type": "print"}).values()) == pytest.approx(1)


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"target": "head.stl"}, "absolute"),
        ({"meshes": "/no/such/file.npz"}, "cannot be read"),
        ({"settings": {"height": 3}}, "may name"),
        ({"settings": {"height_mm": "tall"}}, "must be a number"),
        ({"settings": []}, "may name"),
        ({"settings": {"height_mm": 5}}, "height is 5"),
    ],
)
def test_a_request_that_makes_no_sense_is_told_and_writes_nothing(meshes, tmp_path, change, words):
    with pytest.raises(SettingsError, match=words):
        print_meshes({**request(meshes, tmp_path / "head.stl"), **change}, Progress())
    assert [path.name for path in tmp_path.iterdir()] == ["meshes.npz"]


def test_meshes_that_are_none_are_told(tmp_path):
    path, points = tmp_path / "meshes.npz", np.zeros((3, 3))
    for arrays in (
        {"names": np.array(["skin"]), "vertices_skin": points, "faces_skin": np.array([[0, 1, 7, -1]])},
        {"names": np.array(["skin"]), "vertices_skin": points[:, :2], "faces_skin": np.array([[0, 1, 2, -1]])},
        {"names": np.array(["hair"]), "vertices_hair": points, "faces_hair": np.array([[0, 1, 2, -1]])},
        {"names": np.array(["skin"])},
    ):
        np.savez(path, **arrays)
        with pytest.raises(SettingsError, match="cannot be read"):
            print_meshes(request(path, tmp_path / "head.stl"), Progress())


def test_a_folder_that_is_none_is_told(meshes, tmp_path):
    with pytest.raises(OutputError, match="cannot be written"):
        print_meshes(request(meshes, meshes / "head.stl"), Progress())
