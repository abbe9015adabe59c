"""TensorFlow Lite models run by LiteRT, kept for the life of the process."""

from __future__ import annotations

import hashlib
import os
from functools import cache
from typing import TYPE_CHECKING

import numpy as np

from ..errors import DependencyError, ModelError
from ..resources import vendor_path
from ..shapes import Float32
from .models import CHECKSUMS

if TYPE_CHECKING:
    from pathlib import Path


class Network:
    """A model that takes images or feature maps and returns its outputs, all by name.

    Args:
        path: the `.tflite` file.

    Raises:
        DependencyError: LiteRT is not installed.
        ModelError: the file is no model that LiteRT runs.
    """

    def __init__(self, path: Path) -> None:
        try:
            from ai_edge_litert.interpreter import Interpreter
        except ImportError as error:
            raise DependencyError(
                "Landmarks need the Python package ai-edge-litert, which is not installed; install the runtime again."
            ) from error
        try:
            self._interpreter = Interpreter(str(path), num_threads=min(2, os.cpu_count() or 1))
            self._interpreter.allocate_tensors()
        except (ValueError, RuntimeError) as error:
            raise ModelError(f"{path.name} is damaged ({error}); install the add-on or package again.") from error
        inputs = self._interpreter.get_input_details()
        self._inputs: dict[str, int] = {d["name"]: d["index"] for d in inputs}
        self._outputs: dict[str, int] = {d["name"]: d["index"] for d in self._interpreter.get_output_details()}
        self.resolution = int(inputs[0]["shape"][1])

    def __call__(self, image: Float32[np.ndarray, "..."]) -> dict[str, np.ndarray]:
        """Run a model with one input; arrays without the batch axis, copied, by output name."""
        (name,) = self._inputs
        return self.run({name: image})

    def run(self, inputs: dict[str, np.ndarray]) -> dict[str, np.ndarray]:
        """Run on inputs (without the batch axis) by name; outputs without the batch axis, copied, by name."""
        for name, values in inputs.items():
            self._interpreter.set_tensor(self._inputs[name], values[None])
        self._interpreter.invoke()
        return {name: self._interpreter.get_tensor(index)[0] for name, index in self._outputs.items()}


@cache
def network(name: str) -> Network:
    """The shipped model of that file name; loaded once.

    Raises:
        DependencyError: LiteRT is not installed.
        ModelError: the file is missing or damaged.
    """
    path = vendor_path("mediapipe", name)
    try:
        intact = hashlib.sha256(path.read_bytes()).hexdigest() == CHECKSUMS[name]
    except OSError as error:
        raise ModelError(f"{name} cannot be read ({error.strerror or error}); check its permissions.") from error
    if not intact:  # LiteRT runs a damaged file all the same, and sees no faces
        raise ModelError(f"{name} is damaged (its checksum differs); install the add-on or package again.")
    return Network(path)
