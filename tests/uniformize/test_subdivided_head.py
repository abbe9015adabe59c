"""A head that was subdivided is whole."""

from __future__ import annotations

from dataclasses import fields

import numpy as np
from sample_head import sample_head

from seif_core.head import Head
from seif_core.uniformize.subdivided_head import subdivide_head


def test_a_subdivided_head_is_whole_and_can_be_saved(tmp_path):
    head = subdivide_head(sample_head())
    head.save(tmp_path / "head.npz")
    again = Head.load(tmp_path / "head.npz")
    for f in fields(Head):
        value = getattr(again, f.name)
        if isinstance(value, np.ndarray):
            np.testing.assert_array_equal(value, getattr(head, f.name))
    count = len(head.vertices)
    assert head.faces.max() == count - 1
    assert head.faces.min() >= 0
    assert head.key_deltas.shape[1:] == head.pose_deltas.shape[1:] == (count, 3)
    assert head.photo_delta.dtype == head.vertices.dtype == np.float32
