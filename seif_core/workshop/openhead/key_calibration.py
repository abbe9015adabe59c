"""Keys of the Open head, learned from scanned ones of the same names: coefficients in its own units and smooth modes.

MakeHuman's face units are hand-made: they lay lids 5 mm over each other, puff a cheek by half and leave the brows where
they are. Each key is therefore written as a mixture of the units and of smooth modes of the skin (`key_modes`), fitted
by ridge regression to ICT-FaceKit's expression of the same name; only the coefficients ship. Lower teeth and tongue
follow the jaw's rigid motion, lashes the lids' edges, all else that is no skin stays.

Convention: metres, the template's frame; keys of one side are fitted on the left and mirrored. Worked number: `jawOpen`
turns the lower teeth by 25.3 degrees about +X.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Final
from zipfile import BadZipFile

import numpy as np
from scipy.linalg import cho_factor, cho_solve

from ...errors import ModelError
from ...expressions.arkit import ARKIT_52, mirrored_name
from ...geometry.alignment import align_points
from ...resources import vendor_path
from ...shapes import Float64, Int
from .calibration import fit_template, outer_skin
from .key_modes import key_modes
from .lid_contact import carry_lashes
from .mouth_contact import mouth_depth
from .orbits import lining_rows
from .regions import region_masks
from .rig import jaw_share, part_mask
from .scan_expressions import CarriedExpressions
from .selection import head_selection
from .smooth_filling import fill_smoothly

STATISTICS_FILE: Final = ("open_head", "key_statistics.npz")
"""Where the coefficients ship, below `vendor`."""

SIDED: Final = tuple(n for n in ARKIT_52 if not (n.endswith("Right")))
"""Keys that are fitted: symmetric ones and those of the left; the right ones are their mirror images."""

NOT_SCANNED: Final = ("tongueOut",)
"""Keys that ICT-FaceKit lacks; they stay MakeHuman's."""

_LEAST: Final = (0.00002, 0.004)
"""Metres, and share of the key's longest offset, by which every offset is shortened, so that keys stay local and small
tails are exactly zero."""

_JAW_ENDS: Final = (0.0, 0.028)
"""Heights in metres on the template between which the jaw's keys end: the temples stay."""
_NECK_STARTS: Final = (0.006, 0.035)
"""Metres above the neck's lowest point between which keys begin: the rim stays."""
_RIM_RINGS: Final = 4
"""Rings of the mouth's inside over which the lips' motion gives way to the jaw's."""
_DEPTH_TRUST: Final = 0.3
"""Trust in the jaw's motion deep in the mouth, against 10 on the lips."""


@dataclass(frozen=True)
class KeyFitSettings:
    """How keys are fitted.

    Attributes:
        unit_ridge: penalty on the square of a face unit's weight, in square millimetres summed over vertices.
        mode_ridge: penalty on the square of a mode's offset, in vertices: how many vertices' misfit it is worth.
        hidden: weight of skin that is no face, against 1 of the face.
    """

    unit_ridge: float = 60.0
    mode_ridge: float = 0.05
    hidden: float = 0.3


@dataclass(frozen=True, eq=False)
class KeyStatistics:
    """What ships; N keys of `SIDED`, M modes.

    Attributes:
        names: N names.
        unit_weights: (N, 52) weights of the face units.
        mode_steps: (N, M, 3) int16, offsets of the modes in steps.
        step: (N,) metres a step.
        jaw_names: J names of keys that move the jaw.
        jaw_motions: (J, 4, 4) rigid motions of the lower teeth, metres, the template's frame.
        source: a sentence on what was learned from.
    """

    names: tuple[str, ...]
    unit_weights: Float64[np.ndarray, "N 52"]
    mode_steps: Int[np.ndarray, "N M 3"]
    step: Float64[np.ndarray, " N"]
    jaw_names: tuple[str, ...]
    jaw_motions: Float64[np.ndarray, "J 4 4"]
    source: str = ""


def fit_keys(
    units: Float64[np.ndarray, "K V 3"], scans: CarriedExpressions, settings: KeyFitSettings | None = None
) -> KeyStatistics:
    """Coefficients of all keys that `scans` know, by ridge regression over the outer skin.

    Args:
        units: (52, V, 3) face units on the template, metres.
        scans: expressions with ICT-FaceKit's names.
        settings: see `KeyFitSettings`.
    """
    chosen = settings or KeyFitSettings()
    rows = np.flatnonzero(outer_skin())
    weight = np.sqrt(np.where(region_masks()["face"][rows], 1.0, chosen.hidden))
    modes = key_modes()[:, rows].T * weight[:, None]
    own = (units[:, rows] * weight[:, None]).reshape(len(units), -1).T  # 3R 52
    # the modes' part is the same for x, y and z: eliminated first, so that only 52 unknowns are left
    factor = cho_factor(modes.T @ modes + chosen.mode_ridge * np.eye(modes.shape[1]))

    def unexplained(values: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Coefficients (M, 3C) of the modes for values (3R, C), and what they leave."""
        flat = values.reshape(len(rows), -1)
        found = cho_solve(factor, modes.T @ flat)
        return found, (flat - modes @ found).reshape(values.shape)

    _, left = unexplained(own)
    system = own.T @ left + 1e-6 * chosen.unit_ridge * np.eye(len(units))
    names, weights, steps, sizes = [], [], [], []
    for name in SIDED:
        if name in NOT_SCANNED:
            continue
        aim = (_target(name, scans)[rows] * weight[:, None]).reshape(-1, 1)
        mixed = np.linalg.solve(system, left.T @ aim)[:, 0]
        found, _ = unexplained(aim - own @ mixed[:, None])
        found = found.reshape(modes.shape[1], 3)
        step = max(float(np.abs(found).max()) / 32767, 1e-12)
        names.append(name)
        weights.append(mixed)
        steps.append(np.round(found / step).astype(np.int16))
        sizes.append(step)
    return KeyStatistics(
        tuple(names),
        np.stack(weights),
        np.stack(steps),
        np.array(sizes),
        tuple(scans.jaw),
        np.stack(list(scans.jaw.values())),
        "ICT-FaceKit (57 expressions)",
    )


def calibrated_keys(
    template: Float64[np.ndarray, "V 3"], units: Float64[np.ndarray, "K V 3"], learned: KeyStatistics
) -> Float64[np.ndarray, "K V 3"]:
    """Key shapes (52, V, 3), metres: the learned ones of `learned`, the others as their units.

    Args:
        template: (V, 3) the mean head.
        units: (52, V, 3) face units on it.
        learned: see `KeyStatistics`.
    """
    out = units.copy()
    skin, mirror = part_mask("skin"), head_selection().mirror
    modes = key_modes()
    for index, name in enumerate(learned.names):
        key = np.zeros_like(template)
        mixed = np.tensordot(learned.unit_weights[index], units, axes=1)
        offsets = learned.mode_steps[index].astype(np.float64) * learned.step[index]
        key[skin] = (mixed + np.einsum("mv,mc->vc", modes, offsets))[skin]
        length = np.linalg.norm(key, axis=1, keepdims=True)
        key *= _smooth_step(template[:, 1] - template[skin, 1].min(), *_NECK_STARTS)[:, None]
        if name.startswith("jaw"):
            key *= 1 - _smooth_step(template[:, 1], *_JAW_ENDS)[:, None]
        key *= np.maximum(length - _LEAST[0] - _LEAST[1] * length.max(), 0) / np.maximum(length, 1e-12)
        twin = mirrored_name(name)
        if twin == name:
            key = (key + key[mirror] * [-1, 1, 1]) / 2
        _set_skin(out, ARKIT_52.index(name), key)
        _set_skin(out, ARKIT_52.index(twin), key[mirror] * [-1, 1, 1])
    _move_jaw(out, template, learned)
    _carry_mouth(out, units, template)
    change = out - units
    change[:, ~skin] = 0
    for side in ("left", "right"):
        carry_lashes(template, change, lining_rows(side)[0])
    lashes = part_mask("lashes")
    out[:, lashes] = units[:, lashes] + change[:, lashes]
    return out


def _smooth_step(values: np.ndarray, low: float, high: float) -> np.ndarray:
    share = np.clip((values - low) / (high - low), 0, 1)
    return share**2 * (3 - 2 * share)


def _set_skin(keys: np.ndarray, row: int, key: np.ndarray) -> None:
    skin = part_mask("skin")
    keys[row, skin] = key[skin]


def _move_jaw(keys: np.ndarray, template: np.ndarray, learned: KeyStatistics) -> None:
    """Lower teeth and tongue go with the jaw as one rigid piece; no other key moves teeth."""
    teeth, tongue = part_mask("teeth_lower"), part_mask("tongue")
    out = np.flatnonzero(np.array(ARKIT_52) != "tongueOut")
    keys[:, teeth | part_mask("teeth_upper")] = 0
    keys[np.ix_(out, np.flatnonzero(tongue))] = 0
    both = teeth | tongue
    for name, motion in zip(learned.jaw_names, learned.jaw_motions, strict=True):
        keys[ARKIT_52.index(name), both] = template[both] @ motion[:3, :3].T + motion[:3, 3] - template[both]


def _carry_mouth(keys: np.ndarray, units: np.ndarray, template: np.ndarray) -> None:
    """The mouth's inside: its rim goes with the lips, its depth with the face units and the jaw's new motion."""
    depth, share = mouth_depth(), jaw_share()[:, None]
    skin = part_mask("skin")
    deep = np.flatnonzero(depth > _RIM_RINGS)
    known = np.flatnonzero(outer_skin() | (depth == 0))
    laplacian = fit_template(template).laplacian
    values = keys - units
    for row in range(len(keys)):
        moved = rigid_motion(template, keys[row], "teeth_lower") - rigid_motion(template, units[row], "teeth_lower")
        values[row, deep] = (share * moved)[deep]
    ids = np.concatenate([known, deep])
    trust = np.concatenate([np.full(len(known), 10.0), np.full(len(deep), _DEPTH_TRUST)])
    flat = values[:, ids].transpose(1, 0, 2).reshape(len(ids), -1)
    filled = fill_smoothly(laplacian, ids, trust, flat, 0.3).reshape(len(template), len(keys), 3).transpose(1, 0, 2)
    inside = skin & (depth > 0)
    keys[:, inside] = (units + filled)[:, inside]


def rigid_motion(template: np.ndarray, offset: np.ndarray, part: str) -> Float64[np.ndarray, "V 3"]:
    """(V, 3) offsets of all vertices if they went along with a rigid part as `offset` moves it."""
    own = part_mask(part)
    return align_points(template[own], (template + offset)[own], with_scale=False).apply(template) - template


def _target(name: str, scans: CarriedExpressions) -> Float64[np.ndarray, "V 3"]:
    """(V, 3) offsets of the scans' expression of an ARKit name, made even: of the left for keys of one side."""
    offsets = dict(zip(scans.names, scans.offsets, strict=True))
    mirror = head_selection().mirror
    stem = name.removesuffix("Left")
    sided = name.endswith("Left") and f"{stem}_L" in offsets
    if sided or name in {"jawLeft", "mouthLeft"}:
        left, right = (f"{stem}_L", f"{stem}_R") if sided else (name, name.replace("Left", "Right"))
        return (offsets[left] + offsets[right][mirror] * [-1, 1, 1]) / 2
    whole = offsets[name] if name in offsets else offsets[f"{name}_L"] + offsets[f"{name}_R"]
    return (whole + whole[mirror] * [-1, 1, 1]) / 2


def scanned_key(name: str, scans: CarriedExpressions) -> Float64[np.ndarray, "V 3"] | None:
    """(V, 3) the scans' expression of any of the 52 names on the Open head; None for one they lack."""
    if name in NOT_SCANNED:
        return None
    if name.endswith("Right"):
        return _target(mirrored_name(name), scans)[head_selection().mirror] * [-1, 1, 1]
    return _target(name, scans)


def shipped_statistics() -> KeyStatistics:
    """The coefficients that ship.

    Raises:
        ModelError: they are missing, damaged or made for other vertices.
    """
    return read_statistics(vendor_path(*STATISTICS_FILE))


def read_statistics(path: Path) -> KeyStatistics:
    """Read `key_statistics.npz`; docs/format-identity-statistics.md describes it.

    Raises:
        ModelError: the file is damaged or made for other vertices or modes.
    """
    try:
        with np.load(path, allow_pickle=False) as data:
            learned = KeyStatistics(
                tuple(str(n) for n in data["names"]),
                data["unit_weights"].astype(np.float64),
                data["mode_steps"],
                data["step"].astype(np.float64),
                tuple(str(n) for n in data["jaw_names"]),
                data["jaw_motions"].astype(np.float64),
                str(data["source"]),
            )
    except (OSError, ValueError, KeyError, BadZipFile) as error:
        raise ModelError(f"The key statistics {path.name} cannot be read ({error}); install again.") from error
    if learned.mode_steps.shape[1:] != (len(key_modes()), 3) or not set(learned.names) <= set(SIDED):
        raise ModelError(f"{path.name} was made for other modes than the head has now; calibrate again.")
    return learned


def statistics_arrays(learned: KeyStatistics) -> dict[str, np.ndarray]:
    """What is written of `learned`, by the names of the file."""
    return {
        "names": np.array(learned.names),
        "unit_weights": learned.unit_weights.astype(np.float32),
        "mode_steps": learned.mode_steps,
        "step": learned.step,
        "jaw_names": np.array(learned.jaw_names),
        "jaw_motions": learned.jaw_motions,
        "source": np.array(learned.source),
    }
