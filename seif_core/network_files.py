"""Weights of networks as safetensors files, checked when they are read."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from pathlib import Path

import torch
from safetensors import SafetensorError
from safetensors.torch import load_file
from torch import nn

from .errors import ModelError


def check_numbers(state: Mapping[str, torch.Tensor], file_name: str) -> None:
    """Refuse weights that are not numbers: a network with one of them answers nothing but such.

    Raises:
        ModelError: there are some.
    """
    broken = [key for key, value in state.items() if not bool(torch.isfinite(value).all())]
    if broken:
        raise ModelError(
            f"{file_name} holds weights that are not numbers ({len(broken)} of its entries, first {broken[0]}); "
            "download the file again."
        )


def load_weights(network: nn.Module, path: Path, *, sha256: str | None = None) -> None:
    """Fill a network with the weights of a safetensors file.

    Args:
        network: of the architecture that the file was written for.
        path: the file.
        sha256: expected checksum of the file; checked when given.

    Raises:
        ModelError: the file is missing, damaged, of another checksum or of another architecture.
    """
    if not path.is_file():
        raise ModelError(f"There is no weights file {path.name}; import or install the weights first.")
    try:
        if sha256 is not None and hashlib.sha256(path.read_bytes()).hexdigest() != sha256:
            raise ModelError(
                f"The weights file {path.name} is damaged (its checksum differs); install the add-on or package again."
            )
        state = load_file(path)
        check_numbers({key: value for key, value in state.items() if value.is_floating_point()}, path.name)
        network.load_state_dict(state)
    except OSError as error:
        raise ModelError(
            f"The weights file {path.name} cannot be read ({error.strerror or error}); check its permissions."
        ) from error
    except (SafetensorError, RuntimeError, KeyError, ValueError, MemoryError) as error:
        raise ModelError(f"The weights file {path.name} does not fit this network; install it again.") from error
