"""Names of torch devices, checked."""

from __future__ import annotations

import torch

from ..errors import DeviceError


def torch_device(name: str) -> torch.device:
    """The device `cpu`, `cuda`, `cuda:1`, `mps`.

    Raises:
        DeviceError: unknown name, or the machine has no such device.
    """
    try:
        device = torch.device(name)
    except RuntimeError as error:
        raise DeviceError(f"There is no device '{name}'; choose cpu, cuda or mps.") from error
    there = {
        "cpu": True,
        "cuda": torch.cuda.is_available() and (device.index or 0) < torch.cuda.device_count(),
        "mps": torch.backends.mps.is_available(),
    }
    if not there.get(device.type, False):
        raise DeviceError(f"This machine has no usable device '{name}'; choose cpu.")
    return device
