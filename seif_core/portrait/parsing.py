"""What each pixel of a head's crop shows, told once for each photo by a small network of our own.

It is asked about some looks at the head, whose mean strays less than each, and its borders are drawn to the photo's
edges (`parsing_edges`).

The network ships (`vendor/weights`); its model card tells what it was trained on.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from functools import cache
from typing import TYPE_CHECKING, Final

import cv2
import numpy as np

from ..errors import DependencyError
from ..resources import vendor_path
from ..shapes import Float32
from .crop import Crop, Pyramid
from .head_parsing import CLASSES, HeadParsing
from .head_region import own_territory
from .landmarks import Landmarks
from .parsing_edges import drawn_to_edges, pooled_with_person
from .parsing_inputs import PERSON, SIDE, NetworkInputs, face_outline, head_crop, network_inputs

if TYPE_CHECKING:
    from .parsing_network import ParsingNetwork

PARSING_FILE: Final = (
    "compact_parsing.safetensors",
    "17f464c63961da6baa875081ceff02eb1deab2eb889729e58ab785d19be6fc4c",
)
"""File name in ``vendor/weights`` and sha256."""
_LOOKS: Final = ((1.0, False), (1.0, True), (1.15, True))
"""Crops that the network is asked about, by their size and whether they are mirrored, the plain one first. The mean of
them agrees better with the teacher than each (`benchmarks/parsing.py`)."""
_OTHERS: Final = tuple(CLASSES.index(name) for name in CLASSES if name not in ("background", "front"))


def parse_head(pyramid: Pyramid, landmarks: Landmarks, others: Sequence[Landmarks] = ()) -> HeadParsing:
    """Tell what each pixel of a head's crop shows.

    Args:
        pyramid: the photo.
        landmarks: of the chosen face; any scheme.
        others: other faces of the picture; what is nearer to them is background.

    Raises:
        DependencyError: torch or LiteRT is not installed.
        ModelError: a network that ships is missing or damaged.
    """
    crop = head_crop(landmarks)
    shares = _agreed(pyramid, landmarks, crop)
    if others:
        own = own_territory(landmarks, others, crop, SIDE)
        foreign = shares[list(_OTHERS)] * (1 - own)
        shares[list(_OTHERS)] -= foreign
        shares[0] += foreign.sum(0)
    return HeadParsing(crop, shares)


def _agreed(pyramid: Pyramid, landmarks: Landmarks, crop: Crop) -> Float32[np.ndarray, "9 S S"]:
    """What the network says of some looks at one crop, in the mean, with borders at the photo's edges."""
    shown = [
        inputs_of(pyramid, landmarks, replace(crop, size=wider * crop.size), mirrored=mirrored)
        for wider, mirrored in _LOOKS
    ]
    total, person = np.zeros((len(CLASSES), SIDE, SIDE), np.float32), (shown[0].maps[PERSON] + 1) / 2
    for (wider, mirrored), found in zip(_LOOKS, _shares_of_each(shown), strict=True):
        shares = found[:, :, ::-1] if mirrored else found
        total += shares if wider == 1 else _seen_closer(shares, wider)
    shares = pooled_with_person(total / len(_LOOKS), person)
    return drawn_to_edges(shares, pyramid.sample(crop, 2 * SIDE, replicate=True))


def _seen_closer(shares: Float32[np.ndarray, "9 S S"], wider: float) -> Float32[np.ndarray, "9 S S"]:
    """The middle of a crop that is `wider` than another one, in that one's pixels."""
    shift = (1 - 1 / wider) / 2 * SIDE - 0.5 * (1 - 1 / wider)  # OpenCV counts pixel centres as integers
    matrix = np.array([[1 / wider, 0, shift], [0, 1 / wider, shift]])
    flags = cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP
    return np.stack([cv2.warpAffine(s, matrix, (SIDE, SIDE), flags=flags) for s in shares]).astype(np.float32)


def inputs_of(pyramid: Pyramid, landmarks: Landmarks, crop: Crop, *, mirrored: bool = False) -> NetworkInputs:
    """What the network is shown of a head in a photo.

    Args:
        pyramid: the photo.
        landmarks: of the chosen face; any scheme.
        crop: of `parsing_inputs.head_crop`.
        mirrored: whether it is shown the other way round.
    """
    image = pyramid.sample(crop, SIDE, replicate=True)
    flags = cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP
    inside = np.ones((pyramid.height, pyramid.width), np.float32)
    seen = np.asarray(cv2.warpAffine(inside, crop.matrix(SIDE), (SIDE, SIDE), flags=flags), np.float32)
    points = crop.from_photo(landmarks.points[:, :2].astype(np.float64)) * SIDE
    outline = crop.from_photo(face_outline(landmarks)) * SIDE
    if mirrored:  # the places of left and right ones go into the same maps
        image, seen = np.ascontiguousarray(image[:, ::-1]), np.ascontiguousarray(seen[:, ::-1])
        points, outline = ([SIDE, 0] + p * [-1, 1] for p in (points, outline))
    return network_inputs(image, seen, points, outline)


def shares_of(shown: NetworkInputs) -> Float32[np.ndarray, "9 S S"]:
    """The share of each class at each pixel.

    Raises:
        DependencyError: torch is not installed.
        ModelError: the network that ships is missing or damaged.
    """
    return _shares_of_each([shown])[0]


def _shares_of_each(shown: Sequence[NetworkInputs]) -> Float32[np.ndarray, "K 9 S S"]:
    """The same of K crops, all at once."""
    network = _network()
    import torch

    maps = torch.from_numpy(np.stack([one.maps for one in shown]))
    features = {side: torch.from_numpy(np.stack([one.features[side] for one in shown])) for side in shown[0].features}
    with torch.inference_mode():
        return network(maps, features).softmax(1).numpy()


@cache
def _network() -> ParsingNetwork:
    """The network that ships, loaded once.

    Raises:
        DependencyError: torch is not installed.
        ModelError: its file is missing or damaged.
    """
    try:
        from ..network_files import load_weights
        from .parsing_network import ParsingNetwork
    except ModuleNotFoundError as error:
        raise DependencyError(
            f"Parsing a photo needs the Python package {error.name}, which is not installed; install the runtime again."
        ) from error
    network = ParsingNetwork()
    load_weights(network, vendor_path("weights", PARSING_FILE[0]), sha256=PARSING_FILE[1])
    import torch

    # a fifth faster on processors; torch's stubs lack the keyword
    return network.eval().to(memory_format=torch.channels_last)  # pyright: ignore[reportCallIssue]
