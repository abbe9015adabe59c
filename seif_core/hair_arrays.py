"""A `HairLayer` as the arrays of head.npz, and back; docs/format-head-npz.md lists them.

Imports numpy alone, because Blender's Python reads `head` too.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

import numpy as np

from .hair_check import GUIDE_ARRAYS, MESH_ARRAYS
from .hair_layer import HairGuides, HairLayer, HairMesh
from .head_check import as_kind

_KIND: Final = "hair_kind"
"""Array whose presence says that the head has a layer."""


def hair_arrays(layer: HairLayer | None) -> dict[str, np.ndarray]:
    """The layer's arrays by their names in head.npz; none for no layer."""
    if layer is None:
        return {}
    arrays = {_KIND: np.array(layer.kind, dtype=np.str_), "hair_colour": np.asarray(layer.colour)}
    for part, names in _parts():
        block = getattr(layer, part)
        if block is not None:
            arrays |= {f"hair_{part}_{name}": np.asarray(getattr(block, name)) for name in names}
    return arrays


def hair_of_arrays(arrays: Mapping[str, np.ndarray]) -> HairLayer | None:
    """The layer that the arrays of a head.npz hold, in its declared types but unchecked; None where they hold none.

    Raises:
        KeyError: an array is missing.
        ValueError, TypeError: an array is of another kind.
    """
    if _KIND not in arrays:
        return None

    def block(part: str, names: Mapping[str, tuple[str, Any]]) -> dict[str, np.ndarray] | None:
        if f"hair_{part}_{next(iter(names))}" not in arrays:
            return None
        return {name: as_kind(kind, arrays[f"hair_{part}_{name}"]) for name, (kind, _) in names.items()}

    found = {part: block(part, names) for part, names in _parts()}
    shell, guides, cards = found["shell"], found["guides"], found["cards"]
    if shell is None:
        raise KeyError("hair_shell_vertices")
    return HairLayer(
        kind=str(arrays[_KIND].item()),
        shell=HairMesh(**shell),
        guides=None if guides is None else HairGuides(**guides),
        cards=None if cards is None else HairMesh(**cards),
        colour=as_kind("f", arrays["hair_colour"]),
    )


def _parts() -> tuple[tuple[str, Mapping[str, tuple[str, tuple[int | str, ...]]]], ...]:
    return ("shell", MESH_ARRAYS), ("guides", GUIDE_ARRAYS), ("cards", MESH_ARRAYS)
