"""Writing a `HeadModel` in the form of `open_head.npz` (docs/format-open-head.md), which `read_open_head` reads."""

from __future__ import annotations

from dataclasses import fields
from pathlib import Path
from typing import Any

import numpy as np

from ..combination_shapes import combination_arrays
from ..whole_file import whole_file
from .model import HeadModel


def write_head_model(model: HeadModel, path: Path) -> None:
    """Write a head model, whole or not at all; the file does not hold its short name. The caller handles OSError."""
    arrays: dict[str, Any] = {}
    for field in fields(model):
        value = getattr(model, field.name)
        if field.name == "regions":
            arrays["region_names"] = np.array(list(value), dtype=np.str_)
            arrays.update({f"region_{name}": mask for name, mask in value.items()})
        elif field.name == "embeddings":
            arrays["landmark_sets"] = np.array(list(value), dtype=np.str_)
            for name, embedding in value.items():
                arrays[f"landmark_{name}_vertex_ids"] = embedding.vertex_ids
                arrays[f"landmark_{name}_weights"] = embedding.weights
                arrays[f"landmark_{name}_sigma"] = embedding.sigma
        elif field.name == "combinations":
            arrays.update(combination_arrays(value))
        elif field.name == "key_names":
            arrays[field.name] = np.array(value, dtype=np.str_)
        elif field.name != "name":
            arrays[field.name] = np.asarray(value)
    path.parent.mkdir(parents=True, exist_ok=True)
    with whole_file(path) as unfinished, unfinished.open("wb") as stream:
        np.savez(stream, **arrays)
