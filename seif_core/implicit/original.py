"""The published networks at work: a photo and its normals become a surface with a semantic code at each vertex.

The semantic network answers a code for each point (its rows 1-3), which the SeIF network takes in beside its own image
features; its row 0 is the occupancy. Source: Liu et al., SeIF, IEEE TMM 2024, DOI 10.1109/TMM.2024.3405721. The published
demo does the same at 256 cells per axis by an octree; here `surface` asks a tenth of the points. What the demo does
afterwards, smoothing three times, is left out.

Convention: images (3, 512, 512), row 0 on top, channels in -1..1 and 0 outside the head's mask; normals x right, y up,
z to the viewer. Points in the unit cube, x right, y up, z to the viewer. Worked number: the point (0.25, 0.25, 0) lies
behind the pixel three quarters to the right and a quarter down, row 128, column 384.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import numpy as np
import torch

from ..data_folder import weights_folder
from ..errors import ModelError, SettingsError
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
_EXPECTED: Final = 1.5
"""Queries of a usual head in squared cells per axis; only the progress depends on it."""


@dataclass(frozen=True, eq=False)
class OriginalNetworks:
    """Both published networks, in evaluation mode.

    Attributes:
        semantic: answers semantic codes.
        seif: answers occupancy, given the codes.
    """

    semantic: ImplicitNetwork
    seif: ImplicitNetwork


def load_original(folder: Path | None = None) -> OriginalNetworks:
    """The networks that `seif weights import` wrote.

    Args:
        folder: where the safetensors files lie; None for the user's folder.

    Raises:
        ModelError: one of them is missing, damaged or of another architecture.
    """
    folder = weights_folder() if folder is None else folder
    files = {name: folder / f"original_{name}.safetensors" for name in ORIGINAL}
    missing = [path.name for path in files.values() if not path.is_file()]
    if missing:
        raise ModelError(
            f"The original's weights are not here ({' and '.join(missing)} in {folder}); download the checkpoints that "
            "its authors published and run: seif weights import SEMANTIC SEIF."
        )
    return OriginalNetworks(**{name: load_network(files[name], settings) for name, settings in ORIGINAL.items()})


class OriginalFunction:
    """The networks' answers at points behind one photo, whose features are computed once, here.

    Args:
        networks: both; they are moved to `device`.
        image: (6, 512, 512) float32: photo, then normals.
        device: ``cpu`` or ``cuda``.
        progress: told of the first `_ENCODED` of the stage, and asked in every chunk whether the user has cancelled.
    """

    def __init__(
        self,
        networks: OriginalNetworks,
        image: Float32[np.ndarray, "6 H W"],
        device: str,
        progress: Progress | None = None,
    ) -> None:
        self._device, self._progress = device, progress or Progress()
        self._networks = OriginalNetworks(networks.semantic.to(device), networks.seif.to(device))
        batch = torch.from_numpy(np.ascontiguousarray(image, np.float32)).to(device)[None]
        self._progress.step(0.0)
        with torch.inference_mode():
            self._semantic = self._networks.semantic.encode(batch)[-1]
            self._progress.step(_ENCODED / 2)
            self._seif = self._networks.seif.encode(batch)[-1]
        self._progress.step(_ENCODED)

    def occupancy(self, points: Float[np.ndarray, "N 3"]) -> Float32[np.ndarray, " N"]:
        """Occupancy (N,) in 0..1 at points (N, 3) of the unit cube."""
        return self._ask(points, codes=False)[:, 0]

    def codes(self, points: Float[np.ndarray, "N 3"]) -> Float32[np.ndarray, "N 3"]:
        """The semantic network's codes (N, 3) in 0..1 at points (N, 3) of the unit cube."""
        return self._ask(points, codes=True)

    def _ask(self, points: np.ndarray, *, codes: bool) -> Float32[np.ndarray, "N C"]:
        answers = [np.zeros((0, 3 if codes else 1), np.float32)]
        for start in range(0, len(points), _CHUNK):
            self._between()
            part = np.ascontiguousarray(points[start : start + _CHUNK].T, np.float32)
            with torch.inference_mode():
                answer = self._at(torch.from_numpy(part).to(self._device)[None], codes=codes)
            answers.append(answer[0].T.cpu().numpy())
        return np.concatenate(answers)

    def _at(self, points: torch.Tensor, *, codes: bool) -> Float[torch.Tensor, "1 C N"]:
        semantics = self._networks.semantic.query(self._semantic, points)[:, 1:]
        return semantics if codes else self._networks.seif.query(self._seif, points, semantics)[:, :1]

    def _between(self) -> None:
        """Called before each chunk; `_Counted` tells the progress here."""


class _Counted(OriginalFunction):
    """The same, which guesses from the queries so far how far the extraction is."""

    expected = 1
    queries = 0

    def occupancy(self, points: np.ndarray) -> np.ndarray:
        self.queries += len(points)
        return super().occupancy(points)

    def _between(self) -> None:
        self._progress.step(1 - (1 - _ENCODED) * math.exp(-2 * self.queries / self.expected))


def original_field(networks: OriginalNetworks, image: Float32[np.ndarray, "6 H W"], device: str) -> Field:
    """Occupancy behind a photo as a field; for field and codes together make one `OriginalFunction`.

    Args:
        networks: of `load_original`.
        image: (6, 512, 512) float32: photo, then normals, see the module's convention.
        device: ``cpu`` or ``cuda``.
    """
    return OriginalFunction(networks, image, device).occupancy
