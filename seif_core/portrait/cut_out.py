"""A portrait carried over from a photo to the picture that lies in it (`surroundings`), and back.

What is found in a photo is told in the photo's own pixels; heads are made of the picture alone, as if it were the
photo.
"""

from __future__ import annotations

import math
from dataclasses import replace

import cv2
import numpy as np

from .portrait import Portrait
from .surroundings import Picture


def cut_out(portrait: Portrait) -> Portrait:
    """The portrait in the picture alone, which knows its photo; itself where the photo is no page with a picture."""
    if portrait.picture is None:
        return portrait
    back = portrait.picture.back(portrait.pixels)
    return replace(_carried(portrait, portrait.picture), picture=None, photo=back)


def put_back(portrait: Portrait) -> Portrait:
    """The portrait of a picture in its photo; itself where it was not cut out."""
    if portrait.photo is None:
        return portrait
    return replace(_carried(portrait, portrait.photo), picture=portrait.photo.back(portrait.pixels), photo=None)


def _carried(portrait: Portrait, way: Picture) -> Portrait:
    marks = np.column_stack([way.places(portrait.landmarks[:, :2]), portrait.landmarks[:, 2]])
    height, width = way.pixels.shape[:2]
    mask = cv2.warpAffine(portrait.mask, way.centred(), (width, height), flags=cv2.INTER_LINEAR)
    parsing, dense = portrait.parsing, portrait.dense
    if parsing is not None:
        x, y = way.places(np.array([[parsing.crop.x, parsing.crop.y]]))[0].tolist()
        parsing = replace(parsing, crop=replace(parsing.crop, x=x, y=y, angle=parsing.crop.angle - way.angle))
    if dense is not None:
        dense = replace(dense, pixels=way.places(dense.pixels))
    return replace(
        portrait,
        pixels=way.pixels,
        landmarks=marks,
        mask=np.asarray(mask, np.uint8),
        box=np.concatenate([marks[:, :2].min(0), marks[:, :2].max(0)]).astype(np.float32),
        roll=math.remainder(portrait.roll - way.angle, math.tau),
        parsing=parsing,
        dense=dense,
        unfinished=None if portrait.unfinished is None else lambda _: _finished(portrait),
    )


def _finished(portrait: Portrait) -> Portrait:
    """The whole portrait, carried over as the one that lacks mask and parsing was."""
    done = portrait.finished()
    return cut_out(done) if done.photo is None else put_back(done)
