"""The hair layer in glTF: a mesh and a node of its own on the head's skin, its texture with transparent edges."""

from __future__ import annotations

from typing import Any, Final

from ..hair_layer import HairMesh
from ..headmodel.model import triangulate
from .gltf_buffer import BufferBuilder
from .gltf_material import SAMPLER, add_image
from .gltf_mesh import add_attributes
from .render_vertices import smooth_normals, split_at_seams

_ROUGHNESS: Final = 0.55
"""Perceptual roughness of hair as a surface: duller than skin. Chosen by eye."""

_CUTOFF: Final = 0.5
"""Texels of less alpha are not drawn with the alpha mode MASK; glTF's own default."""


def add_hair(buffer: BufferBuilder, document: dict[str, Any], mesh: HairMesh, name: str, alpha: str) -> None:
    """Add the mesh to a document that has the head's skin as skin 0.

    Args:
        buffer: takes the data.
        document: the glTF document so far; nodes, meshes, materials, textures, images and the scene grow.
        mesh: shell or cards.
        name: of node and mesh.
        alpha: ``mask`` or ``blend``.
    """
    images, textures = document.setdefault("images", []), document.setdefault("textures", [])
    samplers = document.setdefault("samplers", [])
    if not samplers:
        samplers.append(dict(SAMPLER))
    images.append(add_image(buffer, mesh.texture, "png", 0, "hair"))
    textures.append({"source": len(images) - 1, "sampler": 0})
    material: dict[str, Any] = {
        "name": "hair",
        "pbrMetallicRoughness": {
            "metallicFactor": 0.0,
            "roughnessFactor": _ROUGHNESS,
            "baseColorTexture": {"index": len(textures) - 1},
        },
        "alphaMode": alpha.upper(),
        "doubleSided": True,
    }
    if alpha == "mask":
        material["alphaCutoff"] = _CUTOFF
    document["materials"].append(material)
    normals = smooth_normals(mesh.vertices, triangulate(mesh.faces)[0])
    primitive = add_attributes(buffer, mesh, normals, split_at_seams(mesh.faces, mesh.uv_faces))
    primitive["material"] = len(document["materials"]) - 1
    document["meshes"].append({"name": name, "primitives": [primitive]})
    document["nodes"].append({"name": name, "mesh": len(document["meshes"]) - 1, "skin": 0})
    document["scenes"][0]["nodes"].append(len(document["nodes"]) - 1)
