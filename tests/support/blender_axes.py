"""Ways back from Blender's axes, which only tests go."""

from __future__ import annotations

import numpy as np

from seif_blender.build.plan.rig import BONE_AXES


def from_blender(points: np.ndarray) -> np.ndarray:
    """Inverse of `axes.to_blender`."""
    return np.stack([points[..., 0], points[..., 2], -points[..., 1]], axis=-1)


def bone_rotation(bone: str, rotation: np.ndarray) -> np.ndarray:
    """A joint's rotation matrix (3, 3) in the library's axes, written in the axes of its bone."""
    axes = BONE_AXES[bone]
    return axes.T @ rotation @ axes
