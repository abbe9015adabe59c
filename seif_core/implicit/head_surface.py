"""From a fitted portrait to the closed surface of the head: normal maps, implicit function, level set, refinement.

Convention: the surface is in the fit's camera space, metres; normal maps in camera space, x right, y up, z to the
viewer, of the view's square. Worked number: the middle of the face of a head that is looked at straight has the normal
(0, 0, 1) and a z of about minus the distance.
"""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import Final

import numpy as np
import torch
from torch.nn import functional

from ..fitting.fit import Fit
from ..headmodel.anatomy import anatomy_of
from ..portrait.portrait import Portrait
from ..progress import Progress
from ..shapes import Float, Float32, Float64, Int32
from .compact import compact_networks
from .depth_range import last_surface
from .far_side import FarSettings, far_normals, follow_far_normals
from .fitted_skin import skin_depth
from .head_field import FieldSettings, HeadField
from .inputs import HeadInputs, head_inputs, view_of
from .normal_network import NormalNetwork
from .prior import CubePrior
from .refinement import RefinementSettings, follow_normals
from .surface import SurfaceSettings, extract_surface
from .view import HeadView

_SHARE: Final = 0.35
"""Weight of the 3DMM's normals against the network's, where they agree."""
_NEAR: Final = (0.75, 0.95)
"""Cosines between the two from which they count as near, not at all and wholly."""

_COVERED: Final = 0.5
"""Share of a coarse pixel that the mask covers for it to count as head."""

NormalEstimator = Callable[[HeadInputs], torch.Tensor]
"""A head's square to its front normals (3, S, S), unit length, 0 outside the mask."""


@dataclass(frozen=True)
class HeadSurfaceSettings:
    """How a head's surface is made.

    Attributes:
        size: side of the networks' pictures in pixels.
        surface: resolution and band of the extraction.
        corrections: what is laid over the implicit function.
        mirrored: whether normals are the mean of what the network says of the photo and of its mirror.
        mixed: whether the fitted 3DMM's normals are mixed into the network's.
        refinement: how far the normal map is followed.
        far: how far that of the far side is followed; None for not at all.
    """

    size: int = 256
    surface: SurfaceSettings = field(default_factory=SurfaceSettings)
    corrections: FieldSettings = field(default_factory=FieldSettings)
    mirrored: bool = True
    mixed: bool = True
    refinement: RefinementSettings = field(default_factory=RefinementSettings)
    far: FarSettings | None = field(default_factory=FarSettings)


@dataclass(frozen=True, eq=False)
class HeadSurface:
    """The head's surface, one closed component.

    Attributes:
        vertices: (V, 3) float64 metres, camera space.
        triangles: (T, 3) int32, counter-clockwise from outside.
        codes: (V, 3) float32 predicted semantic codes in 0..1, faded far from the 3DMM.
        normals: (S, S, 3) float32 the normal map of the view's square, 0 outside the mask.
        view: the square.
        queries: how many points the implicit function was asked for.
    """

    vertices: Float64[np.ndarray, "V 3"]
    triangles: Int32[np.ndarray, "T 3"]
    codes: Float32[np.ndarray, "V 3"]
    normals: Float32[np.ndarray, "S S 3"]
    view: HeadView
    queries: int


@dataclass(frozen=True, eq=False)
class UnrefinedSurface:
    """The implicit function's level set, and the normal maps that it has not followed yet.

    Attributes:
        cube: (V, 3) float32 vertices in the cube of the view.
        triangles: (T, 3) int32, counter-clockwise from outside.
        codes: (V, 3) float32 predicted semantic codes in 0..1.
        known: (V,) in 0..1, how near the fitted 3DMM is.
        front: (3, S, S) normals of the view's square.
        far: (3, S / 2, S / 2) those of the far side, turned to the viewer.
        view: the square.
        queries: how many points the implicit function was asked for.
    """

    cube: Float32[np.ndarray, "V 3"]
    triangles: Int32[np.ndarray, "T 3"]
    codes: Float32[np.ndarray, "V 3"]
    known: Float[np.ndarray, " V"]
    front: Float[torch.Tensor, "3 S S"]
    far: Float[torch.Tensor, "3 h h"]
    view: HeadView
    queries: int


def reconstruct_surface(
    portrait: Portrait,
    fit: Fit,
    settings: HeadSurfaceSettings | None = None,
    *,
    device: str = "cpu",
    normals: NormalEstimator | None = None,
    progress: Progress | None = None,
) -> HeadSurface:
    """Make the surface of a fitted head with the shipped networks.

    Args:
        portrait: the photo.
        fit: the fitted head model.
        settings: see `HeadSurfaceSettings`.
        device: where the networks run.
        normals: estimates the front normals; the shipped network when None.
        progress: told the fraction done; may cancel.

    Raises:
        ModelError: the weights are missing or damaged.
        SettingsError: the implicit function has no surface near the fitted head.
        CancelledError: the user cancelled.
    """
    s, progress = settings or HeadSurfaceSettings(), progress or Progress()
    unrefined = unrefined_surface(portrait, fit, s, device=device, normals=normals, progress=progress)
    refined = refined_surface(unrefined, fit, s)
    progress.step(1.0)
    return refined


def unrefined_surface(
    portrait: Portrait,
    fit: Fit,
    s: HeadSurfaceSettings,
    *,
    device: str = "cpu",
    normals: NormalEstimator | None = None,
    progress: Progress,
) -> UnrefinedSurface:
    """The first part of `reconstruct_surface`: all that asks networks."""
    networks = compact_networks(device)
    view = view_of(portrait, fit)
    with ThreadPoolExecutor(1) as beside:  # the prior is made of the fit alone, mostly by steps that use one core
        prior = beside.submit(CubePrior, fit.model, fit.posed, view)
        inputs = head_inputs(portrait, fit, view, s.size, device)
        front = normals(inputs) if normals is not None else estimate_normals(inputs, device, s)
        progress.step(0.2)
        far = estimate_far_normals(inputs, fit, device, s)
        head = HeadField(networks.implicit, inputs, front, fit, s.corrections, prior=prior.result())
    progress.step(0.35)
    surface = extract_surface(head.occupancy, head.prior, s.surface)
    progress.step(0.65)
    codes, known = head.codes(surface.vertices), head.known(surface.vertices)
    progress.step(0.75)
    return UnrefinedSurface(
        surface.vertices, surface.triangles, codes, known, front.cpu(), far.cpu(), view, surface.queries
    )


def refined_surface(given: UnrefinedSurface, fit: Fit, s: HeadSurfaceSettings) -> HeadSurface:
    """The second part of `reconstruct_surface`: the surface follows the normal maps."""
    followed = given.cube if s.far is None else follow_far_normals(given.cube, given.triangles, given.far, s.far)
    placed = given.view.to_camera(followed.astype(np.float64))
    front = given.front.permute(1, 2, 0).float().numpy()
    fitted = skin_depth(fit, given.view, s.refinement.skin)
    refined = follow_normals(placed, given.triangles, front, given.view, s.refinement, known=given.known, fitted=fitted)
    return HeadSurface(refined, given.triangles, given.codes, front, given.view, given.queries)


@torch.no_grad()
def estimate_normals(inputs: HeadInputs, device: str, settings: HeadSurfaceSettings | None = None) -> torch.Tensor:
    """Front normals (3, S, S) of a head by the shipped network.

    The mean of what it says of the photo and of its mirror; where that is near the fitted 3DMM's normals, these are
    mixed in: two estimates whose errors have different causes are nearer to the truth in the mean than each alone.
    """
    s = settings or HeadSurfaceSettings()
    asked = both_ways if s.mirrored else one_way
    estimated = asked(compact_networks(device).normals, inputs.photo, inputs.guidance, inputs.mask)
    return (mixed_normals(estimated, inputs.guidance) if s.mixed else estimated) * inputs.mask


@torch.no_grad()
def estimate_far_normals(
    inputs: HeadInputs, fit: Fit, device: str, settings: HeadSurfaceSettings | None = None
) -> Float[torch.Tensor, "3 h h"]:
    """Normals of a head's far side (3, S / 2, S / 2) by the shipped network, turned to the viewer (see `far_side`)."""
    cube = torch.from_numpy(inputs.view.to_cube(fit.posed.astype(np.float64))).float()
    size = inputs.mask.shape[-1] // 2
    guidance = far_normals(
        last_surface(cube, torch.from_numpy(anatomy_of(fit.model).outer_skin_triangles).long(), size)
    ).to(device)
    photo, mask = (
        functional.interpolate(p[None], size=(size, size), mode="area")[0] for p in (inputs.photo, inputs.mask)
    )
    mask = (mask > _COVERED).float()
    asked = both_ways if (settings or HeadSurfaceSettings()).mirrored else one_way
    return asked(compact_networks(device).back, photo * mask, guidance * mask, mask) * mask


def one_way(network: NormalNetwork, photo: torch.Tensor, guidance: torch.Tensor, mask: torch.Tensor) -> torch.Tensor:
    """What a network says of a head, (3, S, S)."""
    return functional.normalize(network(photo[None], guidance[None], mask[None])[0], dim=0)


def both_ways(network: NormalNetwork, photo: torch.Tensor, guidance: torch.Tensor, mask: torch.Tensor) -> torch.Tensor:
    """Mean (3, S, S) of what a network says of a head and of its mirror."""
    given = [torch.stack([part, part.flip(-1)]) for part in (photo, guidance, mask)]
    given[1][1, 0] *= -1
    answer, mirrored = network(*given)
    mirrored = mirrored.flip(-1) * mirrored.new_tensor([-1, 1, 1])[:, None, None]
    return functional.normalize(answer + mirrored, dim=0)


def mixed_normals(
    estimated: Float[torch.Tensor, "3 S S"], guidance: Float[torch.Tensor, "3 S S"]
) -> Float[torch.Tensor, "3 S S"]:
    """Unit normals: the estimated ones with a share of the guidance's, where the two are near each other.

    Args:
        estimated: unit normals.
        guidance: unit normals of the fitted 3DMM, 0 where it is not.
    """
    low, high = _NEAR
    near = (((estimated * guidance).sum(0, keepdim=True) - low) / (high - low)).clamp(0, 1)
    return functional.normalize(estimated + _SHARE * near * guidance, dim=0)
