"""Colours of people: skin, hair, irises, cloth, in linear light."""

from __future__ import annotations

from typing import Final

import numpy as np

from ...shapes import Float

_SKIN: Final = np.array(
    [
        [0.053, 0.020, 0.011],
        [0.112, 0.041, 0.021],
        [0.20, 0.077, 0.040],
        [0.33, 0.135, 0.076],
        [0.46, 0.200, 0.120],
        [0.58, 0.268, 0.170],
        [0.67, 0.345, 0.235],
    ]
)
"""Skin from darkest to lightest, linear RGB. About as red as cheeks on public-domain portraits are (a* 11 to 28, 20 in
the mean); the pack's skins have 1.9 times as much red as green, the Monk scale's swatches are paler than skin is."""

_HAIR: Final = np.array(
    [
        [0.011, 0.009, 0.008],
        [0.030, 0.017, 0.010],
        [0.075, 0.038, 0.019],
        [0.16, 0.090, 0.045],
        [0.36, 0.23, 0.105],
        [0.20, 0.055, 0.018],
    ]
)
"""Black, dark brown, brown, light brown, blond, red; as tried in the pack's README."""

_IRIS: Final = np.array(
    [
        [0.030, 0.014, 0.008],
        [0.075, 0.035, 0.015],
        [0.13, 0.085, 0.030],
        [0.095, 0.11, 0.050],
        [0.13, 0.15, 0.14],
        [0.085, 0.14, 0.20],
    ]
)
"""Dark brown, brown, hazel, green, grey, blue: mean of the iris without pupil, linear; by eye on sample portraits."""


def skin_colour(origin: tuple[float, float, float], random: np.random.Generator) -> Float[np.ndarray, "3"]:
    """Mean linear colour of somebody's skin, from African, Asian and Caucasian shares."""
    step = float(np.dot(origin, [1.1, 4.2, 5.0])) + random.normal() * 0.8
    step = float(np.clip(step, 0, len(_SKIN) - 1))
    low = min(int(step), len(_SKIN) - 2)
    colour = _SKIN[low] + (step - low) * (_SKIN[low + 1] - _SKIN[low])
    red = random.normal() * 0.07
    return np.clip(colour * np.array([1 + red, 1 - 0.3 * red, 1 - 0.5 * red]), 0.01, 0.9)


def hair_colour(origin: tuple[float, float, float], age: float, random: np.random.Generator) -> Float[np.ndarray, "3"]:
    """Linear colour of somebody's hair; grey comes with age, now and then it is dyed."""
    dark = origin[0] + origin[1]
    shares = (1 - dark) * np.array([0.10, 0.24, 0.24, 0.18, 0.15, 0.09]) + dark * np.array(
        [0.62, 0.28, 0.05, 0.02, 0.02, 0.01]
    )
    first, second = random.choice(len(_HAIR), 2, p=shares / shares.sum())
    mix = random.uniform(0, 0.5)
    colour = _HAIR[first] * (1 - mix) + _HAIR[second] * mix
    grey = float(np.clip((age - 2.3) / 0.6 + random.normal() * 0.35, 0, 1)) if age > 2.1 else 0.0
    white = random.uniform(0.2, 0.62) * np.array([1.0, 0.98, 0.94])
    colour = colour + (white - colour) * grey
    if random.random() < 0.03:
        colour = random.uniform(0.02, 0.5, 3)
    return np.clip(colour * random.uniform(0.75, 1.3), 0.004, 0.75)


def iris_colour(dark: float, random: np.random.Generator) -> Float[np.ndarray, "3"]:
    """Mean linear colour of an iris; `dark` is the share of origins without light eyes."""
    shares = dark * np.array([0.75, 0.22, 0.03, 0, 0, 0]) + (1 - dark) * np.array([0.08, 0.22, 0.2, 0.14, 0.13, 0.23])
    first, second = random.choice(len(_IRIS), 2, p=shares / shares.sum())
    colour = _IRIS[first] + random.uniform(0, 0.4) * (_IRIS[second] - _IRIS[first])
    return colour * random.uniform(0.7, 1.35)


def cloth_colour(random: np.random.Generator) -> Float[np.ndarray, "3"]:
    """Linear colour of cloth: many dark, some white, some strong."""
    kind = random.choice(4, p=[0.35, 0.2, 0.25, 0.2])
    if kind == 0:
        return random.uniform(0.006, 0.08) * (1 + random.normal(size=3) * [0.15, 0.1, 0.25]).clip(0.3, 2)
    if kind == 1:
        return random.uniform(0.5, 0.85) * (1 + random.normal(size=3) * 0.05)
    if kind == 2:
        return (random.uniform(0.05, 0.4) * (1 + random.normal(size=3) * 0.25)).clip(0.01, 0.9)
    strong = random.uniform(0, 1, 3) ** 2
    return np.clip(strong * random.uniform(0.3, 0.9), 0.005, 0.8)
