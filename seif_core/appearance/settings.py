"""What a user can choose about the texture."""

from __future__ import annotations

from dataclasses import dataclass, field

from ..errors import SettingsError


@dataclass(frozen=True)
class ReliefSettings:
    """How relief is made (`relief`). What has no other source was chosen by eye on sample and public-domain portraits.

    Attributes:
        side: pixels of the map's side at most.
        tilt: degrees by which skin may lean from the mesh at most; the network errs by more at outlines alone.
        shown: trust in a texel's photo from which the network's map counts, not at all and wholly.
        edge: metres of the Gaussian over which the network's map fades in from the edge of what is seen.
        width: metres of the Gaussian below which the texture tells of relief: wider is pigment, or light.
        depth: metres that a texel lies deeper for being darker by 1 in sRGB lightness.
        steepest: slope that pores and wrinkles may have at most.
        line_width: metres of the Gaussian below which the texture tells of brows, folds and beards.
        line_depth: metres that such a place lies deeper for being darker by 1 in sRGB lightness.
        line_least: sRGB lightness that counts by half as such a place: less is the skin's mottling, or a JPEG's blocks.
        line_soft: metres of the Gaussian that such places are smoothed by.
        line_edge: metres of the Gaussian over which they fade in from the edge of what is seen.
        line_steepest: slope that they may have at most.
        longest: metres; heights that change over more than 2 pi times this, 15 mm, are left to the mesh, which has an
            edge of 5 mm for each third of them.
    """

    side: int = 1024
    tilt: float = 40.0
    shown: tuple[float, float] = (0.1, 0.6)
    edge: float = 0.005
    width: float = 0.0012
    depth: float = 0.0015
    steepest: float = 0.35
    line_width: float = 0.006
    line_depth: float = 0.005
    line_least: float = 0.04
    line_soft: float = 0.0003
    line_edge: float = 0.002
    line_steepest: float = 0.6
    longest: float = 0.0024


@dataclass(frozen=True)
class ExpressionLineSettings:
    """How folds of the photo's expression are taken out (`expression_lines`); chosen by eye on public-domain portraits.

    Attributes:
        pressed: share by which skin is pressed together from which lines are the expression's, not at all, wholly.
        smooth: stiffness of the mesh's edges by which pressing is spread around.
        strength: how much of a line is taken out.
        side: pixels of the picture's side at most in which lines are looked for.
        width: metres of the Gaussian below which what is darker or lighter is a line.
        soft: metres of the Gaussian that lines are smoothed by: pores stay.
        least: sRGB lightness that counts by half as a line.
        long: metres of the Gaussian over which a line goes one way.
        along: how far it must, not at all and wholly: freckles go every way.
        deep: sRGB lightness by which a darker place is a fold that need not, not at all and wholly.
    """

    pressed: tuple[float, float] = (0.02, 0.10)
    smooth: float = 4.0
    strength: float = 0.9
    side: int = 512
    width: float = 0.010
    soft: float = 0.0006
    least: float = 0.02
    long: float = 0.003
    along: tuple[float, float] = (0.3, 0.7)
    deep: tuple[float, float] = (0.05, 0.12)


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
        relief: the normal map of what is finer than the mesh; None for none.
        expression_lines: how folds of the photo's expression are taken out of the head at rest; None to keep them.
    """

    size: int = 2048
    evening: float = 0.9
    align: bool = True
    photo_side: int = 1600
    skin: bool = False
    relief: ReliefSettings | None = field(default_factory=ReliefSettings)
    expression_lines: ExpressionLineSettings | None = field(default_factory=ExpressionLineSettings)

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
