"""The whole blueprint of a head."""

from __future__ import annotations

import numpy as np

from ...core import Head
from ..blueprint import Blueprint, Origin
from ..settings import BuildSettings
from .camera import plan_camera
from .correctives import plan_drivers
from .hair import plan_hair
from .hdr import encode_hdr
from .heights import plan_heights
from .keys import plan_keys, plan_products, plan_sliders
from .mesh import plan_groups, plan_mesh
from .png import encode_png
from .rig import plan_bones


def draw_up(head: Head, settings: BuildSettings) -> Blueprint:
    """Plan everything that Blender has to build.

    Raises:
        SettingsError: unknown expression sets, or ones that need keys that the head lacks.
    """
    keys = plan_keys(head, settings)
    return Blueprint(
        name=head.name,
        mesh=plan_mesh(head),
        groups=plan_groups(head),
        keys=keys,
        drivers=plan_drivers(head, settings.correctives),
        products=plan_products(head, settings),
        sliders=plan_sliders(keys),
        bones=plan_bones(head),
        camera=plan_camera(head),
        texture=b"" if head.texture is None else encode_png(np.ascontiguousarray(head.texture)),
        light=b"" if head.texture is None or head.texture_light is None else encode_hdr(head.texture_light),
        relief=b"" if head.texture_normals is None else encode_png(np.ascontiguousarray(head.texture_normals)),
        heights=plan_heights(head.texture_heights),
        hair=None if head.hair is None else plan_hair(head, head.hair),
        origin=Origin(
            photo=head.photo_name,
            photo_sha256=head.photo_sha256,
            model=head.model_title,
            licence=head.model_licence,
            attribution=head.attribution,
            format_version=int(head.format_version),
        ),
    )
