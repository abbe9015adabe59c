"""What a user can choose about the texture."""

from __future__ import annotations

from dataclasses import dataclass

from ..errors import SettingsError


@dataclass(frozen=True)
class TextureSettings:
    """Settings of `bake_texture`.

    Attributes:
        size: width and height of the texture in texels.
        evening: how much of the estimated light is divided out, 0 leaves the photo's light in, 1 removes it.
        align: whether the photo is bent by the fit's remaining landmark errors, so that lids and lips sit where the
            mesh has them.
        photo_side: longest side in pixels to which the head is scaled down before it is projected.
        skin: whether the texture is skin everywhere, what covers it taken away, where the photo was parsed; otherwise
            hair is painted on it.
    """

    size: int = 2048
    evening: float = 0.9
    align: bool = True
    photo_side: int = 1600
    skin: bool = False

    def __post_init__(self) -> None:
        """Refuse what makes no sense.

        Raises:
            SettingsError: a value is out of its range.
        """
        if not 16 <= self.size <= 8192:
            raise SettingsError(f"A texture of {self.size} texels was asked for; choose 16 to 8192.")
        if not 0.0 <= self.evening <= 1.0:
            raise SettingsError(f"The light was to be evened by {self.evening}; choose 0 to 1.")
        if self.photo_side < 64:
            raise SettingsError(f"The photo was to be scaled to {self.photo_side} pixels; choose 64 or more.")
