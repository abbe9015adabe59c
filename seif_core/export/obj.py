"""Writing a head as Wavefront OBJ with MTL and a PNG texture. See docs/format-obj.md.

Convention: positions as in `seif_core` (metres, Y up, the face towards +Z); UV origin bottom left, as OBJ has it;
indices count from 1. Worked number: vertex 0 with UV 2 and normal 0 is written ``1/3/1``.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np

from .. import __version__
from ..head import Head
from ..headmodel.model import triangulate
from ..headmodel.topology import PART_NAMES
from .gltf_material import MATERIALS, PartMaterial, encode_image
from .render_vertices import smooth_normals


def write_obj(head: Head, path: Path) -> None:
    """Write the neutral head as `path`, and ``<stem>.mtl`` and ``<stem>.png`` beside it; quads are kept.

    The same head gives the same bytes. The caller handles OSError.
    """
    texture = path.with_suffix(".png").name if head.texture is not None else None
    if head.texture is not None:
        path.with_suffix(".png").write_bytes(encode_image(head.texture, "png"))
    materials = "\n".join(_material(m, texture) for m in MATERIALS)
    path.with_suffix(".mtl").write_text(materials, encoding="utf-8", newline="\n")
    path.write_text(_mesh(head, path.with_suffix(".mtl").name), encoding="utf-8", newline="\n")


def _material(material: PartMaterial, texture: str | None) -> str:
    colour = (1.0, 1.0, 1.0) if texture else material.colour
    shininess = 2 / max(material.roughness, 0.05) ** 4 - 2  # Blinn-Phong exponent of a GGX roughness
    lines = [
        f"newmtl {material.name}",
        "Kd {:.4f} {:.4f} {:.4f}".format(*colour),
        "Ks 0.0400 0.0400 0.0400",
        f"Ns {min(max(shininess, 1.0), 1000.0):.1f}",
        "illum 2",
    ]
    if texture:
        lines.append(f"map_Kd {texture}")
    return "\n".join([*lines, ""])


def _mesh(head: Head, material_file: str) -> str:
    normals = smooth_normals(head.vertices, triangulate(head.faces)[0])
    lines = [
        f"# {head.name}, made by SeIF for Blender {__version__}; metres, Y up, the face towards +Z",
        f"# head model: {head.model_title}, licence {head.model_licence}",
        f"# {head.attribution}",
        f"mtllib {material_file}",
    ]
    lines += ["v {:.7g} {:.7g} {:.7g}".format(*p) for p in head.vertices.tolist()]
    lines += ["vt {:.7g} {:.7g}".format(*p) for p in head.uvs.tolist()]
    lines += ["vn {:.5g} {:.5g} {:.5g}".format(*p) for p in normals.tolist()]
    material_of = {part: m.name for m in MATERIALS for part in m.parts}
    for part in np.unique(head.face_part):
        name = PART_NAMES[part]
        lines += [f"g {name}", f"usemtl {material_of[name]}", "s 1"]
        own = head.face_part == part
        for corners, uvs in zip((head.faces[own] + 1).tolist(), (head.uv_faces[own] + 1).tolist(), strict=True):
            lines.append("f " + " ".join(f"{v}/{t}/{v}" for v, t in zip(corners, uvs, strict=True) if v > 0))
    return "\n".join([*lines, ""])
