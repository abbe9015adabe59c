"""The person in a video: a neutral head's landmarks and how the keys move them, all that a search of weights needs.

Convention: model space, metres, Y up, the face towards +Z, +X the subject's left. Worked number: ``jawOpen`` = 1 moves
the chin's landmark (152) by about (0, -0.03, -0.01) on the Open head.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np

from ..errors import ModelError
from ..expressions.own_keys import own_keys
from ..head import Head
from ..headmodel import HeadModel, LandmarkEmbedding
from ..headmodel.landmark_schemes import MEDIAPIPE
from ..headmodel.subdivision import subdivide_model
from ..shapes import Float, Float32, Int

UNSEEN_KEYS: Final = ("tongueOut",)
"""Keys that no landmark shows."""


@dataclass(frozen=True, eq=False)
class Person:
    """Whom the weights are searched on; L landmarks (478), K keys, V vertices.

    Attributes:
        key_names: K names.
        neutral: (V, 3) metres, the neutral head.
        key_deltas: (K, V, 3) metres at weight 1.
        joints: (5, 3) metres.
        embedding: where the landmarks lie.
        parts: (F,) parts of `faces`.
        faces: (F, 4).
    """

    key_names: tuple[str, ...]
    neutral: Float32[np.ndarray, "V 3"]
    key_deltas: Float32[np.ndarray, "K V 3"]
    joints: Float[np.ndarray, "5 3"]
    embedding: LandmarkEmbedding
    parts: np.ndarray
    faces: np.ndarray

    @staticmethod
    def of_shape(model: HeadModel, shape: Float[np.ndarray, " S"]) -> Person:
        """The neutral head of a model with identity coefficients, its keys in its own size.

        Raises:
            ModelError: the model has no keys, or no landmarks of the face mesh.
        """
        neutral = (model.template + np.tensordot(shape, model.shape_basis, 1)).astype(np.float32)
        joints = model.joint_regressor.astype(np.float64) @ neutral
        keys, _ = own_keys(model, neutral, joints)
        return Person(_named(model), neutral, keys, joints, _embedding(model), model.face_part, model.faces)

    @staticmethod
    def of_head(head: Head, model: HeadModel) -> Person:
        """A head that was made here.

        Args:
            head: the head.
            model: the model that it was made with, which knows where the landmarks lie.

        Raises:
            ModelError: the head has another mesh than the model, or no keys.
        """
        if len(head.vertices) > len(model.template):
            model = subdivide_model(model)
        embedding = _embedding(model)
        if len(head.vertices) != len(model.template):
            raise ModelError(
                f"The head '{head.name}' has {len(head.vertices)} vertices, its model {len(model.template)}; choose "
                "the model that it was made with."
            )
        if not head.key_names:
            raise ModelError(f"The head '{head.name}' has no expression keys; reconstruct it with a model that has.")
        joints = head.joints.astype(np.float64)
        return Person(head.key_names, head.vertices, head.key_deltas, joints, embedding, head.face_part, head.faces)

    def points(
        self, vertices: Int[np.ndarray, " N"] | None = None
    ) -> tuple[Float[np.ndarray, "P 3"], Float[np.ndarray, "K P 3"]]:
        """The landmarks of the neutral head, then some of its vertices, and what each key adds to them, metres."""
        chosen = np.zeros(0, int) if vertices is None else vertices

        def of(values: np.ndarray) -> np.ndarray:
            return np.concatenate([self.embedding.points(values.astype(np.float64)), values[chosen]])

        return of(self.neutral), np.stack([of(delta) for delta in self.key_deltas])


def _named(model: HeadModel) -> tuple[str, ...]:
    if not model.key_names:
        raise ModelError(f"The head model '{model.name}' has no expression keys; choose another.")
    return model.key_names


def _embedding(model: HeadModel) -> LandmarkEmbedding:
    if MEDIAPIPE.name not in model.embeddings:
        raise ModelError(f"The head model '{model.name}' has no landmarks '{MEDIAPIPE.name}'; choose another.")
    return model.embeddings[MEDIAPIPE.name]
