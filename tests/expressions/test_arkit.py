from __future__ import annotations

import numpy as np
from sample_head import sample_head, sample_model

from seif_core.expressions.arkit import ARKIT_52, mirrored_name
from seif_core.head import Head
from seif_core.headmodel.topology import PART_NAMES, REGION_NAMES


def test_the_table_holds_52_different_names_and_every_mirrored_name_is_one_of_them():
    assert len(set(ARKIT_52)) == len(ARKIT_52) == 52
    assert sum(name.endswith("Left") for name in ARKIT_52) == 20
    assert all(mirrored_name(n) in ARKIT_52 and mirrored_name(mirrored_name(n)) == n for n in ARKIT_52)


def test_the_sample_head_is_complete_and_survives_its_file(tmp_path):
    head = sample_head()
    head.save(tmp_path / "head.npz")
    again = Head.load(tmp_path / "head.npz")
    np.testing.assert_array_equal(again.vertices, head.vertices)
    assert set(head.regions) == set(REGION_NAMES)
    assert all(m.any() for m in head.regions.values())
    assert set(np.unique(head.face_part)) == set(range(len(PART_NAMES)))
    assert {(e.vertex_ids.shape) for e in sample_model().embeddings.values()} == {(68, 3), (478, 3)}
    assert (head.faces[:, 3] < 0).any()
    assert (head.faces[:, 3] >= 0).any()


def test_the_sample_heads_faces_point_outwards():
    head = sample_head()
    for part in range(6):
        faces = head.faces[head.face_part == part]
        corners = head.vertices[faces[:, :3]]
        normal = np.cross(corners[:, 1] - corners[:, 0], corners[:, 2] - corners[:, 0])
        centre = head.vertices[np.unique(faces[faces >= 0])].mean(0)
        assert (np.sum(normal * (corners.mean(1) - centre), 1) > 0).mean() > 0.98
