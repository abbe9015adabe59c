"""`HairLayer`: hair, or a hat, as a mesh of its own beside the bald head; a field of `head.Head`.

Imports numpy alone, because Blender's Python reads it too. The layer stands in the head's rest pose and follows neck
and head by skin weights over the head's five joints.

Convention: as in `head`: metres, Y up, the face towards +Z, +X the subject's left. Worked number: a root on the crown
of an adult lies near (0, 0.12, 0), and a tip that hangs to the shoulder near y = -0.15.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np

from .shapes import Bool, Float32, Int32, UInt8

HAIR_KINDS: Final = ("hair", "headwear")
"""What a layer may be: hair, or a hat or scarf that covers it (a shell alone)."""


@dataclass(frozen=True, eq=False)
class HairMesh:
    """A textured mesh of the layer: its shell, or its cards; V vertices, F faces, U texture vertices.

    Attributes:
        vertices: (V, 3) float32 metres, rest pose.
        faces: (F, 4) int32, counter-clockwise from outside, -1 in the last column of a triangle.
        uvs: (U, 2) float32 in 0..1, origin bottom left.
        uv_faces: (F, 4) int32 into `uvs`, same corners as `faces`.
        skin_weights: (V, 5) float32 over the head's joints, rows sum to 1.
        texture: (H, W, 4) uint8 sRGB and alpha (not premultiplied), row 0 at the top (v = 1).
    """

    vertices: Float32[np.ndarray, "V 3"]
    faces: Int32[np.ndarray, "F 4"]
    uvs: Float32[np.ndarray, "U 2"]
    uv_faces: Int32[np.ndarray, "F 4"]
    skin_weights: Float32[np.ndarray, "V 5"]
    texture: UInt8[np.ndarray, "H W 4"]


@dataclass(frozen=True, eq=False)
class HairGuides:
    """Strands from scalp to tip; G of them, P points each.

    Attributes:
        points: (G, P, 3) float32 metres, rest pose; `points[:, 0]` are the roots, on the head's skin.
        seen: (G,) bool, whether the photo shows the strand; the others are guessed or mirrored.
        root_faces: (G,) int32 into `Head.faces`, where each root stands.
        root_weights: (G, 3) float32, barycentric weights of the root in the first three corners of its face, or in
            corners 0, 2, 3 where `root_second` says so; rows sum to 1.
        root_second: (G,) bool, whether the root stands in the second triangle (0, 2, 3) of a quad.
    """

    points: Float32[np.ndarray, "G P 3"]
    seen: Bool[np.ndarray, " G"]
    root_faces: Int32[np.ndarray, " G"]
    root_weights: Float32[np.ndarray, "G 3"]
    root_second: Bool[np.ndarray, " G"]


@dataclass(frozen=True, eq=False)
class HairLayer:
    """Hair or headwear of a head.

    Attributes:
        kind: one of `HAIR_KINDS`.
        shell: the outer surface, closed against the scalp; always there.
        guides: strands inside the shell; None for headwear.
        cards: ribbons along chosen guides for engines; None for headwear.
        colour: (3,) float32 sRGB 0..1, the hair's median colour with its light evened.
    """

    kind: str
    shell: HairMesh
    guides: HairGuides | None
    cards: HairMesh | None
    colour: Float32[np.ndarray, "3"]
