"""The published networks at work: a photo and its normals become a surface with a semantic code at each vertex.

The semantic network answers a code for each point (its rows 1-3), which the SeIF network takes in beside its own image
features; its row 0 is the occupancy. Source: Liu et al., SeIF, IEEE TMM 2024, DOI 10.1109/TMM.2024.3405721. The
published demo does the same at 256 cells per axis by an octree; here `surface` asks a tenth of the points. What the
demo does afterwards, smoothing three times, is left out.

Convention: images (3, 512, 512), row 0 on top, channels in -1..1 and 0 outside the head's mask; normals x right, y up,
z to the viewer. Points in the unit cube, x right, y up, z to the viewer. Worked number: the point (0.25, 0.25, 0) lies
behind the pixel three quarters to the right and a quarter down, row 128, column 384.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import numpy as np
import torch

from ..errors import ModelError, SettingsError
from ..folders import weights_folder
from ..progress import Progress
from ..shapes import Float, Float32
from .network import ImplicitNetwork
from .surface import Field, Surface, SurfaceSettings, extract_surface
from .weights import ORIGINAL, load_network

SIDE: Final = 512
"""Pixels a side of the images that the networks were trained on."""
_CHUNK: Final = 1 << 15
"""Points that are asked at once: their widest layer takes 130 MB."""
_ENCODED: Final = 0.3
"""Part of the progress that encoding the images makes."""
_ROUNDING: Final = 1e-3
"""By how much a value of a normal map may pass 1: what 16-bit floats and resizing leave. Chosen, not measured."""


@dataclass(frozen=True, eq=False)
class OriginalNetworks:
    """Both published networks, in evaluation mode.

    Attributes:
        semantic: answers semantic codes.
        seif: answers occupancy, given the codes.
    """

    semantic: ImplicitNetwork
    seif: ImplicitNetwork


def find_original(folder: Path | None = None) -> dict[str, Path]:
    """The files that `seif weights import` wrote, by the network's name.

    Args:
        folder: where they lie; None for the user's folder.

    Raises:
        ModelError: one of them is missing.
    """
    folder = weights_folder() if folder is None else folder
    files = {name: folder / f"original_{name}.safetensors" for name in ORIGINAL}
    missing = [path.name for path in files.values() if not path.is_file()]
    if missing:
        raise ModelError(
            f"The original's weights are not here ({' and '.join(missing)} in {folder}); download the checkpoints that "
            "its authors published and run: seif weights import SEMANTIC SEIF."
        )
    return files


def load_original(folder: Path | None = None) -> OriginalNetworks:
    """The networks that `seif weights import` wrote.

    Args:
        folder: where the safetensors files lie; None for the user's folder.

    Raises:
        ModelError: one of them is missing, damaged or of another architecture.
    """
    files = find_original(folder)
    return OriginalNetworks(**{name: load_network(files[name], settings) for name, settings in ORIGINAL.items()})


class OriginalFunction:
    """The networks' answers at points behind one photo, whose features are computed once, here.

    Args:
        networks: both; they are moved to `device`.
        image: (6, 512, 512) float32, see `stack_images`.
        device: ``cpu`` or ``cuda``.
    """

    def __init__(self, networks: OriginalNetworks, image: Float32[np.ndarray, "6 H W"], device: str) -> None:
        self._device = device
        self._networks = OriginalNetworks(networks.semantic.to(device), networks.seif.to(device))
        batch = torch.from_numpy(np.ascontiguousarray(image, np.float32)).to(device)[None]
        with torch.inference_mode():
            self._semantic = self._networks.semantic.encode(batch)[-1]
            self._seif = self._networks.seif.encode(batch)[-1]

    def occupancy(self, points: Float[np.ndarray, "N 3"]) -> Float32[np.ndarray, " N"]:
        """Occupancy (N,) in 0..1 at points (N, 3) of the unit cube."""
        return self._ask(points, codes=False)[:, 0]

    def codes(self, points: Float[np.ndarray, "N 3"]) -> Float32[np.ndarray, "N 3"]:
        """The semantic network's codes (N, 3) in 0..1 at points (N, 3) of the unit cube."""
        return self._ask(points, codes=True)

    def _ask(self, points: np.ndarray, *, codes: bool) -> Float32[np.ndarray, "N C"]:
        answers = [np.zeros((0, 3 if codes else 1), np.float32)]
        for part in _chunks(points):
            columns = torch.from_numpy(np.ascontiguousarray(part.T, np.float32)).to(self._device)[None]
            with torch.inference_mode():
                answer = self._networks.semantic.query(self._semantic, columns)[:, 1:]
                if not codes:
                    answer = self._networks.seif.query(self._seif, columns, answer)[:, :1]
            answers.append(answer[0].T.cpu().numpy())
        return np.concatenate(answers)


def stack_images(
    photo_crop: Float[np.ndarray, "3 H W"], normals: Float[np.ndarray, "3 H W"]
) -> Float32[np.ndarray, "6 H W"]:
    """What the networks take in: photo, then normals, each -1..1 and 0 outside the mask.

    Raises:
        SettingsError: another size than 512 x 512, or values beyond -1..1.
    """
    if not photo_crop.shape == normals.shape == (3, SIDE, SIDE):
        raise SettingsError(
            f"The original's networks need photo and normals of shape (3, {SIDE}, {SIDE}); given were "
            f"{photo_crop.shape} and {normals.shape}. Scale the crop to {SIDE} pixels."
        )
    image = np.concatenate([photo_crop, normals]).astype(np.float32)
    if not np.abs(image).max() <= 1 + _ROUNDING:
        raise SettingsError(
            f"The original's networks need photo and normals within -1..1; the largest value was "
            f"{np.abs(image).max():.3g}. Scale the photo from 0..1 by 2 x - 1."
        )
    return image


def original_surface(
    photo_crop: Float[np.ndarray, "3 H W"],
    normals: Float[np.ndarray, "3 H W"],
    prior: Field,
    *,
    folder: Path | None = None,
    device: str = "cpu",
    resolution: int = 256,
    progress: Progress | None = None,
) -> tuple[Surface, Float32[np.ndarray, "V 3"]]:
    """The surface that the published networks see in a photo.

    Args:
        photo_crop: (3, 512, 512) the head's square of the photo, -1..1, 0 outside the mask.
        normals: (3, 512, 512) normal map of it, -1..1, 0 outside the mask.
        prior: signed distance to the posed 3DMM in cube units, negative inside.
        folder: where the weights lie; None for the user's folder.
        device: ``cpu`` or ``cuda``.
        resolution: cells per axis.
        progress: told the current stage's fraction, from `_ENCODED` on; may cancel.

    Returns:
        The surface in the unit cube, and the semantic network's code (V, 3) in 0..1 at each vertex.

    Raises:
        ModelError: the weights are not imported, or damaged.
        SettingsError: images of the wrong size or range, or no surface near the prior.
        CancelledError: the user cancelled.
    """
    image, progress = stack_images(photo_crop, normals), progress or Progress()
    function = OriginalFunction(load_original(folder), image, device)
    asked = 0

    def field(points: np.ndarray) -> np.ndarray:
        nonlocal asked
        answers = [np.zeros(0, np.float32)]
        for part in _chunks(points):
            progress.step(1 - (1 - _ENCODED) * math.exp(-2 * asked / resolution**2))
            answers.append(function.occupancy(part))
            asked += len(part)
        return np.concatenate(answers)

    surface = extract_surface(field, prior, SurfaceSettings(resolution=resolution))
    return surface, function.codes(surface.vertices)


def _chunks(points: np.ndarray) -> Iterator[np.ndarray]:
    return (points[start : start + _CHUNK] for start in range(0, len(points), _CHUNK))
