"""Writing a head as Wavefront OBJ with MTL and a PNG texture. See docs/format-obj.md.

Convention: positions as in `seif_core` (metres, Y up, the face towards +Z); UV origin bottom left, as OBJ has it;
indices count from 1. Worked number: vertex 0 with UV 2 and normal 0 is written ``1/3/1``.
"""

from __future__ import annotations

from pathlib import Path
from typing import Final

import numpy as np

from .. import __version__
from ..hair_layer import HairMesh
from ..head import Head
from ..headmodel.model import triangulate
from ..headmodel.topology import PART_NAMES
from ..shapes import Float32, Int32
from .gltf_material import MATERIALS, OF_PHOTOS, SKIN, PartMaterial, encode_image
from .hair_choice import chosen_hair
from .render_vertices import smooth_normals

HAIR_TEXTURE: Final = "_hair.png"
"""What the hair's texture is called after the file's stem."""
NORMAL_MAP: Final = "_normals.png"
"""The same of the normal map."""
HEIGHTS: Final = "_heights.png"
"""The same of the displacement map."""
_WHITE: Final = 65535
_LEAST_HEIGHT: Final = 1e-6
"""Metres: flatter maps are told as flat."""
_SMOOTHEST: Final = 0.05
"""Roughness below which a Blinn-Phong exponent would be thousands. Chosen by eye."""
_REFLECTANCE: Final = 0.04
"""Share of light that a surface of refraction 1.5 throws back straight on: glTF's usual one (2.0, appendix B)."""


def write_obj(head: Head, path: Path, hair: str = "shell") -> None:
    """Write the neutral head as `path`, and ``<stem>.mtl`` and ``<stem>.png`` beside it; quads are kept.

    A normal map lies in ``<stem>_normals.png``, a displacement map in ``<stem>_heights.png``; a hair layer becomes a
    second object with ``<stem>_hair.png``. The same head gives the same bytes. The caller handles OSError.

    Args:
        head: the head.
        path: the .obj file.
        hair: one of `hair_choice.HAIR_CHOICES`.
    """
    texture = path.with_suffix(".png").name if head.texture is not None else None
    if head.texture is not None:
        path.with_suffix(".png").write_bytes(encode_image(head.texture, "png"))
    relief = None
    if head.texture is not None and head.texture_normals is not None:
        relief = path.with_name(path.stem + NORMAL_MAP)
        relief.write_bytes(encode_image(head.texture_normals, "png"))
    materials = [_material(m, texture, relief.name if relief and m.name == SKIN else None) for m in MATERIALS]
    if head.texture is not None and head.texture_heights is not None:
        skin = next(k for k, material in enumerate(MATERIALS) if material.name == SKIN)
        materials[skin] += _write_heights(head.texture_heights, path.with_name(path.stem + HEIGHTS))
    lines = _head_lines(head, path.with_suffix(".mtl").name)
    mesh = chosen_hair(head, hair)
    if mesh is not None:
        hair_texture = path.with_name(path.stem + HAIR_TEXTURE)
        hair_texture.write_bytes(encode_image(mesh.texture, "png"))
        materials.append(_hair_material(hair_texture.name))
        lines += _hair_lines(head, mesh)
    path.with_suffix(".mtl").write_text("\n".join(materials), encoding="utf-8", newline="\n")
    path.write_text("\n".join([*lines, ""]), encoding="utf-8", newline="\n")


def _material(material: PartMaterial, texture: str | None, normals: str | None) -> str:
    colour = (1.0, 1.0, 1.0) if texture else material.colour
    shininess = 2 / max(material.roughness, _SMOOTHEST) ** 4 - 2  # Blinn-Phong exponent of a GGX roughness
    lines = [
        f"newmtl {material.name}",
        "Kd {:.4f} {:.4f} {:.4f}".format(*colour),
        "Ks {0:.4f} {0:.4f} {0:.4f}".format(_REFLECTANCE * material.specular),
        f"Ns {min(max(shininess, 1.0), 1000.0):.1f}",
        "illum 2",
    ]
    if texture:
        lines.append(f"map_Kd {texture}")
    if normals:
        lines.append(f"norm {normals}")  # as the extension of MTL for physically based rendering has it
    return "\n".join([*lines, ""])


def _write_heights(heights: Float32[np.ndarray, "D D"], path: Path) -> str:
    """Write a displacement map as 16 bits of grey, and return MTL's line: base and gain turn 0..1 into metres."""
    from PIL import Image

    metres = 2 * max(float(np.abs(heights).max()), _LEAST_HEIGHT)
    Image.fromarray(np.rint((heights / metres + 0.5) * _WHITE).astype(np.uint16)).save(path, "PNG", **OF_PHOTOS)
    return f"disp -mm {-metres / 2:.7g} {metres:.7g} {path.name}\n"


def _hair_material(texture: str) -> str:
    """Colour and opacity of the hair; both maps are the one picture, opacity its alpha."""
    colours = ["newmtl hair", "Kd 1.0000 1.0000 1.0000", "Ks 0.0400 0.0400 0.0400", "Ns 20.0", "illum 2"]
    return "\n".join([*colours, f"map_Kd {texture}", f"map_d {texture}", ""])


def _head_lines(head: Head, material_file: str) -> list[str]:
    lines = [
        f"# {head.name}, made by SeIF for Blender {__version__}; metres, Y up, the face towards +Z",
        f"# head model: {head.model_title}, licence {head.model_licence}",
        f"# {head.attribution}",
        f"mtllib {material_file}",
    ]
    if head.hair is not None:
        lines.append(f"o {_word(head.name)}")
    lines += _vertex_lines(head)
    for part in np.unique(head.face_part):
        lines.append(f"g {PART_NAMES[part]}")
        for material in MATERIALS:
            own = material.worn_by(head) & (head.face_part == part)
            if own.any():
                lines += [f"usemtl {material.name}", "s 1"]
                lines += _face_lines(head.faces[own] + 1, head.uv_faces[own] + 1)
    return lines


def _hair_lines(head: Head, mesh: HairMesh) -> list[str]:
    """The second object; OBJ counts vertices through the whole file."""
    lines = [f"o {_word(head.name)}_Hair", *_vertex_lines(mesh), "g hair", "usemtl hair", "s 1"]
    faces = np.where(mesh.faces >= 0, mesh.faces + len(head.vertices), -1)
    return lines + _face_lines(faces + 1, mesh.uv_faces + (len(head.uvs) + 1))


def _vertex_lines(mesh: Head | HairMesh) -> list[str]:
    normals = smooth_normals(mesh.vertices, triangulate(mesh.faces)[0])
    lines = ["v {:.7g} {:.7g} {:.7g}".format(*p) for p in mesh.vertices.tolist()]
    lines += ["vt {:.7g} {:.7g}".format(*p) for p in mesh.uvs.tolist()]
    return lines + ["vn {:.5g} {:.5g} {:.5g}".format(*p) for p in normals.tolist()]


def _face_lines(faces: Int32[np.ndarray, "F 4"], uv_faces: Int32[np.ndarray, "F 4"]) -> list[str]:
    """Faces that count from 1, with 0 in the last column of a triangle; a normal for each vertex."""
    return [
        "f " + " ".join(f"{v}/{t}/{v}" for v, t in zip(corners, uvs, strict=True) if v > 0)
        for corners, uvs in zip(faces.tolist(), uv_faces.tolist(), strict=True)
    ]


def _word(name: str) -> str:
    return "_".join(name.split()) or "head"
