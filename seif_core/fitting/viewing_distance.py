"""A photo that was taken from so near that its perspective makes a face narrow and its nose large."""

from __future__ import annotations

from typing import Final

from .fit import Fit

TOO_CLOSE: Final = 0.5
"""Metres from camera to head, as the fit finds them, below which a photo is told to be too close:
`benchmarks/too_close.py` finds all of 0.35 m and most of 0.4 m there, and none of 0.8 m and more."""

_PROFILE: Final = 45.0
"""Degrees of the head's turn from which on a distance that no focal length supports is not believed. Chosen after one
portrait in profile, which was found at half its likely distance; not measured on others."""


def distance_warnings(fit: Fit, *, focal_known: bool) -> tuple[str, ...]:
    """A sentence on a photo that was taken from too near, none on others.

    Args:
        fit: of the photo.
        focal_known: whether the photo told its focal length; without it the distance follows from the face's
            perspective alone, which a head that is turned away does not show.
    """
    distance = float(-fit.translation[2])
    if distance >= TOO_CLOSE or (not focal_known and fit.turn > _PROFILE):
        return ()
    told = (
        f"The photo was taken from about {100 * distance:.0f} cm: so near, noses look large and ears hidden, and what "
        "is behind the face is guessed; step back to 1 m or more and zoom in."
    )
    return (told,)
