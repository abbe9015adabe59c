"""Expressions of ICT-FaceKit and GNM Head, carried to the Open head's vertices; read at calibration, never shipped.

Sources: ICT-FaceKit "Light" (Li et al., Learning Formation of Physically-Based Face Attributes, CVPR 2020; MIT), whose
expression meshes bear ARKit's names; GNM Head v3.0 (Google, Apache-2.0), whose 383 components come from scans and whose
20 labelled expressions are the third opinion on keys calibrated on the former.

Convention: metres, offsets in the frame of the Open head's template. Worked number: ICT-FaceKit's ``jawOpen`` turns
the lower teeth by 25.3 degrees.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final

import numpy as np

from ...geometry.alignment import Similarity, align_points
from ...shapes import Float64
from . import calibration
from .scans import ScanSet, existing, read_ict

_CENTIMETRE: Final = 0.01
"""Metres per ICT-FaceKit unit."""

ICT_LOWER_TEETH: Final = (17039, 21451)
"""ICT-FaceKit's vertices of gums and teeth (its README); those of the lower jaw are told by ``jawOpen``."""
_MOVED: Final = 0.003
"""Metres by which the lower teeth, and no upper ones, move under ``jawOpen``."""

GNM_LANDMARKS: Final = (
    12296, 12319, 12298, 10105, 3977, 12258, 12333, 6817, 689, 7655, 1453, 4899, 1298, 1276, 611, 1158, 1216, 1160,
    1179, 11027, 7426, 7288, 7307, 7286, 7344, 7404, 6739, 9064, 2936, 9082, 2954, 10482, 4354, 11152, 5024, 10781,
    4653, 12285, 8121, 1993,
)  # fmt: skip
"""GNM's vertices for `scans.LANDMARKS`: of its own 68 landmarks where it has the point, else the nearest to the Open
head's point after the two sets of 68 landmarks are laid on each other."""


@dataclass(frozen=True, eq=False)
class CarriedExpressions:
    """Expressions of a set of scans on the Open head; N expressions.

    Attributes:
        names: as the set spells them.
        offsets: (N, V, 3) float64 metres at weight 1, zero off the skin.
        jaw: name -> (4, 4) rigid motion of the lower teeth in the template's frame, where the set tells it.
    """

    names: tuple[str, ...]
    offsets: Float64[np.ndarray, "N V 3"]
    jaw: dict[str, Float64[np.ndarray, "4 4"]]


def carry_ict(folder: Path, template: Float64[np.ndarray, "V 3"]) -> CarriedExpressions:
    """ICT-FaceKit's 57 expression meshes, spelt as there (``mouthSmile_L``).

    Raises:
        ModelError: ``heads/ict_facekit_packed.npz`` is missing.
    """
    with np.load(existing(folder / "heads" / "ict_facekit_packed.npz"), allow_pickle=False) as data:
        offsets = data["expression"].astype(np.float64) * _CENTIMETRE
        names = tuple(str(n) for n in data["expression_names"])
        rest = data["neutral"].astype(np.float64) * _CENTIMETRE
    carried, frame = _carry(replace(read_ict(folder), offsets=offsets), template)
    teeth = np.arange(*ICT_LOWER_TEETH)
    teeth = teeth[np.linalg.norm(offsets[names.index("jawOpen")][teeth], axis=1) > _MOVED]
    jaw = {}
    for name in ("jawOpen", "jawForward", "jawLeft", "jawRight"):
        start = frame.apply(rest[teeth])
        end = frame.apply(rest[teeth] + offsets[names.index(name)][teeth])
        motion = align_points(start, end, with_scale=False)
        jaw[name] = np.eye(4)
        jaw[name][:3, :3], jaw[name][:3, 3] = motion.rotation, motion.translation
    return CarriedExpressions(names, carried, jaw)


def carry_gnm(folder: Path, template: Float64[np.ndarray, "V 3"]) -> CarriedExpressions:
    """GNM's 20 labelled expressions (``funneler``), at its sampler's mean.

    Raises:
        ModelError: ``gnm/gnm_partial.npz`` is missing.
    """
    with np.load(existing(folder / "gnm" / "gnm_partial.npz"), allow_pickle=False) as data:
        groups = dict(zip((str(n) for n in data["vertex_group_names"]), data["vertex_groups"] > 0.5, strict=True))
        mean = data["template_vertex_positions"].astype(np.float64)
        basis = data["x_expression_basis_int8"] * data["x_expression_basis_scale"][:, None, :]
        offsets = np.tensordot(data["x_semantic_coefficients"], basis, axes=1).astype(np.float64)
        names = tuple(str(n) for n in data["x_semantic_labels"])
        triangles = data["triangles"].astype(np.int64)
    inner = groups["teeth"] | groups["tongue"] | groups["gums"]
    triangles = triangles[~inner[triangles].any(axis=1)]
    scans = _MarkedScans("GNM Head", mean, triangles, groups["skin"], offsets, 0)
    return CarriedExpressions(names, _carry(scans, template)[0], {})


class _MarkedScans(ScanSet):
    """Scans in GNM's topology, whose landmarks `scans.LANDMARKS` does not name."""

    @property
    def landmarks(self) -> Float64[np.ndarray, "L 3"]:
        return self.mean[list(GNM_LANDMARKS)]


def _carry(scans: ScanSet, template: np.ndarray) -> tuple[np.ndarray, Similarity]:
    """Offsets on the Open head's vertices, and what carries the set's frame to the template's."""
    registered = calibration.register_set(scans)
    frame = align_points(registered.mean, template, with_scale=True, weights=calibration.face_and_scalp())
    return frame.scale * registered.offsets @ frame.rotation.T, frame
