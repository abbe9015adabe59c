"""Weights of the implicit networks: the published checkpoints in, safetensors out, checked entry for entry."""

from __future__ import annotations

import hashlib
import pickle
import zipfile
import zlib
from collections.abc import Mapping
from pathlib import Path
from typing import Final

import torch
from safetensors import SafetensorError
from safetensors.torch import load_file, save_file
from torch import nn

from ..errors import ModelError
from .checkpoint_check import check_checkpoint
from .network import ORIGINAL_SEIF, ORIGINAL_SEMANTIC, ImplicitNetwork, ImplicitSettings

ORIGINAL: Final[Mapping[str, ImplicitSettings]] = {"semantic": ORIGINAL_SEMANTIC, "seif": ORIGINAL_SEIF}
"""The two networks of the original publication; they differ in the classifier's inputs alone."""

_UNREADABLE = (
    OSError,
    EOFError,
    RuntimeError,
    LookupError,
    ValueError,
    TypeError,
    AttributeError,
    ArithmeticError,
    AssertionError,
    MemoryError,
    pickle.UnpicklingError,
    zipfile.BadZipFile,
    zlib.error,
)
"""What torch's restricted loader, and the check before it, raise on files that are no checkpoint."""


def import_checkpoint(path: Path, folder: Path) -> Path:
    """Convert one published checkpoint, as `torch.save` wrote it, to `original_semantic|seif.safetensors`.

    The file is read with torch's restricted loader: tensors and plain containers only, no code; what it declares is
    checked before (`checkpoint_check`).

    Args:
        path: the checkpoint; its state dict may lie at the top or below `state_dict` or `netG`.
        folder: where the safetensors file goes; made if missing.

    Returns:
        The file written.

    Raises:
        ModelError: no such file, not a checkpoint, its entries are not those of either network, or hold values that
            are not numbers.
    """
    state = _state_dict(path)
    name = _identify(state, path.name)
    with torch.device("meta"):
        expected = ImplicitNetwork(ORIGINAL[name]).state_dict()
    wrong = [
        key
        for key in sorted(expected.keys() | state.keys())
        if key not in state or key not in expected or not _fits(state[key], expected[key])
    ]
    if wrong:
        raise ModelError(
            f"{path.name} is no published {name} network: {len(wrong)} of its entries differ, first {wrong[0]}; "
            "choose the checkpoint that the authors published."
        )
    converted = {key: value.detach().float().contiguous().clone() for key, value in state.items()}
    _check_numbers(converted, path.name)
    folder.mkdir(parents=True, exist_ok=True)
    target = folder / f"original_{name}.safetensors"
    save_file(
        converted,
        target,
        metadata={"network": name, "source_sha256": hashlib.sha256(path.read_bytes()).hexdigest()},
    )
    return target


def _fits(value: torch.Tensor, expected: torch.Tensor) -> bool:
    plain = value.layout == torch.strided and value.device.type == "cpu" and not value.is_complex()
    return plain and not value.is_quantized and value.shape == expected.shape


def _check_numbers(state: Mapping[str, torch.Tensor], file_name: str) -> None:
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


def load_network(path: Path, settings: ImplicitSettings, *, sha256: str | None = None) -> ImplicitNetwork:
    """A network in evaluation mode with the weights of a safetensors file.

    Args:
        path: the file.
        settings: architecture that the file was written for.
        sha256: expected checksum of the file; checked when given.

    Raises:
        ModelError: the file is missing, damaged, of another checksum or of another architecture.
    """
    network = ImplicitNetwork(settings)
    load_weights(network, path, sha256=sha256)
    return network.eval()


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
        _check_numbers({key: value for key, value in state.items() if value.is_floating_point()}, path.name)
        network.load_state_dict(state)
    except OSError as error:
        raise ModelError(
            f"The weights file {path.name} cannot be read ({error.strerror or error}); check its permissions."
        ) from error
    except (SafetensorError, RuntimeError, KeyError, ValueError, MemoryError) as error:
        raise ModelError(f"The weights file {path.name} does not fit this network; install it again.") from error


def save_weights(network: nn.Module, path: Path, *, metadata: dict[str, str]) -> str:
    """Write a network as safetensors, and return the file's sha256.

    Args:
        network: the network.
        path: the file; its folder is made if missing.
        metadata: facts about the training, words to words.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    state = {name: value.detach().float().cpu().contiguous().clone() for name, value in network.state_dict().items()}
    save_file(state, path, metadata=metadata)
    return hashlib.sha256(path.read_bytes()).hexdigest()


def _state_dict(path: Path) -> dict[str, torch.Tensor]:
    try:
        check_checkpoint(path)
        content = torch.load(path, map_location="cpu", weights_only=True)
    except FileNotFoundError as error:
        raise ModelError(f"There is no file {path.name}; give the path of a published checkpoint.") from error
    except _UNREADABLE as error:
        raise ModelError(
            f"{path.name} is no checkpoint of tensors alone; choose the .pth file that the authors published."
        ) from error
    for key in ("state_dict", "netG"):
        if isinstance(content, Mapping) and key in content:
            content = content[key]
    if not isinstance(content, Mapping) or not all(isinstance(v, torch.Tensor) for v in content.values()):
        raise ModelError(f"{path.name} holds no table of tensors; choose the .pth file that the authors published.")
    return {str(key).removeprefix("module."): value for key, value in content.items()}


def _identify(state: Mapping[str, torch.Tensor], file_name: str) -> str:
    first = state.get("surface_classifier.conv0.weight")
    for name, settings in ORIGINAL.items():
        channels = settings.encoder.width + (4 if settings.semantic_input else 1)
        if first is not None and first.ndim == 3 and first.shape[1] == channels:
            return name
    raise ModelError(
        f"{file_name} is neither the published semantic nor the SeIF network; choose one of the authors' checkpoints."
    )
