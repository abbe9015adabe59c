"""MakeHuman's identity sliders as linear directions on the head, in the head's own frame and in metres.

Each direction is the head's offset at a slider's full throw, less the rigid motion it carries (age and height move
the whole head), so that coefficients speak of shape alone.

Convention: metres, Y up, the face towards +Z, +X the subject's left; `eyes_centre` of the macro mean lies at
`EYES_ANCHOR`. Worked number: `macro_mean()`'s nose tip lies near (0, -0.015, 0.067).
"""

from __future__ import annotations

from functools import lru_cache
from typing import Final

import numpy as np

from ...shapes import Float, Float64
from . import makehuman
from .selection import HeadSelection, head_selection

EYES_ANCHOR: Final = (0.0, 0.0229, 0.025)
"""Where `eyes_centre` of the macro mean lies, metres: near the eyes of the FLAME 2023 Open template."""

DECIMETRE: Final = 0.1
"""Metres per MakeHuman unit."""

SLIDER_FOLDERS: Final = (
    "asym",
    "cheek",
    "chin",
    "ears",
    "eyebrows",
    "eyes",
    "forehead",
    "head",
    "mouth",
    "neck",
    "nose",
)
"""Folders of modelling targets that shape head and neck."""

_RACES: Final = ("african", "asian", "caucasian")
_SEXES: Final = ("female", "male")
_AGES: Final = ("baby", "child", "young", "old")
_FULL: Final = ("averagemuscle-averageweight", "maxmuscle-averageweight", "minmuscle-averageweight")
_WEIGHT: Final = ("averagemuscle-maxweight", "averagemuscle-minweight")


@lru_cache(maxsize=1)
def macro_body() -> Float64[np.ndarray, "B 3"]:
    """(19158, 3) body of a young adult averaged over MakeHuman's sexes and races, decimetres."""
    body = makehuman.read_base().vertices.copy()
    for sex in _SEXES:
        for race in _RACES:
            body += makehuman.read_target(f"macrodetails/{race}-{sex}-young") / 6
        body += makehuman.read_target(f"macrodetails/universal-{sex}-young-averagemuscle-averageweight") / 2
    return body


def to_head_frame(body_points: Float[np.ndarray, "*N 3"]) -> np.ndarray:
    """Points beside `macro_body` in decimetres, carried into the head's frame in metres."""
    return body_points * DECIMETRE - _frame_origin()


@lru_cache(maxsize=1)
def _frame_origin() -> np.ndarray:
    return eyes_centre(head_selection().from_body(macro_body()) * DECIMETRE) - EYES_ANCHOR


@lru_cache(maxsize=1)
def macro_mean() -> Float64[np.ndarray, "V 3"]:
    """(V, 3) head of `macro_body`, metres: where the sliders start."""
    return to_head_frame(head_selection().from_body(macro_body()))


@lru_cache(maxsize=1)
def slider_directions() -> tuple[tuple[str, ...], Float64[np.ndarray, "D V 3"]]:
    """Names and (D, V, 3) offsets in metres of all identity directions, free of rigid motion; idle ones left out.

    Macro directions (race, sex, age, weight, muscle) are named ``macro/...`` and lead from the macro mean towards
    MakeHuman's extremes; the others are single targets.
    """
    selection = head_selection()
    weights = _rigid_weights(selection)
    names, rows = [], []
    for name, body in _body_directions():
        offset = remove_rigid(macro_mean(), selection.from_body(body) * DECIMETRE, weights)
        if np.abs(offset).max() > 1e-4:
            names.append(name)
            rows.append(offset)
    return tuple(names), np.stack(rows)


def eyes_centre(head: Float64[np.ndarray, "V 3"]) -> Float64[np.ndarray, "3"]:
    """(3,) middle between the centroids of the two eyeballs' vertices of head points (V, 3)."""
    part = head_selection().vertex_part
    return (head[part == 1].mean(axis=0) + head[part == 2].mean(axis=0)) / 2


def remove_rigid(
    points: Float64[np.ndarray, "V 3"], offset: Float64[np.ndarray, "V 3"], weights: Float64[np.ndarray, " V"]
) -> Float64[np.ndarray, "V 3"]:
    """Offsets (V, 3) less the translation and the small rotation that explain them best under `weights` (V,)."""
    basis = _rigid_basis(points)
    root = np.sqrt(np.repeat(weights, 3))[:, None]
    motion = np.linalg.lstsq(basis * root, offset.reshape(-1, 1) * root, rcond=None)[0]
    return offset - (basis @ motion).reshape(-1, 3)


def _rigid_basis(points: np.ndarray) -> np.ndarray:
    """(3V, 6) offsets of unit translations along, and small rotations about, X, Y and Z."""
    centred = points - points.mean(axis=0)
    columns = [np.tile(axis, (len(points), 1)) for axis in np.eye(3)]
    columns += [np.cross(axis, centred) for axis in np.eye(3)]
    return np.stack([column.reshape(-1) for column in columns], axis=1)


def _rigid_weights(selection: HeadSelection) -> np.ndarray:
    """1 on skin above the chin, 0 elsewhere: the part that defines where a head is."""
    mean = macro_mean()
    return ((selection.vertex_part == 0) & (mean[:, 1] > -0.1)).astype(np.float64)


def _body_directions() -> list[tuple[str, np.ndarray]]:
    read = makehuman.read_target
    zero = np.zeros((makehuman.VERTEX_COUNT, 3))
    race_mean = {
        (sex, age): sum((read(f"macrodetails/{race}-{sex}-{age}") for race in _RACES), zero) / len(_RACES)
        for sex in _SEXES
        for age in _AGES
    }
    young = sum((race_mean[sex, "young"] for sex in _SEXES), zero) / 2
    universal = {
        (sex, age, build): read(f"macrodetails/universal-{sex}-{age}-{build}")
        for sex in _SEXES
        for age in _AGES
        for build in _FULL + _WEIGHT
    }
    average = sum((universal[sex, "young", _FULL[0]] for sex in _SEXES), zero) / 2
    directions: list[tuple[str, np.ndarray]] = []
    for sex in _SEXES:
        directions += [
            (f"macro/{race}-{sex}", read(f"macrodetails/{race}-{sex}-young") - race_mean[sex, "young"])
            for race in _RACES
        ]
        directions += [
            (f"macro/{sex}-{age}", race_mean[sex, age] - young + universal[sex, age, _FULL[0]] - average)
            for age in _AGES
        ]
        directions += [
            (f"macro/{sex}-{age}-{build}", universal[sex, age, build] - universal[sex, age, _FULL[0]])
            for age in ("child", "young", "old")
            for build in _FULL[1:] + _WEIGHT
        ]
    directions += [(name, read(name)) for folder in SLIDER_FOLDERS for name in makehuman.list_targets(folder)]
    return directions
