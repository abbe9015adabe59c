"""Copy Expression from Image: the expression, jaw, gaze and head pose of any photo, as one frame.

The photo's person is fitted with the head model, identity and expression apart, and the expression is told in the
model's keys as that person makes them: a blink that closes the person's eyes is a blink of 1, which closes those of
whoever it is given to.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np

from ..expressions.own_keys import key_factors
from ..fitting import Fit, fit_portrait
from ..headmodel import HeadModel
from ..portrait import PortraitSettings, read_portrait
from ..progress import Progress
from .performance import Performance
from .settings import USUAL_RATE


def copy_expression(
    photo: Path, model: HeadModel, *, face: int = 0, online: bool = False, progress: Progress | None = None
) -> Performance:
    """Capture a photo.

    Args:
        photo: a picture with a face.
        model: the head model in whose keys the weights are found.
        face: which face, counted from the largest (0).
        online: whether missing weights may be downloaded.
        progress: told the stages of `stages.CAPTURE_STAGES`; may cancel.

    Raises:
        PhotoError: whatever `portrait.read_portrait` refuses.
        ModelError: the model lacks landmarks.
        CancelledError: the user cancelled.
    """
    progress = progress or Progress()
    with progress.stage("Portrait"):
        portrait = read_portrait(photo, face=face, settings=PortraitSettings(allow_download=online), progress=progress)
    with progress.stage("Fit"):
        fit = fit_portrait(portrait, model, progress=progress)
    return frame_of_fit(fit, photo.name, portrait.warnings)


def frame_of_fit(fit: Fit, name: str, notes: tuple[str, ...] = ()) -> Performance:
    """A fit's expression and pose as a performance of one frame."""
    weights = np.clip(fit.key_weights / key_factors(fit.model, fit.neutral, fit.rest_joints), 0, 1)
    return Performance(
        source=name,
        times=np.zeros(1),
        rate=USUAL_RATE,
        key_names=fit.model.key_names,
        weights=weights[None].astype(np.float32),
        head_rotation=fit.pose[None, 0],
        head_translation=fit.translation[None],
        jaw_rotation=fit.pose[None, 2],
        eye_rotations=fit.pose[None, 3:],
        notes=notes,
    )
