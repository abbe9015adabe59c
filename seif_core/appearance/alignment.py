"""Bends the photo by what the fit left over, so that lids, brows and lips lie where the mesh has them.

A fit to dense points has brows, nose and cheeks where those saw them, and the detector's landmarks there would only
bend the photo away from it: lids and inner lips alone count then (textured renders of seven public-domain portraits
come nearer to their photos by face recognition, from 0.542 to 0.528 in the mean, 0.525 to 0.516 with the expression).

The displacement is known at the landmarks, spread over the mesh by a screened Poisson equation and drawn to zero beyond
the face, so it is smooth and has no seams. Landmarks that the camera does not see and residuals too large to be true
count little.
"""

from __future__ import annotations

from typing import Final

import numpy as np

from ..evidence.photograph import eye_distance_pixels, posed_eyes
from ..fitting import Fit
from ..geometry.sampling import smoothstep
from ..geometry.screened_poisson import ScreenedPoisson
from ..headmodel.landmark_schemes import known_scheme
from ..portrait import Portrait
from ..shapes import Float32

_FACING: Final = (0.1, 0.4)
"""Cosine to the camera from which a landmark is seen, not at all and wholly. Chosen by eye on the sample portraits, as
are the constants below."""
_BELIEVED: Final = (0.10, 0.20)
"""Residual in eye distances: a true one up to the first, a landmark gone astray from the second."""
_STILL: Final = 0.01
"""Weight of no displacement in the face, against 1 for a landmark."""
_STILL_BEYOND: Final = 2.0
"""The same beyond the face, where the photo must not be bent."""
_STIFFNESS: Final = 0.5
"""Weight of an edge of the mesh, against 1 for a landmark."""


def landmark_displacement(
    portrait: Portrait,
    fit: Fit,
    smoother: ScreenedPoisson,
    facing: Float32[np.ndarray, " V"],
    inner: Float32[np.ndarray, " V"],
) -> Float32[np.ndarray, "V 2"]:
    """What to add to each vertex's projection, in pixels of the photo.

    Args:
        portrait: gives the detected landmarks.
        fit: gives the model's.
        smoother: of the model's mesh.
        facing: (V,) cosine between normal and the direction to the camera.
        inner: (V,) 0..1, the face up to the hair, where the photo may be bent.
    """
    count = len(fit.posed)
    embedding = fit.model.embeddings.get(portrait.landmark_scheme)
    if embedding is None or len(embedding.sigma) != len(portrait.landmarks):
        return np.zeros((count, 2), np.float32)
    residual = portrait.landmarks[:, :2] - fit.camera.project(embedding.points(fit.posed))
    size = eye_distance_pixels(fit.camera, posed_eyes(fit))
    length = np.linalg.norm(residual, axis=1) / size
    seen = np.einsum("lk,lk->l", embedding.weights, facing[embedding.vertex_ids])
    place = np.einsum("lk,lk->l", embedding.weights, inner[embedding.vertex_ids])
    trust = (embedding.sigma > 0) * smoothstep(seen, *_FACING) * place * (1 - smoothstep(length, *_BELIEVED))
    if (scheme := known_scheme(portrait.landmark_scheme)) is not None:
        trust[list(scheme.iris_points)] = 0  # the irises move with the gaze, not with the skin
        if fit.measured == "dense":
            trust[~np.isin(np.arange(len(trust)), np.concatenate([*scheme.lids, scheme.inner_lips]))] = 0
    weight, pull = np.zeros(count), np.zeros((count, 2))
    for k in range(3):
        share = trust * embedding.weights[:, k]
        np.add.at(weight, embedding.vertex_ids[:, k], share)
        np.add.at(pull, embedding.vertex_ids[:, k], share[:, None] * residual)
    anchor = _STILL + _STILL_BEYOND * (1 - inner)
    return smoother.solve(pull / (weight + anchor)[:, None], weight + anchor, stiffness=_STIFFNESS)
