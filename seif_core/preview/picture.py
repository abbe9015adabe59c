"""Writing pictures so that a failure leaves nothing half-written."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from PIL import Image

from ..errors import OutputError
from ..shapes import UInt8
from ..whole_file import whole_file


def write_png(path: Path, pixels: UInt8[np.ndarray, "H W 3"] | UInt8[np.ndarray, "H W"]) -> None:
    """Write a PNG, first beside its place and then renamed into it.

    Args:
        path: the file.
        pixels: (H, W, 3) sRGB or (H, W) grey, uint8.

    Raises:
        OutputError: the folder cannot be written or the disk is full.
    """
    try:
        with whole_file(path) as unfinished:
            Image.fromarray(np.ascontiguousarray(pixels)).save(unfinished, format="PNG", compress_level=3)
    except OSError as error:
        raise OutputError(
            f"The picture {path.name} cannot be written to {path.parent} ({error.strerror or error}); choose a folder "
            "that you can write to, on a disk with free space."
        ) from error
