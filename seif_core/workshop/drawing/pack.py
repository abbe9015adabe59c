"""Reads the MakeHuman pack (skins, hair, brows, lashes, irises; CC0) and binds its meshes to an Open head.

The pack lies beside the checkout and does not ship; its README tells the format.

Convention: MakeHuman's axes are the head model's (Y up, the face towards +Z, +X the subject's left) in decimetres;
``base = (head + origin) * 10``. Worked number: the Open head's origin stands 7.13 dm above MakeHuman's.
"""

from __future__ import annotations

import json
from functools import cached_property
from pathlib import Path
from typing import Final, NamedTuple

import cv2
import numpy as np

from ...errors import SettingsError
from ...shapes import Float, Int, UInt8

HAIR: Final = (
    *("short01", "short02", "short03", "short04", "bob01", "bob02", "long01", "braid01", "ponytail01", "afro01"),
)
"""The pack's hair meshes."""

_NECK: Final = (0.17, 0.60, 0.0, 0.22)
"""Columns and rows, as shares of a skin's sides, of the piece that holds neck and shoulders."""
_EDGE: Final = 16.0
"""Pixels from the edge of that piece over which a skin's light rim reaches."""


class BoundMesh(NamedTuple):
    """A mesh of the pack; V vertices, T triangles, U texture vertices.

    Attributes:
        vertices: (V, 3) decimetres, on MakeHuman's base mesh at rest.
        triangles: (T, 3).
        uv: (U, 2).
        uv_triangles: (T, 3).
        ids: (V, 3) base vertices that each vertex hangs on.
        weights: (V, 3) rows sum to 1.
        offsets: (V, 3) decimetres, times the head's scale.
        scale_ids: (3, 2) pairs of base vertices whose distance along each axis tells the scale.
        scale_lengths: (3,) that distance at rest, decimetres.
        part: (V,) connected piece.
    """

    vertices: Float[np.ndarray, "V 3"]
    triangles: Int[np.ndarray, "T 3"]
    uv: Float[np.ndarray, "U 2"]
    uv_triangles: Int[np.ndarray, "T 3"]
    ids: Int[np.ndarray, "V 3"]
    weights: Float[np.ndarray, "V 3"]
    offsets: Float[np.ndarray, "V 3"]
    scale_ids: Int[np.ndarray, "3 2"]
    scale_lengths: Float[np.ndarray, "3"]
    part: Int[np.ndarray, " V"]

    def bound(self, base: Float[np.ndarray, "B 3"]) -> Float[np.ndarray, "V 3"]:
        """Vertices (V, 3) on base vertices (19158, 3), in the base's unit if that is decimetres."""
        axis = np.arange(3)
        scale = np.abs(base[self.scale_ids[:, 0], axis] - base[self.scale_ids[:, 1], axis]) / self.scale_lengths
        return np.einsum("vkc,vk->vc", base[self.ids], self.weights) + self.offsets * scale


class Pack:
    """The pack in a folder; what is read is kept.

    Args:
        folder: of the pack.

    Raises:
        SettingsError: the folder is not there or holds no pack.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._meshes: dict[str, BoundMesh] = {}
        self._pictures: dict[str, np.ndarray] = {}
        try:
            self._manifest = json.loads((folder / "manifest.json").read_text(encoding="utf-8"))
            self.base = dict(np.load(folder / "base_mesh.npz").items())
        except OSError as error:
            raise SettingsError(
                f"There is no MakeHuman pack in {folder} ({error}); give the folder that holds base_mesh.npz."
            ) from error

    def mesh(self, name: str) -> BoundMesh:
        """The mesh ``hair/short01``, ``brows/eyebrow001``...: bound to the head's skin."""
        if name not in self._meshes:
            data = np.load(self.folder / f"{name}.npz")
            own = ("vertices", "triangles", "uv", "uv_triangles")
            bind = ("skin_bind_ids", "skin_bind_weights", "skin_bind_offsets")
            rest = ("scale_ids", "scale_lengths", "part")
            self._meshes[name] = BoundMesh(*(data[key] for key in (*own, *bind, *rest)))
        return self._meshes[name]

    def picture(self, name: str) -> UInt8[np.ndarray, "H W C"]:
        """The picture ``hair/short01``, ``skins/young_asian_male``...: RGB or RGBA, sRGB."""
        if name not in self._pictures:
            pixels = cv2.imread(str(self.folder / f"{name}.png"), cv2.IMREAD_UNCHANGED)
            if pixels is None:
                raise SettingsError(f"The MakeHuman pack has no picture {name}.png; unpack it again.")
            order = [2, 1, 0, 3][: pixels.shape[2]]
            self._pictures[name] = np.ascontiguousarray(pixels[..., order])
        return self._pictures[name]

    def skin(self, name: str) -> UInt8[np.ndarray, "H W 3"]:
        """A skin whose neck and shoulders run softly into one colour, in place of the edge that was painted there."""
        key = f"{name} mended"
        if key not in self._pictures:
            pixels = self.picture(name)[..., :3].astype(np.float32)
            height, width = pixels.shape[:2]
            plain = pixels[-8, 8]
            left, right, top, bottom = (
                round(part * side) for part, side in zip(_NECK, (width, width, height, height), strict=True)
            )
            piece = pixels[top:bottom, left:right]
            painted = (np.abs(piece - plain).max(2) > 3).astype(np.uint8)
            inside = cv2.distanceTransform(cv2.morphologyEx(painted, cv2.MORPH_OPEN, np.ones((5, 5))), cv2.DIST_L2, 5)
            mean = piece[inside > _EDGE].mean(0) if (inside > _EDGE).any() else plain
            share = np.clip((inside - _EDGE) / (3 * _EDGE), 0, 1)[..., None]
            flat = np.abs(pixels - plain).max(2) <= 3
            pixels[flat] = mean
            pixels[top:bottom, left:right] = mean + share * (piece - mean)
            self._pictures[key] = (pixels + 0.5).astype(np.uint8)
        return self._pictures[key]

    def mean_colour(self, name: str) -> Float[np.ndarray, "3"]:
        """Mean linear colour (3,) of a picture, as the pack tells it."""
        return np.array(self._manifest[f"{name}.png"]["mean_linear"][:3], np.float64)

    def names(self, kind: str) -> tuple[str, ...]:
        """Names of all of a kind (``skins``, ``brows``, ``lashes``, ``eyes``), sorted."""
        own = (self.folder / kind).glob("*.png")
        return tuple(sorted(f"{kind}/{path.stem}" for path in own))

    @cached_property
    def body_quads(self) -> tuple[Int[np.ndarray, "F 4"], Int[np.ndarray, "F 4"]]:
        """Quads (F, 4) of the body's skin, and their rows of the base mesh's `uv`."""
        own = self.base["face_group"] == list(self.base["group_names"]).index("body")
        return self.base["faces"][own], self.base["uv_faces"][own]
