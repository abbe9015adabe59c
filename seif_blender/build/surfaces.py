"""Kinds of surface and how they look: one material slot each.

Sources of the values: index of refraction of skin 1.4 and scattering of light in skin over 1 to 4 mm, most in red
(Jensen et al., A practical model for subsurface light transport, SIGGRAPH 2001); cornea 1.376; enamel 1.62. The eyeball
itself is dull and its film of tears a clear coat, so that the highlight is small and sharp and the white does not shine
as a whole. Tongue and lining of the mouth lie in the shade of lips and teeth, which EEVEE's world light shines
through: with the highlight of wet flesh the tongue's back was a silver wall in the throat, and with a weak one its rim
still was, for at grazing angles every highlight is strong. So they have none. What is inside the mouth glows a little
instead: cheeks let light through and wet flesh throws it on, which a path tracer of opaque skin does not know, and the
open mouth was a black hole in Cycles. How much was chosen by eye on two portraits.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final


@dataclass(frozen=True)
class Surface:
    """How one kind of surface looks.

    Attributes:
        name: name of the material.
        parts: names of the model's parts that wear it.
        colour: sRGB 0..1 for a head without texture.
        roughness: Principled roughness.
        ior: index of refraction.
        subsurface: subsurface weight.
        scatter: metres, subsurface radius for red, green and blue.
        coat: weight of a clear coat (wetness).
        specular: Principled specular IOR level, 0.5 for what the index of refraction says.
        lining: worn by those faces of the parts alone that line the mouth, which no other surface then has.
        glow: emission strength of its own colour.
    """

    name: str
    parts: tuple[str, ...]
    colour: tuple[float, float, float]
    roughness: float
    ior: float
    subsurface: float = 0.0
    scatter: tuple[float, float, float] = (0.001, 0.001, 0.001)
    coat: float = 0.0
    specular: float = 0.5
    lining: bool = False
    glow: float = 0.0


_FLESH: Final = (0.0037, 0.0014, 0.0007)
"""Metres that red, green and blue light travel under skin and tongue; the module's docstring names the source."""
_ENAMEL: Final = (0.001, 0.0009, 0.0007)
"""Metres in teeth; chosen by eye."""

SURFACES: Final = (
    Surface("skin", ("skin",), (0.80, 0.62, 0.53), 0.48, 1.4, 0.15, _FLESH),
    Surface("eyes", ("eye_left", "eye_right"), (0.90, 0.88, 0.86), 0.3, 1.376, coat=1.0),
    Surface("teeth", ("teeth_upper", "teeth_lower"), (0.90, 0.87, 0.80), 0.22, 1.62, 0.1, _ENAMEL, glow=0.04),
    Surface("tongue", ("tongue",), (0.70, 0.36, 0.34), 0.45, 1.4, 0.2, _FLESH, specular=0.0, glow=0.2),
    Surface("lashes", ("lashes",), (0.14, 0.10, 0.08), 0.6, 1.55),
    Surface("mouth", ("skin",), (0.42, 0.17, 0.16), 0.6, 1.4, specular=0.0, lining=True, glow=0.5),
)
