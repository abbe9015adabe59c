"""The expression a fit searches in: a model's named keys (ARKit), each 0..1, or its expression components.

Keys are searched where a model has them: their bounds keep a closed mouth closed and a smile a smile, where components
would mix them. What the joints do, keys must not do: the jaw opens by its joint and the eyes turn by theirs.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Final

import numpy as np
from scipy.optimize import lsq_linear

from ..headmodel import HeadModel
from ..shapes import Bool, Float, Float32, Int

JOINT_KEYS: Final = ("jawOpen", "eyeLookDown", "eyeLookIn", "eyeLookOut", "eyeLookUp")
"""Beginnings of the names of keys that contain what the jaw and the eye joints do."""
UNUSED_KEYS: Final = ("jawOpen", "mouthClose", "tongueOut")
"""Keys that are not searched: the joint opens the jaw, lips close only over an open jaw, a tongue has no landmarks."""

_LEAST_WEIGHT: Final = 1e-3
"""A key's weight below which it moves nothing that can be seen (some hundredths of a millimetre)."""
_RIDGE: Final = 1e-3
"""Share of a key's own square that is added to it: keys that do nearly the same share their weight."""
_LEAST_DIAGONAL: Final = 1e-12
"""Square metres: that of a key which moves nothing."""


@dataclass(frozen=True, eq=False)
class ExpressionSpace:
    """Where expressions are searched.

    Attributes:
        model: the head model.
        keys: indices of the X keys that are searched; empty if components are.
        basis: (X, V, 3) metres at parameter 1.
    """

    model: HeadModel
    keys: Int[np.ndarray, " N"]
    basis: Float32[np.ndarray, "X V 3"]

    @staticmethod
    def of_model(model: HeadModel) -> ExpressionSpace:
        """Named keys if the model has them, without what turns the eyeballs, else its components."""
        keys = np.array([k for k, name in enumerate(model.key_names) if name not in UNUSED_KEYS], dtype=np.int64)
        if not len(keys):
            return ExpressionSpace(model, keys, model.expression_basis)
        basis = model.key_basis[keys].copy()
        basis[:, eyeball_vertices(model)] = 0
        return ExpressionSpace(model, keys, basis)

    @property
    def bounded(self) -> bool:
        """Whether the parameters are weights in 0..1."""
        return len(self.keys) > 0

    def searched_model(self) -> HeadModel:
        """The model with `basis` in the place of its expression components."""
        return replace(self.model, expression_basis=self.basis)

    def components(self, parameters: Float[np.ndarray, " X"]) -> Float32[np.ndarray, " E"]:
        """The same expression in the model's components (E,), by least squares over the vertices."""
        if not self.bounded:
            return parameters.astype(np.float32)
        components = self.model.expression_basis.reshape(len(self.model.expression_basis), -1).astype(np.float64)
        target = np.tensordot(parameters, self.basis, 1).ravel()
        gram = components @ components.T
        gram += 1e-9 * np.trace(gram) / max(len(gram), 1) * np.eye(len(gram))
        return np.linalg.solve(gram, components @ target).astype(np.float32)

    def key_weights(
        self, parameters: Float[np.ndarray, " X"], delta: Float[np.ndarray, "V 3"]
    ) -> Float32[np.ndarray, " K"]:
        """Weights (K,) in 0..1 of all keys: those searched as they are, those of the joints to match `delta` best.

        Args:
            parameters: (X,) found by the fit.
            delta: (V, 3) metres: what the expression adds to the neutral head, jaw and eye rotation included.
        """
        count = len(self.model.key_basis)
        weights = np.zeros(count)
        if self.bounded:
            weights[self.keys] = parameters
        free = np.array([name.startswith(JOINT_KEYS) for name in self.model.key_names], bool)
        if not self.bounded:
            free[:] = True
        if free.any():
            weights[free] = 0
            weights[free] = bounded_weights(self.model, delta - np.tensordot(weights, self.model.key_basis, 1), free)
        return np.where(weights < _LEAST_WEIGHT, 0.0, np.minimum(weights, 1.0)).astype(np.float32)


def bounded_weights(
    model: HeadModel, delta: Float[np.ndarray, "V 3"], chosen: Bool[np.ndarray, " K"]
) -> Float[np.ndarray, " X"]:
    """Weights in 0..1 of the `chosen` keys that come nearest to `delta` (V, 3), metres, on face and eyeballs."""
    seen = np.zeros(len(model.template), bool)
    for name in ("face", "eyeballs"):
        if name in model.regions:
            seen |= model.regions[name]
    if not seen.any():
        seen[:] = True
    keys = model.key_basis[chosen][:, seen].reshape(int(chosen.sum()), -1).astype(np.float64)
    gram = keys @ keys.T
    gram += np.diag(_RIDGE * np.diag(gram) + _LEAST_DIAGONAL)
    factor = np.linalg.cholesky(gram)
    aim = np.linalg.solve(factor, keys @ delta[seen].astype(np.float64).ravel())
    return np.clip(lsq_linear(factor.T, aim, bounds=(0.0, 1.0), method="bvls").x, 0.0, 1.0)


def eyeball_vertices(model: HeadModel) -> Bool[np.ndarray, " V"]:
    """Vertices of the two eyeballs, by the surface parts."""
    out = np.zeros(len(model.template), bool)
    faces = model.faces[np.isin(model.face_part, (1, 2))]
    out[faces[faces >= 0]] = True
    return out
