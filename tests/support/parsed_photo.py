"""A parsing as exact as the masks that it is made of, for photographs drawn in tests."""

from __future__ import annotations

from dataclasses import replace

import cv2
import numpy as np

from seif_core.portrait.crop import Crop
from seif_core.portrait.head_parsing import CLASSES, HeadParsing

SIDE = 256


def parsed(portrait, **masks):
    """The portrait with a parsing: skin on its mask, and the classes named where their masks (H, W) are true."""
    height, width = portrait.mask.shape
    size = float(max(height, width))
    crop = Crop(width / 2, height / 2, size, 0.0)
    label = np.where(portrait.mask > 127, CLASSES.index("skin"), CLASSES.index("background")).astype(np.uint8)
    for name, mask in masks.items():
        label[mask] = CLASSES.index(name)
    x = ((np.arange(SIDE) + 0.5) / SIDE - 0.5) * size
    columns, rows = np.meshgrid(x + width / 2 - 0.5, x + height / 2 - 0.5)
    edge = {"borderMode": cv2.BORDER_CONSTANT, "borderValue": CLASSES.index("background")}
    label = cv2.remap(label, columns.astype(np.float32), rows.astype(np.float32), cv2.INTER_NEAREST, **edge)
    shares = (label[None] == np.arange(len(CLASSES))[:, None, None]).astype(np.float32)
    return replace(portrait, parsing=HeadParsing(crop, shares))
