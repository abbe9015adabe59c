"""How skin's colour varies over a head and between people, learned from painted skins.

    python -m seif_core.workshop.skin_statistics FOLDER vendor/open_head/skin_statistics.npz

FOLDER holds ``base_mesh.npz`` (texture coordinates of MakeHuman's base mesh, CC0, and the Open head's vertices among
its own) and ``skins/*.png`` in those coordinates: the CC0 skins of MakeHuman and of its community's packs. Skins are
calmed to what the Open head's vertices can carry, made alike on both sides, and where they are painted with hair the
skin around is drawn over the scalp; then each is left with how it departs from its own face's median, and of these the
mean and the principal components are kept (Jolliffe, Principal Component Analysis, 2002).

Convention: natural logarithms of linear colours, as `appearance.skin_model` reads them. Worked number: a lip that is
half as bright as the face's median departs from it by -0.693.
"""

from __future__ import annotations

import logging
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Final

import cv2
import numpy as np

from ..geometry.colour import decode
from ..geometry.screened_poisson import ScreenedPoisson
from ..headmodel import HeadModel, load_head_model
from ..headmodel.anatomy import anatomy_of
from ..shapes import Float, Float32

_LOG: Final = logging.getLogger(__name__)
COMPONENTS: Final = 6
"""Components that are kept: 25 skins carry no more."""
_BLUR: Final = 5.0
"""Pixels of a skin of 2048, standard deviation: the Open head's vertices are 8 to 15 of them apart."""
_DARKEST: Final = 0.004
"""Linear colour below which no logarithm is taken."""
_UNPAINTED: Final = -0.35
"""Eye distances over the hairline from which skins may carry painted hair. Seen on the 25 skins."""
_DRAWN_OVER: Final = 0.02
"""Weight of an edge of the mesh where skin is drawn over, against 1 for a vertex that is kept."""


def skin_statistics(folder: Path, model: HeadModel) -> dict[str, np.ndarray]:
    """Arrays of the file: ``mean`` (V, 3), ``components`` (K, V, 3) float16, scaled by their standard deviations.

    Args:
        folder: see this module's docstring.
        model: the Open head.
    """
    base = np.load(folder / "base_mesh.npz")
    place = _texture_places(base, len(base["vertices"]))[base["open_head_ids"]]
    anatomy = anatomy_of(model)
    face = model.regions["face"] & anatomy.outer_skin
    smoother = ScreenedPoisson(model.faces, len(model.template))
    maps = []
    for path in sorted((folder / "skins").glob("*.png")):
        colours = _at_vertices(path, place)
        colours = (colours + colours[anatomy.mirror]) / 2
        kept = anatomy.outer_skin & (anatomy.over_hairline < _UNPAINTED)
        colours = smoother.solve(colours, kept.astype(np.float64), stiffness=_DRAWN_OVER)
        maps.append(colours - np.median(colours[face], axis=0))
        _LOG.info("%s", path.name)
    stacked = np.stack(maps).astype(np.float64) * anatomy.skin_part[:, None]
    mean = stacked.mean(axis=0)
    _, sizes, axes = np.linalg.svd((stacked - mean).reshape(len(stacked), -1), full_matrices=False)
    deviations = sizes[:COMPONENTS] / np.sqrt(len(stacked) - 1)
    components = axes[:COMPONENTS].reshape(-1, *mean.shape) * deviations[:, None, None]
    return {"mean": mean.astype(np.float16), "components": components.astype(np.float16)}


def _texture_places(base: Mapping[str, np.ndarray], count: int) -> Float32[np.ndarray, "B 2"]:
    """One texture coordinate of each vertex of the base mesh."""
    place = np.zeros((count, 2), np.float32)
    place[base["faces"].ravel()] = base["uv"][base["uv_faces"].ravel()]
    return place


def _at_vertices(path: Path, place: Float32[np.ndarray, "V 2"]) -> Float[np.ndarray, "V 3"]:
    pixels = np.asarray(cv2.cvtColor(cv2.imread(str(path)), cv2.COLOR_BGR2RGB), np.uint8)
    side = pixels.shape[0]
    linear = cv2.GaussianBlur(decode(pixels).astype(np.float32), (0, 0), _BLUR * side / 2048)
    x, y = place[:, :1] * side - 0.5, (1 - place[:, 1:]) * side - 0.5
    found = cv2.remap(linear, x.astype(np.float32), y.astype(np.float32), cv2.INTER_LINEAR)
    return np.log(np.maximum(np.asarray(found, np.float64)[:, 0], _DARKEST))


def main(arguments: list[str]) -> None:
    """Write the file: the folder of skins, the file's path."""
    folder, out = map(Path, arguments)
    model = load_head_model("open")
    out.parent.mkdir(parents=True, exist_ok=True)
    arrays = skin_statistics(folder, model)
    kept = anatomy_of(model).skin_part
    packed = {"mean": arrays["mean"][kept], "components": arrays["components"][:, kept]}
    np.savez_compressed(out, vertices=model.template[kept].astype(np.float16), **packed)


if __name__ == "__main__":
    logging.basicConfig(level=logging.INFO)
    main(sys.argv[1:])
