"""Identities of other head models on the Open head's vertices: ICT-FaceKit, FLAME 2023 Open, GNM.

Each model's mean is registered once (`openhead.calibration.register_set`), its identities follow. The Open head's own
identity space was calibrated on ICT-FaceKit's components and, little, on the five FLAME heads; of GNM it knows nothing.

Convention: metres, the Open head's frame.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Final

import numpy as np
from scipy.interpolate import RBFInterpolator
from scipy.spatial import KDTree

from seif_core.geometry.alignment import align_points
from seif_core.headmodel import HeadModel
from seif_core.workshop.openhead import scans
from seif_core.workshop.openhead.calibration import part_mask, register_set, with_parts
from seif_core.workshop.openhead.selection import head_selection

SETS: Final = {"ict": 12, "flame": 5, "gnm": 3}
"""Names, and how many heads of each."""
_SEED: Final = 5000
"""Of the first random identity of ICT-FaceKit."""


def identities(name: str, model: HeadModel, data: Path, scratch: Path, *, width: float = 1.0) -> Iterator[np.ndarray]:
    """Heads (V, 3) of a set at rest.

    Args:
        name: of `SETS`.
        model: the Open head.
        data: folder that holds ``heads``, ``flame`` and ``gnm``.
        scratch: where the registration is kept: it takes minutes.
        width: factor on how far each head is from its set's mean.
    """
    kept = scratch / f"{name}_registered.npz"
    if not kept.exists():
        read = {"ict": scans.read_ict, "flame": scans.read_flame, "gnm": lambda folder: _read_gnm(folder, model)}
        found = register_set(read[name](data))
        skin = part_mask("skin")
        space = with_parts(found.mean[skin], found.offsets[:, skin])
        np.savez(kept, template=space.template, basis=space.basis.astype(np.float32))
    with np.load(kept) as known:
        template, basis = known["template"], known["basis"].astype(np.float64)
    steady = model.regions["face"] | model.regions["ears"] | model.regions["scalp"]
    frame = align_points(template[steady], model.template[steady].astype(np.float64), with_scale=False)
    for k in range(SETS[name]):
        if name == "ict":
            weights = np.random.default_rng(_SEED + k).normal(size=len(basis))
            yield frame.apply(template + width * np.tensordot(weights, basis, 1))
        else:
            yield frame.apply(template + width * basis[k])


class _Gnm(scans.ScanSet):
    """GNM with the points that start a registration found by a smooth warp of the Open head onto its landmarks."""

    warped: np.ndarray

    @property
    def landmarks(self) -> np.ndarray:
        """(L, 3) the vertices nearest to the warped points."""
        skin = np.flatnonzero(self.skin)
        return self.mean[skin[KDTree(self.mean[skin]).query(self.warped)[1]]]


def _read_gnm(data: Path, model: HeadModel) -> scans.ScanSet:
    with np.load(data / "gnm" / "gnm_partial.npz") as known:
        mean = known["template_vertex_positions"].astype(np.float64)
        group = dict(zip(known["vertex_group_names"], known["vertex_groups"] > 0.5, strict=True))
        triangles = known["triangles"].astype(np.int64)
        rows, places = known["x_mediapipe_landmarks"], known["x_mediapipe_vertices"]
        ibug = (mean[known["x_landmarks68_indices"]] * known["x_landmarks68_weights"][..., None]).sum(1)
        offsets = known["x_identity_vertices"].astype(np.float64) - mean
    kept = group["skin"] | group["eye_exteriors"]
    template = model.template.astype(np.float64)
    in_mesh = rows < 468
    ours = np.concatenate(
        [model.embeddings["mediapipe478"].points(template)[rows[in_mesh]], model.embeddings["ibug68"].points(template)]
    )
    theirs = np.concatenate([mean[places[in_mesh]], ibug])
    frame = align_points(ours, theirs, with_scale=True)
    warp = RBFInterpolator(frame.apply(ours), theirs - frame.apply(ours), smoothing=1e-3)
    row_of = {int(vertex): row for row, vertex in enumerate(head_selection().vertex_ids)}
    starts = frame.apply(template[[row_of[int(entry[1])] for entry in scans.LANDMARKS]])
    skin = (group["skin_exterior"] | kept) & ~group["eye_exteriors"]
    found = _Gnm("GNM", mean, triangles[kept[triangles].all(1)], skin, offsets, 1)
    object.__setattr__(found, "warped", starts + warp(starts))
    return found
