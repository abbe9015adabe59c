"""What may be chosen when a head is built."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class BuildSettings:
    """Choices for the Blender object.

    Attributes:
        expression_components: number of FLAME-style expression components to add as keys `expr_001`... (-3..3 standard
            deviations); 0 adds none, since the ARKit keys span the same movements under names that artists know.
        photo_camera: whether the photo's camera is made, with the photo as its background image.
        scene_render_size: whether the scene's render size becomes the photo's.
    """

    expression_components: int = 0
    photo_camera: bool = True
    scene_render_size: bool = False
