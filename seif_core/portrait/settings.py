"""What a user may choose about reading a photo."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from ..errors import SettingsError

BACKENDS: Final = ("mediapipe", "face-alignment")
"""Landmark backends by name: the embedded one, and the library of that name (68 points, downloads its weights)."""


@dataclass(frozen=True)
class PortraitSettings:
    """Settings of `read_portrait`.

    Attributes:
        backend: which landmark backend places the points, one of `BACKENDS`.
        allow_download: whether a backend may download its weights from the internet.
        minimum_face_px: faces whose box is narrower than this many pixels are refused.
        minimum_confidence: faces whose presence score (0..1) lies below are not counted as faces.
        dense_points: whether the many points that `Portrait.dense` holds are looked for.
        refinements: how many slightly shifted crops (each also mirrored) the landmarks are averaged over.
        parse_later: whether the portrait comes without mask and parsing, which `Portrait.finished` brings.
        maximum_megapixels: larger photos are scaled down to this many million pixels when they are decoded.
    """

    backend: str = "mediapipe"
    allow_download: bool = False
    minimum_face_px: int = 24
    minimum_confidence: float = 0.5
    dense_points: bool = True
    refinements: int = 8
    parse_later: bool = False
    maximum_megapixels: float = 50.0

    def __post_init__(self) -> None:
        """Refuse values that make no sense.

        Raises:
            SettingsError: a value lies outside its range.
        """
        if self.backend not in BACKENDS:
            raise SettingsError(f"There is no landmark backend '{self.backend}'; choose one of {', '.join(BACKENDS)}.")
        if not 0.0 <= self.minimum_confidence <= 1.0:
            raise SettingsError(f"The minimum confidence is {self.minimum_confidence}; choose a value from 0 to 1.")
        if self.minimum_face_px < 1:
            raise SettingsError(f"The minimum face size is {self.minimum_face_px} pixels; choose 1 or more.")
        if self.refinements < 1:
            raise SettingsError(f"The number of refinements is {self.refinements}; choose 1 or more.")
        if not self.maximum_megapixels > 0:
            raise SettingsError(f"The size limit is {self.maximum_megapixels} megapixels; choose more than 0.")
