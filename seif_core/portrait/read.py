"""Photo file to `Portrait`: the first arrow of the pipeline."""

from __future__ import annotations

import logging
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path
from typing import Final

import numpy as np

from ..errors import PhotoUnsuitableError, SettingsError
from ..progress import Progress
from .crop import Pyramid
from .cut_out import put_back
from .decode import Photo, decode_photo
from .detection import overlap, search_passes
from .drawing import Look, look_of
from .face_mesh import FaceMeshBackend
from .landmarks import LandmarkBackend, Landmarks
from .matting import head_mask
from .occlusion import occlusion_warnings
from .parsing import parse_head
from .points import find_points
from .portrait import Portrait
from .settings import PortraitSettings
from .surroundings import picture_around

_LOG = logging.getLogger(__name__)
_SAME: Final = 0.3
"""Overlap of two bounds from which they show one face. Chosen, not measured."""


def read_portrait(
    path: Path,
    *,
    face: int = 0,
    settings: PortraitSettings | None = None,
    progress: Progress | None = None,
) -> Portrait:
    """Read a photo and find a head in it.

    Args:
        path: the photo.
        face: which face, counted from the largest (0).
        settings: see `PortraitSettings`.
        progress: told the fraction done; asked whether to go on.

    Raises:
        PhotoNotFoundError: no such file, or a directory.
        PhotoUnreadableError: no picture, or a damaged one.
        PhotoUnsuitableError: no face, too small a face, a drawing, fewer faces than asked for, too large or small a
            picture, a camera raw file without a preview. A bad photo (too bright, too dark, coarsely compressed) is
            none of these: its portrait has warnings.
        SettingsError: `face` is negative.
        DependencyError: torch or the landmark backend is not installed, or may not download what it needs.
        ModelError: a network that ships is missing or damaged.
        CancelledError: the job was cancelled.
    """
    settings, progress = settings or PortraitSettings(), progress or Progress()
    if face < 0:
        raise SettingsError(f"Face number {face} was asked for; faces are counted from 0, the largest.")
    backend = _backend(settings)
    photo = decode_photo(path, settings.maximum_megapixels)
    progress.step(0.3)
    pyramid = Pyramid(photo.pixels)
    faces = find_faces(pyramid, backend, settings, progress)
    chosen = _choose(faces, face, photo.name, settings)
    look = look_of(pyramid, chosen)
    _refuse_drawing(look, photo.name)
    progress.step(0.6)
    landmarks, others = backend.locate(pyramid, chosen), [f for f in faces if f is not chosen]
    picture = picture_around(photo.pixels, landmarks)
    back = None
    if picture is not None:
        back, pyramid = picture.back(photo.pixels), Pyramid(picture.pixels)
        photo = replace(photo, pixels=picture.pixels, whole_frame=False)
        landmarks, others = backend.locate(pyramid, picture.moved(landmarks)), [picture.moved(f) for f in others]
    progress.step(0.8)

    def whole(found: Portrait) -> Portrait:
        parsing = parse_head(pyramid, landmarks, others)
        mask = head_mask(pyramid, landmarks, parsing)
        done = replace(found, mask=mask, parsing=parsing, unfinished=None)
        covers = occlusion_warnings(done) if look.telling else ()
        return replace(done, warnings=(*done.warnings, *covers))

    portrait = Portrait(
        name=photo.name,
        sha256=photo.sha256,
        pixels=photo.pixels,
        landmarks=landmarks.points,
        landmark_scheme=backend.scheme,
        mask=np.zeros(photo.pixels.shape[:2], np.uint8),
        box=landmarks.bounds.astype(np.float32),
        roll=landmarks.roll,
        face_count=len(faces),
        face_index=face,
        focal_px=photo.focal_px,
        confidence=landmarks.presence,
        whole_frame=photo.whole_frame,
        photo=back,
        warnings=(*photo.warnings, *look.warnings(photo.name)),
        unfinished=whole,
    )
    with ThreadPoolExecutor(1) as beside:  # neither needs the other
        dense = beside.submit(find_points, pyramid, landmarks) if settings.dense_points else None
        portrait = portrait if settings.parse_later else portrait.finished()
    return put_back(portrait if dense is None else replace(portrait, dense=dense.result()))


def faces_of_photo(path: Path, settings: PortraitSettings, progress: Progress) -> tuple[Photo, list[Landmarks]]:
    """The upright photo, and first looks at all of its faces that are large enough, largest first.

    Raises:
        PhotoError: as `read_portrait`; also where no face is large enough.
        DependencyError: as `read_portrait`.
    """
    photo = decode_photo(path, settings.maximum_megapixels)
    progress.step(0.3)
    faces = find_faces(Pyramid(photo.pixels), _backend(settings), settings, progress)
    _choose(faces, 0, photo.name, settings)
    return photo, [face for face in faces if face.size >= settings.minimum_face_px]


def find_faces(
    pyramid: Pyramid, backend: LandmarkBackend, settings: PortraitSettings, progress: Progress
) -> list[Landmarks]:
    """First looks at all faces of the picture, largest first; empty if there is none."""
    for candidates in search_passes(pyramid):
        progress.step(0.4)
        looks = [backend.check(pyramid, candidate.crop()) for candidate in candidates]
        faces = _distinct([look for look in looks if look.presence >= settings.minimum_confidence])
        if faces:
            return faces
    return []


def _distinct(faces: list[Landmarks]) -> list[Landmarks]:
    kept: list[Landmarks] = []
    for face in sorted(faces, key=lambda f: -f.size):
        if all(overlap(face.bounds, other.bounds) < _SAME for other in kept):
            kept.append(face)
    return kept


def _choose(faces: list[Landmarks], face: int, name: str, settings: PortraitSettings) -> Landmarks:
    if not faces:
        raise PhotoUnsuitableError(
            f"No face of {settings.minimum_face_px} pixels or more was found in {name}; "
            "choose a photo that shows a face from the front, or larger."
        )
    if face >= len(faces):
        shown, last = ("1 face", "0") if len(faces) == 1 else (f"{len(faces)} faces", f"0 to {len(faces) - 1}")
        raise PhotoUnsuitableError(
            f"{name} shows {shown}, but face number {face} was asked for; faces are counted from 0, the largest: "
            f"choose {last}."
        )
    size = faces[face].size
    if size < settings.minimum_face_px:
        raise PhotoUnsuitableError(
            f"The face in {name} is {int(size)} pixels high, fewer than {settings.minimum_face_px}; "
            "choose a photo with a larger face."
        )
    return faces[face]


def _refuse_drawing(look: Look, name: str) -> None:
    if look.drawn:
        raise PhotoUnsuitableError(
            f"The face in {name} looks drawn ({look.flat:.0%} of it has one flat colour each); "
            "choose a photo of a person."
        )


def _backend(settings: PortraitSettings) -> LandmarkBackend:
    if settings.backend == "face-alignment":
        from .face_alignment_backend import FaceAlignmentBackend

        return FaceAlignmentBackend(allow_download=settings.allow_download)
    return FaceMeshBackend(settings.refinements)
