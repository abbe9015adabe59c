"""Weights of trained networks as safetensors files; `network_files` reads them."""

from __future__ import annotations

import hashlib
from pathlib import Path

import torch
from safetensors.torch import save_file
from torch import nn


def save_weights(network: nn.Module, path: Path, *, metadata: dict[str, str], half: bool = False) -> str:
    """Write a network as safetensors, and return the file's sha256.

    Args:
        network: the network.
        path: the file; its folder is made if missing.
        metadata: facts about the training, words to words.
        half: as float16, half as large; whole numbers stay as they are.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    kind = torch.float16 if half else torch.float32
    state = {
        name: (value.to(kind) if value.is_floating_point() else value).detach().cpu().contiguous().clone()
        for name, value in network.state_dict().items()
    }
    save_file(state, path, metadata=metadata)
    return hashlib.sha256(path.read_bytes()).hexdigest()
