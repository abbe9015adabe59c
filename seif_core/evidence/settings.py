"""How the photo is looked at."""

from __future__ import annotations

from dataclasses import dataclass, field

from ..errors import SettingsError


@dataclass(frozen=True)
class LightSettings:
    """How the light on the face is estimated (`lighting`). All values were chosen by eye on the sample portraits.

    Attributes:
        ridge: of the nine harmonics in the order of `lighting.harmonics`: penalty on each, against pixels of weight 1;
            the constant one has none, those of second order the most, for a face shows only a part of the sphere.
        most_pixels: about how many pixels are solved for; more change nothing.
        rounds: of reweighting.
        outlier: residual, in robust standard deviations, at which a pixel counts half.
        noise: least standard deviation of a pixel's brightness, as a share of the skin's.
        range: of the light that is divided out, darkest and brightest, against 1.
        facing: cosine to the camera from which skin counts, not at all and wholly.
        trust: of a pixel from which it is looked at, 0..1.
        least_pixels: fewer pixels of skin tell no light.
    """

    ridge: tuple[float, ...] = (0.0, 0.004, 0.004, 0.004, 0.03, 0.03, 0.03, 0.03, 0.03)
    most_pixels: int = 12000
    rounds: int = 12
    outlier: float = 1.5
    noise: float = 0.02
    range: tuple[float, float] = (0.4, 2.0)
    facing: tuple[float, float] = (0.15, 0.4)
    trust: float = 0.3
    least_pixels: int = 100


@dataclass(frozen=True)
class SkinColourSettings:
    """How pixels are compared with this person's skin (`skin_colour_model`). Chosen by eye on the sample portraits.

    Attributes:
        floor: least standard deviations of skin in L*, a*, b*: light that was not evened, make-up, blood.
        trimmed: samples farther from the middle than so many robust standard deviations are left out.
        rounds: of trimming.
        least_samples: fewer pixels of certain skin tell no colour, and everything may be skin.
        like: distance in standard deviations at which a pixel is wholly like skin, and not at all.
        closed: radius in head widths of the holes in skin that are filled: moles.
        opened: radius in head widths of the patches that are left out: skin-coloured specks of cloth and hair.
        shrunk: radius in head widths by which skin keeps away from what hangs over its edge.
        blur: standard deviation in head widths of the map's soft edge.
        facing: least cosine to the camera of a pixel whose colour is measured.
        inside: least share of `PhotoEvidence.inside` of such a pixel.
        default: linear colour of skin where none is seen.
    """

    floor: tuple[float, float, float] = (16.0, 3.5, 4.0)
    trimmed: float = 2.5
    rounds: int = 4
    least_samples: int = 30
    like: tuple[float, float] = (2.2, 3.6)
    closed: float = 0.012
    opened: float = 0.03
    shrunk: float = 0.012
    blur: float = 0.008
    facing: float = 0.35
    inside: float = 0.5
    default: tuple[float, float, float] = (0.55, 0.33, 0.25)


@dataclass(frozen=True)
class EarOcclusionSettings:
    """When hair covers an ear (`ear_occlusion`). Chosen by eye on the sample portraits.

    Attributes:
        least_pixels: an ear of fewer pixels is not seen.
        inside: least share of `PhotoEvidence.inside` of an ear's pixel: at the mask's edge it may show the background.
        covered: share of an ear's pixels that are hair: bare up to the first, covered from the second.
    """

    least_pixels: int = 30
    inside: float = 0.3
    covered: tuple[float, float] = (0.45, 0.7)


@dataclass(frozen=True)
class EvidenceSettings:
    """How the photo is looked at.

    Attributes:
        side: pixels of the longer side of the fitted head in the picture that is looked at.
        evening: how much of the estimated light is divided out before colours are compared, 0 for none, 1 for all; less
            than all, for the estimate errs most where the light is least. Chosen by eye on the sample portraits.
        light: how the light is estimated.
        skin: how skin is told by its colour.
        ears: when an ear is under hair.
    """

    side: int = 512
    evening: float = 0.9
    light: LightSettings = field(default_factory=LightSettings)
    skin: SkinColourSettings = field(default_factory=SkinColourSettings)
    ears: EarOcclusionSettings = field(default_factory=EarOcclusionSettings)

    def __post_init__(self) -> None:
        """Refuse what makes no sense.

        Raises:
            SettingsError: a value is out of its range.
        """
        if self.side < 64:
            raise SettingsError(f"The photo was to be looked at with {self.side} pixels; choose 64 or more.")
        if not 0.0 <= self.evening <= 1.0:
            raise SettingsError(f"The light was to be evened by {self.evening}; choose 0 to 1.")
