"""The networks that ship: which file holds which, checked by checksum when loaded, and kept for the next photo."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from typing import Final, TypeVar

import torch
from torch import nn

from ..network_files import load_weights
from ..resources import vendor_path
from .network import COMPACT, ImplicitNetwork
from .normal_network import FAR, NormalNetwork

NORMALS_FILE: Final = (
    "compact_normals.safetensors",
    "c154aa498dbb5db616652bab6e019ae596261c8b3f7a8f000e454c5be148fb8d",
)
BACK_FILE: Final = (
    "compact_back.safetensors",
    "b532c352f28d8ad91897dec08387bb946a0b27b422cff94edc9dadd17fd71fdd",
)
IMPLICIT_FILE: Final = (
    "compact_implicit.safetensors",
    "41033350a1d131dd9e3986c1249e36caebc90a5f6150bc0b325d9343471def9b",
)
"""File name in ``vendor/weights`` and sha256; the model card there tells what each was trained on."""


@dataclass(frozen=True, eq=False)
class CompactNetworks:
    """The shipped networks on one device, in evaluation mode.

    Attributes:
        normals: of the side that the photo shows.
        back: of the far side.
        implicit: occupancy and semantic codes.
    """

    normals: NormalNetwork
    back: NormalNetwork
    implicit: ImplicitNetwork


@lru_cache(maxsize=2)
def compact_networks(device: str) -> CompactNetworks:
    """Load the shipped networks onto a device.

    Raises:
        ModelError: a file is missing or damaged.
    """
    return CompactNetworks(
        _ready(NormalNetwork(), NORMALS_FILE, device),
        _ready(NormalNetwork(FAR), BACK_FILE, device),
        _ready(ImplicitNetwork(COMPACT), IMPLICIT_FILE, device),
    )


_N = TypeVar("_N", bound=nn.Module)


def _ready(network: _N, file: tuple[str, str], device: str) -> _N:
    load_weights(network, vendor_path("weights", file[0]), sha256=file[1])
    return network.to(device).to(memory_format=torch.channels_last).eval()  # pyright: ignore[reportCallIssue]
