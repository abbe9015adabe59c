"""Labels of persons and heads in photos, for training the parsing."""

from __future__ import annotations

import numpy as np

from seif_core.portrait.head_region import FaceFrame
from seif_core.workshop.training.person_labels import head_probability


def test_a_face_in_which_no_person_is_seen_has_a_head_all_the_same():
    """The segmentation sees no person in some crops without a rim: no pixel is surely skin, hair or anything else."""
    hull = np.zeros((64, 64), bool)
    hull[16:48, 20:44] = True
    frame = FaceFrame(32.0, 32.0, 48.0, 32.0, hull)
    image = np.full((64, 64, 3), 128, np.uint8)
    head = head_probability(image, np.zeros((64, 64), np.float32), frame)
    assert head[hull & (np.mgrid[:64, :64][0] < 40)].min() > 0.9
    nothing = head_probability(image, np.zeros((64, 64), np.float32), FaceFrame(32.0, 32.0, 48.0, 32.0, hull & False))
    assert np.isfinite(nothing).all()
