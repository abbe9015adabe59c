"""Finds the dense points of a head in a photo by a small network of our own.

The network ships (`vendor/weights`); its model card tells what it was trained on. The crop is looked at several times,
a little moved, turned and mirrored, and the answers' mean is taken: what depends on the crop alone goes away.
"""

from __future__ import annotations

import math
from dataclasses import replace
from functools import cache
from typing import TYPE_CHECKING, Final

import numpy as np

from ..errors import DependencyError
from ..resources import vendor_path
from ..shapes import Int
from .crop import Crop, Pyramid
from .dense_points import DensePoints
from .landmarks import Landmarks
from .points_inputs import frozen_features, points_crop, shown_crop

if TYPE_CHECKING:
    from .points_network import PointsNetwork

POINTS_FILE: Final = (
    "compact_points.safetensors",
    "adedcd86994137de807ed1617b893e2306b7fa9ec04b43d7adba3b2da463c6d2",
)
"""File name in ``vendor/weights`` and sha256."""
POINTS: Final = 580
"""How many points the network that ships finds: all of `headmodel.dense_set`."""
_LOOKS: Final = (
    (0.0, 0.0, 1.0, 0.0, False),
    (0.015, -0.01, 1.04, 3.0, True),
    (-0.015, 0.012, 0.97, -3.0, False),
    (0.005, 0.015, 0.99, 2.0, True),
)
"""Shift x, y (crop sides), scale, turn (degrees) and whether mirrored, of the looks that are averaged."""


def find_points(pyramid: Pyramid, landmarks: Landmarks) -> DensePoints:
    """Find the dense points of a head.

    Args:
        pyramid: the photo.
        landmarks: of the chosen face; any scheme.

    Raises:
        DependencyError: torch or LiteRT is not installed.
        ModelError: a network that ships is missing or damaged.
    """
    return points_by(_network(), pyramid, landmarks)


def dense_mirror() -> Int[np.ndarray, " N"]:
    """(N,) of each point the number of its mirror image."""
    return _network().mirror.numpy().astype(np.int64)


def points_by(network: PointsNetwork, pyramid: Pyramid, landmarks: Landmarks) -> DensePoints:
    """The same by a network of one's own."""
    import torch

    base = points_crop(landmarks)
    crops = [_moved(base, look) for look in _LOOKS]
    shown = [shown_crop(pyramid, crop) for crop in crops]
    told = [frozen_features(image) for image in shown]
    images = torch.from_numpy(np.stack(shown)).permute(0, 3, 1, 2).float() / 127.5 - 1
    stacked = {side: torch.from_numpy(np.stack([t.features[side] for t in told])) for side in told[0].features}
    meshes = torch.from_numpy(np.stack([t.mesh for t in told]))
    with torch.inference_mode():
        found = network(images, stacked, meshes)
    places, log_sigma, seen = (part.double().numpy() for part in (found.places, found.log_sigma, found.seen.sigmoid()))
    mirror, offset = network.mirror.numpy(), network.offset.double().numpy()
    pixels, sigma, shares = [], [], []
    for k, crop in enumerate(crops):
        order = mirror if crop.mirrored else slice(None)
        pixels.append(crop.to_photo((places[k] - offset)[order] + 0.5))
        sigma.append(np.exp(log_sigma[k][order]) * crop.size)
        shares.append(seen[k][order])
    return DensePoints(
        network.vertices.numpy().astype(np.int64),
        np.mean(pixels, 0).astype(np.float32),
        (np.mean(sigma, 0) * network.spread.numpy()).astype(np.float32),
        network.common.float().numpy(),
        np.mean(shares, 0).astype(np.float32),
    )


def _moved(crop: Crop, look: tuple[float, float, float, float, bool]) -> Crop:
    """The crop moved along its own axes, scaled, turned and mirrored."""
    x, y, scale, degrees, mirrored = look
    cos, sin = math.cos(crop.angle) * crop.size, math.sin(crop.angle) * crop.size
    return replace(
        crop,
        x=crop.x + x * cos - y * sin,
        y=crop.y + x * sin + y * cos,
        size=crop.size * scale,
        angle=crop.angle + math.radians(degrees),
        mirrored=mirrored,
    )


@cache
def _network() -> PointsNetwork:
    """The network that ships, loaded once.

    Raises:
        DependencyError: torch is not installed.
        ModelError: its file is missing or damaged.
    """
    try:
        from ..network_files import load_weights
        from .points_network import PointsNetwork, PointsSettings
    except ModuleNotFoundError as error:
        raise DependencyError(
            f"Finding points needs the Python package {error.name}, which is not installed; install the runtime again."
        ) from error
    network = PointsNetwork(PointsSettings(POINTS))
    load_weights(network, vendor_path("weights", POINTS_FILE[0]), sha256=POINTS_FILE[1])
    return network.eval()
