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
from safetensors.torch import save_file

from ..errors import ModelError
from ..network_files import check_numbers, load_weights
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
    check_numbers(converted, path.name)
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
