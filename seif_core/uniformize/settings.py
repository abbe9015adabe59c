"""What may be chosen about the uniform mesh."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise
from typing import Final

from ..errors import SettingsError

PHOTO_COARSE_FIT: Final = 0.67
"""`UniformizeSettings.coarse_fit` for a surface that networks made of a photo. Fit and surface err by about as much and
in different ways, so a place between them is nearer than each; by `benchmarks/places.py`."""


@dataclass(frozen=True)
class UniformizeSettings:
    """Choices of `register`; lengths are in head heights, from the chin to the crown, so that they suit any head.

    Attributes:
        hair: whether scalp and nape follow the surface (the whole silhouette) or keep the fit (a bald head).
        subdivisions: 0 for the model's own topology, 1 for the model subdivided once.
        wavelengths: smoothing length of each level, coarse to fine; bumps much shorter than 2 pi times this are left.
        fine_wavelengths: the same for the second pass, on the subdivided mesh.
        iterations: how often each level matches and solves.
        distance_limit: matches farther than this are ignored.
        robust_scale: distance at which a match counts a quarter in the finest level; coarser levels are laxer.
        code_scale: difference of semantic codes at which a match counts 1 / e.
        stiffness: how many times stiffer than the rest lids, lips, nostrils, ears and hollows are.
        untangle_rounds: rounds of attachments for inverted and self-intersecting places before going back.
        codes: whether semantic codes count in the matching.
        robust: whether matches count less the farther they are.
        own_skin: whether matches count less the farther from the fit they are (`matching.own_share`).
        prior: weight of the fit itself against the surface's, on skin without hair.
        tangential: share of the way along the surface that matches draw hair in the coarsest level.
        skin_return: share of what it has slid along the surface that skin without hair gives back in each match: there
            the fit knows its place from landmarks.
        coarse_fit: share of the fit in what is coarser than `coarse_length`, on bare skin; `PHOTO_COARSE_FIT` for
            the surface of a photo, 0 for one that is known to be right.
        coarse_length: smoothing length that parts coarse from fine; waves of 2 pi times this are parted by half.
        ear_hold: whether ears are held at the fit.
        flat_ears: whether ears under hair are laid flat first.
    """

    hair: bool = True
    subdivisions: int = 0
    wavelengths: tuple[float, ...] = (0.25, 0.1, 0.04, 0.015, 0.006)
    fine_wavelengths: tuple[float, ...] = (0.006, 0.003)
    iterations: int = 4
    distance_limit: float = 0.5
    robust_scale: float = 0.05
    code_scale: float = 0.2
    stiffness: float = 300.0
    untangle_rounds: int = 14
    codes: bool = True
    robust: bool = True
    own_skin: bool = True
    prior: float = 0.03
    tangential: float = 0.3
    skin_return: float = 0.3
    coarse_fit: float = 0.0
    coarse_length: float = 0.014
    ear_hold: bool = True
    flat_ears: bool = True

    def __post_init__(self) -> None:
        """Refuse values that make no sense.

        Raises:
            SettingsError: a value lies outside its range.
        """
        if self.subdivisions not in {0, 1}:
            raise SettingsError(f"{self.subdivisions} subdivisions were asked for; choose 0 or 1.")
        for lengths in (self.wavelengths, self.fine_wavelengths):
            if not lengths or min(lengths) <= 0 or any(a < b for a, b in pairwise(lengths)):
                raise SettingsError(f"The smoothing lengths {lengths} must be positive and go from coarse to fine.")
        positive = "iterations distance_limit robust_scale code_scale coarse_length stiffness untangle_rounds"
        for name in positive.split():
            if getattr(self, name) <= 0:
                raise SettingsError(f"The setting {name} is {getattr(self, name)}; it must be more than 0.")
