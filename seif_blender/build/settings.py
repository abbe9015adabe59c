"""What may be chosen when a head is built."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

CORRECTIVES: Final = ("live", "baked", "none")


@dataclass(frozen=True)
class BuildSettings:
    """Choices for the Blender object.

    Attributes:
        expressions: sets of shape keys in the words of the library's `expression_choice`, for example
            ``arkit,visemes,flame:50``; the components of ``flame`` run from -3 to 3 standard deviations.
        spelling: how the ARKit keys are spelled: ``apple``, ``livelink`` or ``short``.
        correctives: ``live`` drives one key for each entry of the bones' rotations, ``baked`` drives one for the
            opening of the jaw alone, ``none`` leaves them out; pairs of keys are corrected unless ``none``.
        photo_camera: whether the photo's camera is made, with the photo as its background image.
        smooth: whether the mesh is shown and rendered with one level of subdivision, so that no outline is faceted.
        scene_render_size: whether the scene's render size becomes the photo's.
    """

    expressions: str = "arkit"
    spelling: str = "apple"
    correctives: str = "live"
    photo_camera: bool = True
    smooth: bool = True
    scene_render_size: bool = False
