"""The parsing's shares where the photo's pixels are."""

import numpy as np
import pytest

from seif_core.portrait.crop import Crop
from seif_core.portrait.head_parsing import CLASSES, HeadParsing


def _disc(crop: Crop, side: int, at: tuple[float, float], radius: float) -> HeadParsing:
    rows, columns = np.mgrid[:side, :side]
    points = crop.to_photo(np.stack([columns.ravel() + 0.5, rows.ravel() + 0.5], 1) / side)
    hair = (np.linalg.norm(points - np.array(at), axis=1) < radius).reshape(side, side)
    shares = np.zeros((len(CLASSES), side, side), np.float32)
    shares[CLASSES.index("hair")] = hair
    shares[CLASSES.index("background")] = ~hair
    return HeadParsing(crop, shares)


@pytest.mark.parametrize("angle", [0.0, 0.7, -2.0])
def test_a_turned_crop_puts_its_classes_where_the_photo_shows_them(angle: float) -> None:
    parsing = _disc(Crop(100, 90, 120, angle), 128, (120.0, 70.0), 12.0)
    shown = parsing.in_photo("hair", size=(200, 180))
    rows, columns = np.nonzero(shown > 0.5)
    assert (columns.mean() + 0.5, rows.mean() + 0.5) == pytest.approx((120, 70), abs=0.2)
    assert len(rows) == pytest.approx(np.pi * 144, rel=0.05)


def test_a_scaled_piece_of_the_photo_shows_the_classes_at_its_own_pixels() -> None:
    parsing = _disc(Crop(100, 90, 120), 128, (120.0, 70.0), 12.0)
    shown = parsing.in_photo("hair", size=(100, 80), origin=(90, 50), scale=2.0)
    rows, columns = np.nonzero(shown > 0.5)
    assert (columns.mean() + 0.5, rows.mean() + 0.5) == pytest.approx((60, 40), abs=0.4)


def test_outside_the_crop_all_is_background() -> None:
    parsing = _disc(Crop(100, 90, 20), 32, (100.0, 90.0), 30.0)
    assert parsing.in_photo("hair", size=(200, 180))[0, 0] == 0
    assert parsing.in_photo("background", size=(200, 180))[0, 0] == 1
