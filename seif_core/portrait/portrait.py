"""What is known of a photo before a model is fitted to it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from ..shapes import Bool, Float, Float32, UInt8

if TYPE_CHECKING:
    from .dense_points import DensePoints
    from .head_parsing import HeadParsing
    from .surroundings import Picture


@dataclass(frozen=True, eq=False)
class Portrait:
    """An upright photo with its chosen face.

    Pixels: origin at the top left corner of the image (pixel centres at +0.5), x right, y down.

    Attributes:
        name: file name without folder.
        sha256: of the file's bytes.
        pixels: (H, W, 3) uint8 sRGB, EXIF orientation applied, alpha composited on white; the full photo.
        landmarks: (478, 3) float32: MediaPipe Face Mesh points; x, y in pixels of `pixels`, z in pixels, negative
            towards the viewer, relative to the head's centre. Rows 468..477 are the irises.
        landmark_scheme: name of the landmark set, ``mediapipe478`` or ``ibug68`` (then (68, 3), z = 0).
        mask: (H, W) uint8, 255 on the head (face, hair, ears, neck) of the chosen person, 0 elsewhere.
        box: (4,) float32 x0, y0, x1, y1 of the chosen face in pixels.
        roll: in-plane tilt of the head in radians, positive clockwise as seen in the picture.
        face_count: faces found in the picture; `face_index` is the chosen one, counted from the largest.
        face_index: see `face_count`.
        focal_px: focal length in pixels from EXIF, or None when the photo does not tell.
        confidence: the detector's presence score of the chosen face in 0..1.
        whole_frame: whether the picture shows all that its camera saw, so that the principal point is its middle.
        warnings: sentences about what was changed in the photo to read it, and what looks bad in it.
        parsing: what each pixel of the head's crop shows; None where nobody asked.
        dense: many points of the head with doubts; None where nobody asked.
        picture: the picture that the face lies in, where the photo is a page around it (`surroundings`); else None.
        photo: the photo, where this portrait is of such a picture alone (`cut_out`).
        unfinished: makes the whole portrait of one whose mask and parsing come later; None for a whole one.
    """

    name: str
    sha256: str
    pixels: UInt8[np.ndarray, "H W 3"]
    landmarks: Float32[np.ndarray, "L 3"]
    landmark_scheme: str
    mask: UInt8[np.ndarray, "H W"]
    box: Float32[np.ndarray, "4"]
    roll: float
    face_count: int
    face_index: int
    focal_px: float | None
    confidence: float
    whole_frame: bool = False
    warnings: tuple[str, ...] = ()
    parsing: HeadParsing | None = None
    dense: DensePoints | None = None
    picture: Picture | None = None
    photo: Picture | None = None
    unfinished: Callable[[Portrait], Portrait] | None = None

    def finished(self) -> Portrait:
        """The portrait with mask and parsing (`PortraitSettings.parse_later`); a whole one as it is."""
        return self if self.unfinished is None else self.unfinished(self)

    def beyond(self, points: Float[np.ndarray, "N 2"]) -> Bool[np.ndarray, " N"]:
        """Which points, in pixels, lie outside the photo, or outside the picture in it."""
        shown = self.pixels if self.picture is None else self.picture.pixels
        places = points if self.picture is None else self.picture.places(points)
        return ((places < 0) | (places > (shown.shape[1], shown.shape[0]))).any(1)

    @property
    def principal_point(self) -> tuple[float, float]:
        """Where the optical axis meets the picture, pixels.

        The picture's middle where it is whole; else the face's, as if the camera had been pointed at it: most pictures
        without a camera's EXIF are cut out of something, and any other point would give the same face another head
        wherever it is pasted. The middle of the landmarks keeps to the face through shift, turn and scale.
        """
        if self.whole_frame:
            height, width = self.pixels.shape[:2]
            return width / 2, height / 2
        x, y = self.landmarks[:, :2].astype(np.float64).mean(0)
        return float(x), float(y)
