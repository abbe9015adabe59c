"""A photo taken from too near is told, with what to do; others are not."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from synthetic_head import photo_of, synthetic_head

from seif_core.fitting import fit_portrait
from seif_core.fitting.viewing_distance import distance_warnings
from seif_core.geometry.camera import Camera

HEAD = synthetic_head()


def fitted(distance: float, *, exif: bool):
    camera = Camera(1200 * distance, 256, 256, 512, 512)
    return fit_portrait(photo_of(HEAD, translation=(0.0, 0.0, -distance), camera=camera, exif=exif)[0], HEAD)


@pytest.mark.parametrize("exif", [True, False])
def test_a_selfie_at_arm_s_length_is_told_with_what_to_do(exif):
    (told,) = distance_warnings(fitted(0.3, exif=exif), focal_known=exif)
    assert "step back" in told
    assert "30 cm" in told or "29 cm" in told or "31 cm" in told


@pytest.mark.parametrize("exif", [True, False])
def test_a_portrait_from_a_usual_distance_is_not_told(exif):
    assert distance_warnings(fitted(1.2, exif=exif), focal_known=exif) == ()


def test_a_profile_s_distance_is_believed_only_with_a_focal_length():
    near = fitted(0.3, exif=True)
    pose = np.array(near.pose)
    pose[0] = (0.0, np.radians(70.0), 0.0)
    turned = replace(near, pose=pose.astype(near.pose.dtype))
    assert turned.turn > 45
    assert distance_warnings(turned, focal_known=False) == ()
    assert len(distance_warnings(turned, focal_known=True)) == 1
