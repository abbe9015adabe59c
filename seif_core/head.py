"""`Head`: the only contract between the library and everything that shows or writes a head; `head.npz` its file form.

Imports numpy alone, because Blender's Python reads it too. docs/format-head-npz.md describes the file field by field.

Convention: metres, right-handed, Y up, the face towards +Z, +X the subject's left; rest pose, neutral expression.
Worked number: a point on the nose tip of an adult lies near (0, 0, 0.1) and the crown near y = +0.12.
"""

from __future__ import annotations

import io
import os
from dataclasses import dataclass, field, fields
from pathlib import Path
from typing import Any, Final

import numpy as np

from .array_files import ArrayFileError, read_arrays
from .combination_shapes import (
    CombinationShapes,
    combination_arrays,
    combination_fault,
    combination_of_arrays,
)
from .errors import HeadFormatError
from .filenames import called
from .geometry.camera import Camera
from .hair_arrays import hair_arrays, hair_of_arrays
from .hair_check import hair_fault
from .hair_layer import HairLayer
from .head_check import OPTIONAL, as_declared, fault
from .shapes import Bool, Float32, Int32, UInt8

FORMAT_VERSION: Final = 2
"""Version of head.npz that this code writes; readers refuse newer ones. Version 1 had no hair layer."""
SKIN_PART: Final = 0
"""The skin's number in `Head.face_part`; `headmodel.PART_NAMES` has them all."""


@dataclass(frozen=True, eq=False)
class Head:
    """A rigged, textured head; V vertices, F faces, K shape keys, E expression components, U texture vertices.

    Attributes:
        name: name of the head, from the photo's file name.
        model_name: short name of the head model (``open``).
        model_title: name and version of the head model as shown to a user.
        model_licence: licence that applies to this head.
        attribution: sentence that names the model's source.
        vertices: (V, 3) float32 metres, neutral, rest pose.
        faces: (F, 4) int32, counter-clockwise from outside, -1 in the last column of a triangle.
        face_part: (F,) uint8 into `headmodel.PART_NAMES`.
        uvs: (U, 2) float32 in 0..1, origin bottom left.
        uv_faces: (F, 4) int32 into `uvs`.
        joints: (5, 3) float32 metres: root, neck, jaw, left eye, right eye.
        skin_weights: (V, 5) float32, rows sum to 1.
        key_names: K names of expression keys, the ARKit 52 in Apple's spelling.
        key_deltas: (K, V, 3) float32 metres at weight 1.
        expression_deltas: (E, V, 3) float32 metres per standard deviation (FLAME-style components).
        pose_deltas: (36, V, 3) float32 metres per entry of ``(R_j - I).ravel()``, joints neck, jaw, eye.L, eye.R.
        regions: name in `headmodel.REGION_NAMES` -> (V,) bool.
        texture: (H, W, 3) uint8 sRGB base colour, row 0 at the top (v = 1), or None.
        photo_name: file name of the source photo.
        photo_sha256: of the photo's bytes.
        photo_camera: camera of the photo, in its upright pixels.
        photo_pose: (5, 3) float32 axis-angle, the photo's pose.
        photo_translation: (3,) float32 metres, camera space.
        photo_shape: (S,) float32 identity coefficients in standard deviations.
        photo_expression: (E,) float32 expression coefficients in standard deviations.
        photo_key_weights: (K,) float32 in 0..1, the photo's expression in the named keys.
        photo_delta: (V, 3) float32 metres: what turns the neutral head into the photo's expression, jaw and eye
            rotation included, head rotation not; so ``posed = R_root (vertices + photo_delta - joint_root) +
            joint_root + photo_translation`` up to the small neck rotation.
        landmark_vertices: (68, 3) int32, the vertices between which each iBUG-68 landmark lies, or None.
        landmark_weights: (68, 3) float32, barycentric weights of those vertices, or None.
        texture_light: (L, L, 3) float32, factor on the texture's linear colours that brings the photo's light back,
            laid out as `texture`; or None.
        confidence: (V, 3) float32, shares of each vertex' colour that are seen in the photos, mirrored from the other
            side, guessed; they sum to 1. None without a texture, and in older files.
        texture_normals: (R, R, 3) uint8, tangent-space normal map of relief finer than the mesh, laid out as `texture`
            (`appearance.relief` has its convention); or None.
        texture_heights: (D, D) float32 metres, displacement map of that relief along the mesh's smooth normal, laid out
            likewise; or None. It says what the normal map says: whoever displaces by it leaves the other out.
        combinations: corrections of pairs of keys whose sum would break; None for none, as in older files.
        hair: hair or headwear as a layer of its own; None for a bald head, or one whose own mesh has the hair's shape.
    """

    name: str
    model_name: str
    model_title: str
    model_licence: str
    attribution: str
    vertices: Float32[np.ndarray, "V 3"]
    faces: Int32[np.ndarray, "F 4"]
    face_part: UInt8[np.ndarray, " F"]
    uvs: Float32[np.ndarray, "U 2"]
    uv_faces: Int32[np.ndarray, "F 4"]
    joints: Float32[np.ndarray, "5 3"]
    skin_weights: Float32[np.ndarray, "V 5"]
    key_names: tuple[str, ...]
    key_deltas: Float32[np.ndarray, "K V 3"]
    expression_deltas: Float32[np.ndarray, "E V 3"]
    pose_deltas: Float32[np.ndarray, "36 V 3"]
    regions: dict[str, Bool[np.ndarray, " V"]]
    texture: UInt8[np.ndarray, "H W 3"] | None
    photo_name: str
    photo_sha256: str
    photo_camera: Camera
    photo_pose: Float32[np.ndarray, "5 3"]
    photo_translation: Float32[np.ndarray, "3"]
    photo_shape: Float32[np.ndarray, " S"]
    photo_expression: Float32[np.ndarray, " E"]
    photo_key_weights: Float32[np.ndarray, " K"]
    photo_delta: Float32[np.ndarray, "V 3"]
    landmark_vertices: Int32[np.ndarray, "68 3"] | None = None
    landmark_weights: Float32[np.ndarray, "68 3"] | None = None
    texture_light: Float32[np.ndarray, "L L 3"] | None = None
    confidence: Float32[np.ndarray, "V 3"] | None = None
    texture_normals: UInt8[np.ndarray, "R R 3"] | None = None
    texture_heights: Float32[np.ndarray, "D D"] | None = None
    combinations: CombinationShapes | None = None
    hair: HairLayer | None = None
    format_version: int = field(default=FORMAT_VERSION)

    @property
    def mouth_lining(self) -> Bool[np.ndarray, " F"]:
        """(F,) whether a face is skin that lines the mouth: all its corners lie in the region of the mouth's inside."""
        inside = self.regions.get("mouth_interior")
        if inside is None:
            return np.zeros(len(self.faces), bool)
        corners = np.where(self.faces >= 0, self.faces, self.faces[:, :1])
        return (self.face_part == SKIN_PART) & inside[corners].all(axis=1)

    def save(self, path: Path) -> None:
        """Write `head.npz`: the same head gives the same bytes (no dates inside). The caller handles OSError."""
        arrays: dict[str, Any] = {}
        for f in fields(self):
            value = getattr(self, f.name)
            if f.name == "regions":
                arrays["region_names"] = np.array(list(value), dtype=np.str_)
                arrays.update({f"region_{k}": v for k, v in value.items()})
            elif f.name == "hair":
                arrays.update(hair_arrays(value))
            elif f.name == "combinations":
                arrays.update(combination_arrays(value))
            elif f.name == "photo_camera":
                arrays[f.name] = np.array([value.focal, value.cx, value.cy, value.width, value.height])
            elif f.name == "key_names":
                arrays[f.name] = np.array(value, dtype=np.str_)
            elif value is not None:
                arrays[f.name] = np.asarray(value)
        packed = io.BytesIO()  # packed in memory: on a full disk an unfinished zip would complain once more when freed
        np.savez(packed, **arrays)
        path.write_bytes(packed.getbuffer())

    @staticmethod
    def load(path: Path) -> Head:
        """Read `head.npz` (never a pickle), and check that its arrays fit together.

        Raises:
            HeadFormatError: no such file, not a head.npz, too large, damaged, inconsistent (faces that name vertices
                that do not exist, values that are not numbers), or written by a newer version.
        """
        try:
            arrays = read_arrays(path)
        except FileNotFoundError as error:
            raise HeadFormatError(
                f"There is no head file {called(path)}; check its name, or reconstruct the photo again."
            ) from error
        except (OSError, ArrayFileError) as error:
            if os.path.isdir(path):  # noqa: PTH112  (Path.is_dir fails on a name too long)
                raise HeadFormatError(f"{called(path)} is a folder; name the head.npz in it.") from error
            reason = (isinstance(error, OSError) and error.strerror) or error
            told = f"{called(path)} is no readable head.npz ({reason}); reconstruct it again."
            raise HeadFormatError(told) from error
        return _from_arrays(arrays, path.name)


def _from_arrays(arrays: dict[str, np.ndarray], file_name: str) -> Head:
    if "format_version" not in arrays:
        raise HeadFormatError(
            f"{file_name} is no head.npz of this program; choose the one that a reconstruction wrote."
        )
    try:
        version = int(arrays["format_version"])
    except (ValueError, TypeError, OverflowError) as error:
        raise HeadFormatError(
            f"{file_name} has no readable format version ({error}); reconstruct the photo again."
        ) from error
    if not 1 <= version <= FORMAT_VERSION:
        raise HeadFormatError(
            f"{file_name} has format version {version}, this add-on reads 1 to {FORMAT_VERSION}; update the add-on."
        )
    try:
        values = _fields_of(arrays)
        wrong = fault(values)
        if wrong is None and values["hair"] is not None:
            wrong = hair_fault(values["hair"], values["faces"], values["vertices"])
        if wrong is None and values["combinations"] is not None:
            wrong = combination_fault(values["combinations"], values["key_names"], len(values["vertices"]))
    except (KeyError, ValueError, TypeError, OverflowError) as error:
        raise HeadFormatError(
            f"{file_name} lacks or garbles the field {error}; reconstruct the photo again."
        ) from error
    if wrong is not None:
        raise HeadFormatError(f"{file_name} is damaged: {wrong}; reconstruct the photo again.")
    return Head(**values)


def _fields_of(arrays: dict[str, np.ndarray]) -> dict[str, Any]:
    """The fields of a `Head`, in their declared types but unchecked.

    Raises:
        KeyError: a field is missing.
        ValueError, TypeError, OverflowError: a field is of another kind.
    """
    focal, cx, cy, width, height = (float(n) for n in arrays["photo_camera"])
    values: dict[str, Any] = {}
    for f in fields(Head):
        if f.name == "regions":
            values[f.name] = {str(n): arrays[f"region_{n}"].astype(bool) for n in arrays["region_names"]}
        elif f.name == "hair":
            values[f.name] = hair_of_arrays(arrays)
        elif f.name == "combinations":
            values[f.name] = combination_of_arrays(arrays)
        elif f.name == "format_version":
            values[f.name] = FORMAT_VERSION  # an older file's head becomes one of this version
        elif f.name == "photo_camera":
            values[f.name] = Camera(focal, cx, cy, int(width), int(height))
        elif f.name == "key_names":
            values[f.name] = tuple(str(n) for n in arrays[f.name])
        elif f.name in OPTIONAL and f.name not in arrays:
            values[f.name] = None
        elif arrays[f.name].ndim == 0:
            values[f.name] = arrays[f.name].item()
        else:
            values[f.name] = as_declared(f.name, arrays[f.name])
    return values
