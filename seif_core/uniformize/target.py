"""The surface that the template is drawn onto, and what is prepared of it.

What the surface shows at the template's scale counts: normals are averaged over some millimetres, so that strands of
hair and the steps of marching cubes do not decide which way a place faces.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final, NamedTuple

import numpy as np
from scipy import sparse
from scipy.spatial import KDTree

from ..errors import RegistrationError
from ..geometry.connectivity import adjacency
from ..geometry.edges import unique_edges
from ..geometry.normals import unit, vertex_normals
from ..geometry.surface_samples import spread_samples
from ..geometry.visibility import seen_share_of_points
from ..headmodel import HeadModel
from ..headmodel.semantics import canonical_codes
from ..shapes import Float, Int
from .skin_mesh import SkinMesh

_CALM: Final = 0.012
"""Head heights over which normals are averaged."""
_MOST_ROUNDS: Final = 24
"""Rounds of averaging at most, on surfaces far finer than the template."""
_SPARSE: Final = 7
"""One side of a triangle in so many is measured."""
_HIDDEN: Final = 0.08
"""Seen from less of its half space, a place lies behind the surface's outside."""
_WHOLE: Final = (0.8, 0.95)
"""Mean cosine between the surface's normals and the calm ones: rags up to the first, sound from the second."""
_WHOLE_ROUNDS: Final = 8
"""Rounds of averaging over which a surface is sound or torn."""
_BELOW_CHIN: Final = 0.03
"""Head heights below the chin from which the surface may end."""
_LOOKS_DOWN: Final = 0.75
"""Cosine to the way down the neck from which a surface there is its end."""
_CUT_FADE: Final = 0.06
"""Head heights from the end of the neck within which the surface is believed less."""
_CODE_SPACING: Final = 0.004
"""Metres between places of the fit whose codes are handed to the surface."""
_NEAR_ENOUGH: Final = 0.2
"""Share by which a sample may lie farther than the nearest and be taken for it. Chosen, not measured."""


@dataclass(frozen=True, eq=False)
class TargetSurface:
    """What the template is drawn onto: a closed triangle mesh in the space of the fitted head.

    Attributes:
        vertices: (N, 3) metres.
        triangles: (M, 3) counter-clockwise from outside.
        codes: (N, 3) predicted semantic codes in 0..1, or None.
    """

    vertices: Float[np.ndarray, "N 3"]
    triangles: Int[np.ndarray, "M 3"]
    codes: Float[np.ndarray, "N 3"] | None = None

    def __post_init__(self) -> None:
        """Refuse what is no surface.

        Raises:
            RegistrationError: no triangles, numbers that are not finite, or codes of another count.
        """
        if len(self.triangles) == 0 or not np.isfinite(self.vertices).all():
            raise RegistrationError(
                f"The surface has {len(self.triangles)} triangles or vertices that are no numbers; extract it again."
            )
        if self.codes is not None and (len(self.codes) != len(self.vertices) or not np.isfinite(self.codes).all()):
            raise RegistrationError(
                f"The surface has {len(self.vertices)} vertices and {len(self.codes)} codes, or codes that are no "
                "numbers; each vertex needs one."
            )


class TargetPoints(NamedTuple):
    """The points of a surface that may be matched.

    Attributes:
        points: (N, 3) metres.
        normals: (N, 3) unit, calm.
        codes: (N, 3) canonical codes.
        trust: (N,) in 0..1, less near the flat end of the neck, where the photo ends and no body does, and where the
            surface is torn.
        spacing: metres between neighbours.
    """

    points: Float[np.ndarray, "N 3"]
    normals: Float[np.ndarray, "N 3"]
    codes: Float[np.ndarray, "N 3"]
    trust: Float[np.ndarray, " N"]
    spacing: float


def prepare_surface(
    surface: TargetSurface, model: HeadModel, fitted: Float[np.ndarray, "V 3"], height: float, *, outside: bool
) -> TargetPoints:
    """The points of a surface.

    Args:
        surface: the surface.
        model: the head model.
        fitted: (V, 3) the fitted head, metres, whose codes stand in where the surface has none.
        height: the head's height, metres.
        outside: leave out what lies behind other parts of the surface, such as a neck under long hair.
    """
    vertices, triangles = np.asarray(surface.vertices, np.float64), surface.triangles
    used = np.zeros(len(vertices), bool)
    used[triangles] = True
    sides = triangles[:, [[0, 1], [1, 2], [2, 0]]].reshape(-1, 2)[::_SPARSE]
    spacing = float(np.linalg.norm(vertices[sides[:, 0]] - vertices[sides[:, 1]], axis=1).mean())
    normals = raw = vertex_normals(vertices, triangles)
    graph = adjacency(unique_edges(triangles), len(vertices)) + sparse.identity(len(vertices))
    for _ in range(int(np.clip(round(2 * (_CALM * height / spacing) ** 2), 1, _MOST_ROUNDS))):
        normals = unit(np.asarray(graph @ normals))
    whole = _whole_share(raw, normals, graph)
    if outside:
        share = seen_share_of_points(vertices, normals, spacing)
        used &= np.asarray(graph @ share) >= _HIDDEN * np.asarray(graph.sum(1)).ravel()
    rows = np.flatnonzero(used)
    codes = _fit_codes(model, fitted, vertices[rows])
    if surface.codes is not None:
        codes = filled_codes(surface.codes[rows], codes)
    trust = _away_from_the_cut(model, fitted, vertices[rows], normals[rows], height)
    return TargetPoints(vertices[rows], normals[rows], codes, trust * whole[rows], spacing)


def _whole_share(raw: np.ndarray, calm: np.ndarray, graph: sparse.csr_matrix) -> np.ndarray:
    """(N,) 1 on a sound surface, 0 where it is torn to rags, whose normals go all ways about the calm ones."""
    mean = sparse.diags(1 / np.asarray(graph.sum(1)).ravel()) @ graph
    cosine = (raw * calm).sum(1)
    for _ in range(_WHOLE_ROUNDS):
        cosine = mean @ cosine
    low, high = _WHOLE
    return np.clip((cosine - low) / (high - low), 0, 1)


def _away_from_the_cut(
    model: HeadModel, fitted: np.ndarray, points: np.ndarray, normals: np.ndarray, height: float
) -> np.ndarray:
    """0 at what looks down from below the chin, rising to 1 at some distance from it."""
    trust = np.ones(len(points))
    none = np.zeros(len(fitted), bool)
    neck, scalp, face = (model.regions.get(name, none) for name in ("neck", "scalp", "face"))
    if not (neck.any() and scalp.any() and face.any()):
        return trust
    down = unit((fitted[neck].mean(axis=0) - fitted[scalp].mean(axis=0))[None])[0]
    depth = points @ down - (fitted[face] @ down).max()
    cut = (depth > _BELOW_CHIN * height) & (normals @ down > _LOOKS_DOWN)
    low = np.flatnonzero(depth > (_BELOW_CHIN - _CUT_FADE) * height)
    if cut.any():
        trust[low] = np.clip(KDTree(points[cut]).query(points[low])[0] / (_CUT_FADE * height), 0, 1)
    return trust


def _fit_codes(model: HeadModel, fitted: np.ndarray, points: np.ndarray) -> np.ndarray:
    skin = SkinMesh.of(model)
    blend = spread_samples(fitted[skin.ids], skin.triangles, _CODE_SPACING).blend
    near = KDTree(blend @ fitted[skin.ids]).query(points, eps=_NEAR_ENOUGH)[1]
    return np.asarray(blend @ canonical_codes(model)[skin.ids].astype(np.float64))[near]


def filled_codes(codes: Float[np.ndarray, "N 3"], of_fit: Float[np.ndarray, "N 3"]) -> Float[np.ndarray, "N 3"]:
    """The surface's codes, with the fit's where they have faded."""
    lengths = np.linalg.norm(codes, axis=1) / np.maximum(np.linalg.norm(of_fit, axis=1), 1e-9)
    return codes + (1 - np.clip(lengths, 0, 1))[:, None] * of_fit
