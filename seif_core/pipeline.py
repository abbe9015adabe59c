"""The main job: one photo becomes one head.

    photo -> Portrait -> Fit -> PhotoEvidence -> Shape (surface, uniform fit) -> HairLayer -> texture -> Head

Each arrow is one function of `stage_functions.Stages`; `shaping.shape_head` calls the two in the middle. Several photos
of one person have one identity (`Stages.fit_same_person`); the best of them gives surface and hair, all give texture.
"""

from __future__ import annotations

import logging
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, dataclass, replace
from functools import partial
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, NamedTuple

from .device import choose_device, memory_in_words, repeatable, return_large_arrays_at_once, return_memory
from .errors import DependencyError
from .filenames import about
from .fitting.fit import Fit
from .head import Head
from .headmodel import HeadModel
from .portrait.portrait import Portrait
from .progress import Progress
from .settings import ReconstructionSettings
from .several_photos import best_first, strangers, with_shape_of
from .shaping import Shape, find_networks, shape_head, tried_on
from .stage_functions import STANDARD, Later, Stages
from .stages import STAGES, stages_of

if TYPE_CHECKING:
    from .appearance import TextureSettings
    from .appearance.baked_texture import BakedTexture
    from .appearance.photo_blend import OtherPhoto
    from .appearance.relief import PhotoNormals
    from .evidence.photo_evidence import PhotoEvidence
    from .hair_layer import HairLayer
    from .implicit.head_surface import HeadSurface, NormalEstimator
    from .uniformize.uniform_fit import UniformFit

__all__ = ["Reconstruction", "ReconstructionSettings", "reconstruct"]

_LOG: Final = logging.getLogger(__name__)
_LOOSE: Final = 5.0
"""Per cent of the face that landmarks miss in the mean, from which users are told. Chosen by eye, as those below."""
_TURNED: Final = 45.0
"""Degrees of the head's turn from which the user is told."""
_UNSURE: Final = 0.7
"""The detector's confidence below which the user is told."""


class FittedPhoto(NamedTuple):
    """One photo of several of a person.

    Attributes:
        portrait: the photo.
        fit: the fitted head model in it, without the surface's shape.
    """

    portrait: Portrait
    fit: Fit


@dataclass(frozen=True, eq=False)
class Reconstruction:
    """Everything the main job found out.

    Attributes:
        portrait: the photo; of several of one person the best, most frontal one.
        fit: the fitted head model alone, without the surface's shape.
        evidence: what the photo shows of the head, in the picture that was cut out of it, if any (`portrait.cut_out`);
            None where nobody asked, or for a head outside the picture.
        shape: the surface, and the fit that has its shape.
        head: the result.
        settings: what was asked for.
        device: where it was computed.
        seconds: time of each stage.
        warnings: sentences about what a user should know of this result.
        others: the other photos of the person, the better ones first.
    """

    portrait: Portrait
    fit: Fit
    evidence: PhotoEvidence | None
    shape: Shape
    head: Head
    settings: ReconstructionSettings
    device: str
    seconds: dict[str, float]
    warnings: tuple[str, ...]
    others: tuple[FittedPhoto, ...] = ()

    @property
    def surface(self) -> HeadSurface | None:
        """The implicit function's surface; None in fast quality or where the photo gives none."""
        return self.shape.surface

    @property
    def uniform(self) -> UniformFit | None:
        """The fit that has the surface's shape; None without one."""
        return self.shape.uniform


def reconstruct(
    photo: Path,
    settings: ReconstructionSettings,
    progress: Progress | None = None,
    *,
    stages: Stages = STANDARD,
    same_person: Sequence[Path] = (),
) -> Reconstruction:
    """Make a head from a photo, or from several of one person. Nothing is written.

    Args:
        photo: the picture file.
        settings: see `ReconstructionSettings`.
        progress: told the stages of `STAGES`; may cancel.
        stages: the functions that do the work.
        same_person: more photos of the person; the head is named after `photo` all the same.

    Raises:
        PhotoError: the photo is missing, unreadable or unsuitable (see its subclasses).
        ModelError: the head model or a network's weights are missing or damaged.
        DeviceError: the device does not exist or ran out of memory.
        DependencyError: a library is not installed.
        CancelledError: the user cancelled.
    """
    progress = progress or Progress()
    _refuse_at_once([photo, *same_person], settings, stages)
    before = dict(progress.seconds)  # of earlier photos, where one progress serves several
    try:
        with memory_in_words(), progress.stage("Prepare"):
            prepared = _prepare(settings, stages)
        with memory_in_words(), repeatable(settings.seed):
            done = _reconstruct([photo, *same_person], prepared, settings, stages, progress)
    except ModuleNotFoundError as error:
        raise DependencyError(f"The library {error.name} is not installed; install the runtime first.") from error
    return replace(done, seconds={k: v - before.get(k, 0.0) for k, v in progress.seconds.items() if k in STAGES})


def _refuse_at_once(photos: Sequence[Path], settings: ReconstructionSettings, stages: Stages) -> None:
    """Tell before anything slow is imported what cannot work: a file that is no picture, an optional library missing.

    Not where somebody else's functions read the photos, who may read what they like.

    Raises:
        PhotoError: a file is no picture.
        DependencyError: a library of the user's choice is not installed.
    """
    if not isinstance(stages.read_portrait, Later):
        return
    for wanted, module, words in (
        (settings.normal_model, "onnxruntime", "--normal-model needs onnxruntime: pip install onnxruntime"),
        (
            settings.landmarks == "face-alignment",
            "face_alignment",
            "The landmark detector face-alignment is an extra: run python build.py face-alignment",
        ),
    ):
        if wanted and find_spec(module) is None:
            raise DependencyError(f"{words}, or leave it out; it is not installed.")
    from .portrait.decode import refuse_other_files

    for photo in photos:
        refuse_other_files(photo)


@dataclass(frozen=True, eq=False)
class _Prepared:
    """What every photo needs: the device, the head model, the user's normal estimator if one was named."""

    device: str
    model: HeadModel
    normals: NormalEstimator | None


def _prepare(settings: ReconstructionSettings, stages: Stages) -> _Prepared:
    """Import what is slow to import, choose the device, load the head model."""
    full = settings.quality != "fast"
    stages.load(surface=full)
    device, normals = choose_device(settings.device), None
    if full:
        return_large_arrays_at_once()
        find_networks(settings, device)
        if settings.normal_model:
            from .implicit.onnx_normals import load_normal_model

            normals = load_normal_model(settings.normal_model, device=device)
    return _Prepared(device, stages.load_head_model(settings.head_model), normals)


def _reconstruct(
    photos: Sequence[Path], prepared: _Prepared, settings: ReconstructionSettings, stages: Stages, progress: Progress
) -> Reconstruction:
    from .whole_photo import in_whole_photo

    device, evidence = prepared.device, None
    best, *others = _fitted(photos, prepared, settings, stages, progress)
    portrait, fit = best
    looked: list[PhotoEvidence | None] = []
    if "Evidence" in stages_of(asdict(settings)):
        with progress.stage("Evidence"):
            evidence = stages.look_at_photo(portrait, fit, device=tried_on(device))
            looked = [stages.look_at_photo(*other, device=tried_on(device)) for other in others]
    shape = shape_head(
        portrait, fit, evidence, settings, stages=stages, device=device, normals=prepared.normals, progress=progress
    )
    full = settings.quality != "fast"
    if full:  # in fast quality there is room, and new pages would take a twentieth of its time
        return_memory()
    shaped = fit if shape.uniform is None else shape.uniform.fit
    seen_too = _seen_too(shaped, others, looked) if settings.texture_size else []
    layer, texture = _hair_and_texture(
        portrait,
        shaped,
        shape,
        evidence,
        settings,
        others=seen_too,
        stages=stages,
        device=tried_on(device),
        progress=progress,
    )
    with progress.stage("Head"):
        head = replace(stages.assemble_head(portrait, shaped, texture, keep_lips_whole=full), hair=layer)
    warnings = (
        *_warnings(portrait, fit, evidence, merged=settings.hair == "merged"),
        *_warnings_of_others(best, others),
        *shape.warnings,
    )
    warnings += settings.without_effect()
    done = Reconstruction(portrait, fit, evidence, shape, head, settings, device, {}, warnings, tuple(others))
    return in_whole_photo(done)


def _fitted(
    photos: Sequence[Path], prepared: _Prepared, settings: ReconstructionSettings, stages: Stages, progress: Progress
) -> list[FittedPhoto]:
    """The photos with the head model fitted to them, the best first."""
    from .headmodel.dense_set import DENSE_MODEL
    from .portrait import PortraitSettings
    from .portrait.cut_out import cut_out

    # the library's own fit asks for no parsing: that is done beside it. Corrections by hand are of the parsing too
    later = isinstance(stages.read_portrait, Later) and isinstance(stages.fit_portrait, Later)
    with progress.stage("Portrait"):
        wanted = PortraitSettings(
            backend=settings.landmarks,
            allow_download=settings.online,
            dense_points=settings.head_model == DENSE_MODEL,
            parse_later=later and len(photos) == 1,
        )
        portraits = [
            cut_out(stages.read_portrait(p, face=settings.face, settings=wanted, progress=progress)) for p in photos
        ]
    common: dict[str, Any] = {"device": prepared.device, "seed": settings.seed, "progress": progress}
    with progress.stage("Fit"), ThreadPoolExecutor(1) as beside:
        if len(portraits) == 1:
            whole = beside.submit(portraits[0].finished)
            fits = [stages.fit_portrait(portraits[0], prepared.model, **common)]
            portraits = [whole.result()]
        else:
            fits = stages.fit_same_person(portraits, prepared.model, **common)
    return [FittedPhoto(portraits[k], fits[k]) for k in best_first(fits)]


def _seen_too(shaped: Fit, others: Sequence[FittedPhoto], looked: Sequence[PhotoEvidence | None]) -> list[OtherPhoto]:
    """The other photos for the texture, as far as the head lies in them."""
    if not looked:
        return []
    from .appearance.photo_blend import OtherPhoto

    pairs = zip(others, looked, strict=True)
    return [OtherPhoto(o.portrait, with_shape_of(shaped, o.fit), found) for o, found in pairs if found is not None]


def _hair_and_texture(
    portrait: Portrait,
    shaped: Fit,
    shape: Shape,
    evidence: PhotoEvidence | None,
    settings: ReconstructionSettings,
    *,
    others: Sequence[OtherPhoto],
    stages: Stages,
    device: str,
    progress: Progress,
) -> tuple[HairLayer | None, BakedTexture | None]:
    """Both side by side where both are wanted: neither needs the other, and most of their steps use one core alone."""
    layer = texture = baked = None
    with ThreadPoolExecutor(1) as beside:
        hair = None if shape.uniform is None else shape.uniform.hair
        shown = _photo_normals(shape)
        bake = partial(stages.bake_texture, portrait, shaped, evidence, hair=hair, photo_normals=shown, device=device)
        if others:
            bake = partial(bake, others=others)
        if settings.hair == "layer" and shape.uniform is not None:
            if settings.texture_size:
                quiet = Progress(cancelled=progress.is_cancelled)
                baked = beside.submit(bake, settings=_texture_settings(settings), progress=quiet)
            with progress.stage("Hair"):
                layer = stages.make_hair(
                    portrait, shaped, shape.surface, evidence, seed=settings.seed, progress=progress
                )
                return_memory()
        if settings.texture_size:
            with progress.stage("Texture"):
                wanted = _texture_settings(settings)
                texture = bake(settings=wanted, progress=progress) if baked is None else baked.result()
    if shape.uniform is not None:
        return_memory()
    return layer, texture


def _photo_normals(shape: Shape) -> PhotoNormals | None:
    """The network's normal map, where there is one."""
    if shape.surface is None:
        return None
    from .appearance.relief import PhotoNormals

    return PhotoNormals(shape.surface.normals, shape.surface.view)


def _texture_settings(settings: ReconstructionSettings) -> TextureSettings:
    from .appearance import TextureSettings

    return TextureSettings(size=settings.texture_size, skin=settings.hair != "merged")


def _warnings_of_others(best: FittedPhoto, others: Sequence[FittedPhoto]) -> tuple[str, ...]:
    """What to know of the other photos of a person, each sentence with its photo's name."""
    if not others:
        return ()
    from .portrait.likeness import likeness_warnings

    every = (best, *others)
    told = [about(o.portrait.name, sentence) for o in others for sentence in o.portrait.warnings]
    portraits = [one.portrait for one in every]
    loose = strangers([portrait.name for portrait in portraits], [one.fit for one in every])
    return (*told, *loose, *likeness_warnings(portraits))


def _warnings(portrait: Portrait, fit: Fit, evidence: PhotoEvidence | None, *, merged: bool) -> tuple[str, ...]:
    from .evidence.glasses import glasses_warnings
    from .evidence.photograph import posed_eyes
    from .fitting.viewing_distance import distance_warnings

    found = list(portrait.warnings)
    if portrait.face_count > 1:
        others = portrait.face_count - 1
        found.append(
            f"The photo shows {others} more face{'s' if others > 1 else ''}; face {portrait.face_index} was taken, "
            "counted from the largest, 0. Choose another in the panel, or with --face and another --out."
        )
    if fit.landmark_error > _LOOSE:
        found.append(f"The landmarks fit loosely ({fit.landmark_error:.1f} %); a sharper, more frontal photo helps.")
    if fit.turn > _TURNED:
        found.append(f"The head is turned by {fit.turn:.0f} degrees; its far side is guessed from the near one.")
    found += distance_warnings(fit, focal_known=portrait.focal_px is not None)
    if evidence is not None:
        found += glasses_warnings(evidence.parsing, fit.camera.project(posed_eyes(fit)), merged=merged)
    if portrait.confidence < _UNSURE:
        found.append("The detector is not sure that this is a face; look at the result with care.")
    return tuple(found)
