"""Adds to a trained network of the dense points what is measured of it afterwards (`points_errors`).

The result is a checkpoint again, so that it is published as every other network is.
"""

from __future__ import annotations

import logging
from pathlib import Path
from typing import Final

import numpy as np
import torch

from ...errors import ModelError
from ...fitting import fit_portraits
from ...fitting.settings import FitSettings
from ...headmodel import HeadModel
from ...headmodel.dense_set import dense_set
from ...portrait.crop import Pyramid
from ...portrait.landmarks import Landmarks
from ...portrait.points import points_by
from ...portrait.points_inputs import points_crop
from ...portrait.points_network import PointsNetwork, PointsSettings
from ...portrait.portrait import Portrait
from ...shapes import Float
from .points_errors import point_errors, standard_errors
from .points_samples import PointSample

_LOG: Final = logging.getLogger(__name__)
_AT_ONCE: Final = 25
"""Portraits that are fitted together."""
_ROUNDS: Final = 2
"""Times that the offset is measured: what is taken away changes the fit a little."""


def measured_checkpoint(
    checkpoint: Path, target: Path, model: HeadModel, kept_back: list[PointSample], people: list[Portrait]
) -> PointsNetwork:
    """Measure a trained network, and write its averaged weights with what was measured.

    Args:
        checkpoint: of `points.train_points`.
        target: the file to write.
        model: the Open head.
        kept_back: drawn heads that it was not trained on.
        people: real people, their landmarks found.

    Raises:
        ModelError: the checkpoint is damaged or of another network.
    """
    points = dense_set(model)
    network = PointsNetwork(PointsSettings(len(points.vertices)))
    try:
        state = torch.load(checkpoint, map_location="cpu", weights_only=True)
        network.load_state_dict(state["averaged"])
    except (OSError, EOFError, RuntimeError, LookupError, ValueError) as error:
        raise ModelError(f"The checkpoint {checkpoint.name} is damaged or of another network; train again.") from error
    network.eval()
    _set(network, vertices=points.vertices, mirror=points.mirror, spread=np.ones(len(points.vertices)))
    _set(network, offset=np.zeros((len(points.vertices), 2)))
    errors = point_errors(standard_errors(network, kept_back), points, network.settings.factors)
    _set(network, spread=errors.spread, common=errors.common)
    for turn in range(_ROUNDS if people else 0):
        left = mean_residual(network, model, people)
        left = (left + left[points.mirror] * [-1, 1]) / 2
        _LOG.info("round %d: mean residual %.5f crop sides", turn, np.linalg.norm(left, axis=1).mean())
        _set(network, offset=network.offset.numpy() + left)
    torch.save({"step": state["step"], "averaged": network.state_dict()}, target)
    return network


def mean_residual(network: PointsNetwork, model: HeadModel, people: list[Portrait]) -> Float[np.ndarray, "N 2"]:
    """Where the network puts the points less where the head that is fitted to them has them: crop sides, upright.

    The mean over people; points of the neck, which no fit takes, count 0.
    """
    from dataclasses import replace

    settings = FitSettings(measured="dense", rounds=2)
    rooted = model.skin_weights[network.vertices.numpy(), 0] > 0.05
    total = []
    for first in range(0, len(people), _AT_ONCE):
        part, crops = [], []
        for person in people[first : first + _AT_ONCE]:
            landmarks = Landmarks(person.landmarks, person.confidence, person.roll)
            part.append(replace(person, dense=points_by(network, Pyramid(person.pixels), landmarks)))
            crops.append(points_crop(landmarks))
        for person, crop, fit in zip(part, crops, fit_portraits(part, model, settings=settings), strict=True):
            assert person.dense is not None  # noqa: S101 - found above; narrows the type
            fitted = fit.camera.project(fit.posed[person.dense.vertices].astype(np.float64))
            away = crop.from_photo(person.dense.pixels.astype(np.float64)) - crop.from_photo(fitted)
            total.append(away)
    out = np.median(np.stack(total), 0)
    out[rooted] = 0
    return out


def _set(network: PointsNetwork, **values: np.ndarray) -> None:
    with torch.no_grad():
        for name, value in values.items():
            buffer = getattr(network, name)
            buffer.copy_(torch.from_numpy(np.asarray(value)).to(buffer.dtype))
