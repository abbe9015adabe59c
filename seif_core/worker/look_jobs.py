"""A quick look at a photo before anything is made of it: which faces it shows; docs/worker-protocol.md, `look`."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from ..errors import SettingsError
from ..photo_source import photo_file
from ..progress import Progress
from .model_jobs import absolute_path

if TYPE_CHECKING:
    from PIL.Image import Image

    from ..portrait.landmarks import Landmarks

STAGES: Final = {"look": {"Faces": 1.0}}
"""Stages with their shares of the time."""
MOST_PICTURES: Final = 8
"""Faces of which a picture is made: more do not fit beside each other in a sidebar."""
_SIDE: Final = 384
"""Pixels of the longer side of such a picture, enough for a thumbnail of 7 rows on a screen of twice the usual dots."""
_CHOSEN: Final = (255, 150, 30)
_OTHER: Final = (230, 230, 230)
"""Colours of the frames."""


def look(request: dict[str, Any], progress: Progress) -> dict[str, Any]:
    """Find the faces of a photo, and for each write a small picture of the photo with that face framed.

    Args:
        request: see docs/worker-protocol.md.
        progress: told the stage; may cancel.

    Raises:
        SettingsError: a field is missing or makes no sense.
        PhotoError: the photo cannot be read, or shows no face.
        OutputError: the pictures cannot be written.
    """
    from ..portrait import PortraitSettings
    from ..portrait.read import faces_of_photo

    photo, folder = absolute_path(request, "photo"), absolute_path(request, "folder")
    settings = PortraitSettings(
        backend=str(request.get("landmarks") or "mediapipe"), allow_download=request.get("online") is True
    )
    with progress.stage("Faces"), photo_file(photo) as file:
        found, faces = faces_of_photo(file, settings, progress)
        pictures = _write_pictures(found.pixels, faces[:MOST_PICTURES], folder)
    height, width = found.pixels.shape[:2]
    return {
        "report": {
            "faces": [[round(float(v), 1) for v in face.bounds] for face in faces],
            "pictures": pictures,
            "width": width,
            "height": height,
        }
    }


def _write_pictures(pixels: Any, faces: Sequence[Landmarks], folder: Path) -> list[str]:  # noqa: ANN401 - (H, W, 3)
    from PIL import Image

    from ..results import output_errors

    if not folder.is_dir():
        raise SettingsError("The request's 'folder' is no folder.")
    small = Image.fromarray(pixels)
    scale = _SIDE / max(small.size)
    small = small.resize([max(1, round(side * scale)) for side in small.size], Image.Resampling.LANCZOS)
    names = []
    for chosen in range(len(faces)):
        path = folder / f"face-{chosen + 1}.png"
        with output_errors(path):
            _framed(small, faces, chosen, scale).save(path)
        names.append(path.name)
    return names


def _framed(picture: Image, faces: Sequence[Landmarks], chosen: int, scale: float) -> Image:
    """The picture with a frame around each face, and its number where there are several."""
    from PIL import ImageDraw

    made = picture.copy()
    pen = ImageDraw.Draw(made)
    for number in sorted(range(len(faces)), key=lambda n: n == chosen):
        box = [float(v) * scale for v in faces[number].bounds]
        colour = _CHOSEN if number == chosen else _OTHER
        pen.rectangle(box, outline=colour, width=4 if number == chosen else 2)
        if len(faces) > 1:
            x, y = box[0] + 4, max(0.0, box[1] - 2)
            pen.text((x, y), str(number + 1), fill=colour, font_size=22, stroke_width=2, stroke_fill=(0, 0, 0))
    return made
