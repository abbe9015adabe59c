"""A head that was made with a FLAME model, as FLAME's parameters in a file.

What identity and expression components cannot say, the surface's shape and an expression that was searched in named
keys, goes into VHAP's two offsets, so that any implementation of FLAME that adds them has the very same head.

Convention: see `parameters`. The file's arrays have VHAP's names and shapes (ShenhanQian/VHAP, vhap/model/tracker.py
and export_as_nerf_dataset.py: `focal_length` is a multiple of the picture's longer side). The camera stands at the
origin, looks along -Z, Y up. Worked number: a focal length of 1000 pixels in a picture of 512 x 640 is 1.5625.
"""

from __future__ import annotations

import io
import json
from pathlib import Path
from typing import Any, Final

import numpy as np

from ..errors import ModelError, SettingsError
from ..head import Head
from ..headmodel.flame import FACES, SHAPE_COMPONENTS, VERTICES
from ..headmodel.model import HeadModel
from ..headmodel.skinning import unpose_vertices
from ..shapes import Float, Float32
from ..whole_file import write_whole
from .parameters import FlameParameters

FORMATS: Final = (".npz", ".json")
"""Suffixes of the files that can be written."""
EXPRESSION_COMPONENTS: Final = 100
"""FLAME's own count of expression components; files hold at least so many, the missing ones 0."""
_SAME: Final = 1e-6
"""Metres between two copies of a component that are the same up to rounding."""
_FORMAT: Final = "seif flame parameters 1"


def export_parameters(head: Head, model: HeadModel) -> FlameParameters:
    """The parameters with which `model` becomes the head, neutral as well as in the photo's expression and pose.

    Args:
        head: made with a FLAME model, not subdivided.
        model: that model; UVs, keys and regions of it are not used.

    Returns:
        One frame. With `joints` of the head, ``LBS`` of it is the photo's head to float32's rounding.

    Raises:
        ModelError: the head was made with another head model, or was subdivided.
    """
    _check(head, model)
    basis = model.shape_basis.astype(np.float64)
    identity = model.template.astype(np.float64) + np.tensordot(head.photo_shape.astype(np.float64), basis, 1)
    components = head.expression_deltas.astype(np.float64)
    coded = np.tensordot(head.photo_expression.astype(np.float64), components, 1)
    beyond = expressed_vertices(head) - head.vertices - coded
    return FlameParameters(
        shape=_padded(head.photo_shape, SHAPE_COMPONENTS),
        expression=_padded(head.photo_expression, EXPRESSION_COMPONENTS)[None],
        pose=head.photo_pose[None],
        translation=head.photo_translation[None],
        static_offset=(head.vertices - identity).astype(np.float32),
        dynamic_offset=beyond.astype(np.float32)[None],
    )


def expressed_vertices(head: Head) -> Float[np.ndarray, "V 3"]:
    """The head with its photo's expression in the rest pose, (V, 3) float64 metres: jaw and eyes turned back."""
    still = head.photo_pose.astype(np.float64)
    still[:2] = 0  # root and neck are not in `photo_delta`
    posed = head.vertices.astype(np.float64) + head.photo_delta
    return unpose_vertices(posed, head.joints.astype(np.float64), head.skin_weights, still, head.pose_deltas)


def write_parameters(parameters: FlameParameters, head: Head, path: Path) -> None:
    """Write a head's parameters and camera, whole or not at all; see docs/flame.md for the fields.

    Args:
        parameters: of `export_parameters`.
        head: whose camera, joints, name and licence are told.
        path: ends in .npz or .json.

    Raises:
        SettingsError: another suffix.
        OutputError: the file cannot be written.
    """
    if path.suffix.lower() not in FORMATS:
        raise SettingsError(f"{path.name} ends in none of {', '.join(FORMATS)}; name the file so.")
    told = _fields(parameters, head)
    if path.suffix.lower() == ".npz":
        packed = io.BytesIO()
        np.savez(packed, **told)
        content = packed.getvalue()
    else:
        lists = {name: value.tolist() if isinstance(value, np.ndarray) else value for name, value in told.items()}
        content = json.dumps(lists).encode()
    write_whole(path, content)


def _fields(parameters: FlameParameters, head: Head) -> dict[str, Any]:
    pose, camera = parameters.pose, head.photo_camera
    fields: dict[str, Any] = {
        "format": _FORMAT,
        "shape": parameters.shape,
        "expr": parameters.expression,
        "rotation": pose[:, 0],
        "neck_pose": pose[:, 1],
        "jaw_pose": pose[:, 2],
        "eyes_pose": pose[:, 3:].reshape(len(pose), 6),
        "translation": parameters.translation,
        "static_offset": None if parameters.static_offset is None else parameters.static_offset[None],
        "dynamic_offset": parameters.dynamic_offset,
        "focal_length": np.array([camera.focal / max(camera.width, camera.height)], np.float32),
        "joints": head.joints,
        "camera_focal": np.array(camera.focal),
        "camera_centre": np.array([camera.cx, camera.cy]),
        "image_size": np.array([camera.width, camera.height]),
        "head_name": head.name,
        "model_title": head.model_title,
        "model_licence": head.model_licence,
        "attribution": head.attribution,
    }
    return {name: value for name, value in fields.items() if value is not None}


def _check(head: Head, model: HeadModel) -> None:
    if not head.model_name.startswith("flame"):
        raise ModelError(
            f"The head '{head.name}' was made with {head.model_title}, which has no FLAME parameters; reconstruct the "
            "photo with --head-model and a FLAME model."
        )
    if len(head.vertices) != VERTICES or len(head.faces) != FACES:
        raise ModelError(
            f"The head '{head.name}' has {len(head.vertices)} vertices, FLAME {VERTICES}; reconstruct the photo with "
            "--subdivisions 0."
        )
    same = (
        model.template.shape == head.vertices.shape
        and np.array_equal(model.faces, head.faces)
        and len(model.shape_basis) == len(head.photo_shape)
        and model.expression_basis.shape == head.expression_deltas.shape
        and np.abs(model.expression_basis - head.expression_deltas).max(initial=0) < _SAME
    )
    if not same:
        raise ModelError(
            f"The head '{head.name}' was made with {head.model_title}, and the model given ({model.title}) is another "
            "file; give the one that it was made with."
        )


def _padded(coefficients: Float32[np.ndarray, " N"], count: int) -> Float32[np.ndarray, " M"]:
    """With zeros behind, so that there are at least `count`: the first components are those of every FLAME file."""
    return np.pad(coefficients, (0, max(0, count - len(coefficients))))
