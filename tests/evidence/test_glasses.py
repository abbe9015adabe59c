"""Thin glasses that the parsing hardly sees."""

from __future__ import annotations

import cv2
import numpy as np
import pytest
from fake_stages import sample_portrait

from seif_core.evidence import glasses
from seif_core.portrait import Portrait
from seif_core.portrait.crop import Crop
from seif_core.portrait.head_parsing import CLASSES, HeadParsing

SIDE = 256
EYES = np.array([[98.0, 120.0], [158.0, 120.0]])
GLASSES, SKIN = CLASSES.index("glasses"), CLASSES.index("skin")
COLOUR = np.array([210, 170, 150])


def frame(thickness: int = 2, *, temples: bool = True) -> np.ndarray:
    """Two rims, a bridge and two temples, (S, S) bool, pixels of the photo."""
    drawn = np.zeros((SIDE, SIDE), np.uint8)
    for (x, y), end in zip(EYES.astype(int), (30, 226), strict=True):
        cv2.ellipse(drawn, (int(x), int(y) + 4), (22, 16), 0, 0, 360, 1, thickness)
        if temples:
            cv2.line(drawn, (int(x) + (22 if end > x else -22), 122), (end, 118), 1, thickness)
    cv2.line(drawn, (120, 122), (136, 122), 1, thickness)
    return drawn > 0


def photo(line: float, share: float, *, shadow: bool = False) -> Portrait:
    """Skin with a frame that is darker by `line` of 255 and has a share of `share` in the parsing."""
    pixels = np.full((SIDE, SIDE, 3), COLOUR, np.uint8)
    if shadow:
        pixels[np.roll(frame(), 1, axis=0)] = (COLOUR * 0.8).astype(np.uint8)
    pixels[frame()] = (COLOUR - line).clip(0).astype(np.uint8)
    shares = np.zeros((len(CLASSES), SIDE, SIDE), np.float32)
    shares[GLASSES] = share * cv2.GaussianBlur(frame().astype(np.float32), (0, 0), 1.0)
    shares[SKIN] = 1 - shares[GLASSES]
    parsing = HeadParsing(Crop(SIDE / 2, SIDE / 2, SIDE), shares)
    return sample_portrait(pixels=pixels, mask=np.full((SIDE, SIDE), 255, np.uint8), parsing=parsing)


@pytest.fixture(autouse=True)
def closer_look(monkeypatch):
    """The network, asked from close by, sees what the first parsing saw."""

    def seen(portrait_and_crop):
        portrait, crop = portrait_and_crop
        at = crop.matrix(SIDE)
        flags = cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP
        return np.stack([cv2.warpAffine(s, at, (SIDE, SIDE), flags=flags) for s in portrait.parsing.shares])

    held = {}
    monkeypatch.setattr(glasses, "inputs_of", lambda _pyramid, _landmarks, crop: (held["portrait"], crop))
    monkeypatch.setattr(glasses, "shares_of", seen)
    return held


def told(held, portrait: Portrait) -> HeadParsing:
    held["portrait"] = portrait
    found = glasses.with_glasses(portrait, EYES)
    assert found is not None
    return found


def test_thin_frame_becomes_sure_and_the_skin_beside_it_stays_skin(closer_look):
    portrait = photo(line=80, share=0.3)
    found = told(closer_look, portrait)
    assert found.share("glasses")[frame(1)].mean() > 0.9
    assert found.shares.sum(0) == pytest.approx(1, abs=1e-5)
    away = cv2.dilate(frame().astype(np.uint8), np.ones((15, 15))) == 0
    assert found.share("skin")[away].min() > 0.99


def test_rims_are_sure_all_round_and_what_lies_within_them_stays_skin(closer_look):
    """Lower rims, of which the parsing says least, were left on cheeks; lids and brows were taken for frames."""
    portrait = photo(line=60, share=0.12)
    found = told(closer_look, portrait).share("glasses")
    rims = frame(1, temples=False)
    assert np.quantile(found[rims], 0.05) > 0.8
    for x, y in EYES.astype(int):
        assert found[y - 3 : y + 8, x - 9 : x + 10].max() < 0.05


def test_shadow_below_a_rim_goes_with_it(closer_look):
    found = told(closer_look, photo(line=60, share=0.2, shadow=True)).share("glasses")
    shadow = np.roll(frame(1, temples=False), 2, axis=0)
    assert found[shadow].mean() > 0.8


def test_furrow_that_the_parsing_takes_for_a_bridge_stays_skin(closer_look):
    portrait = photo(line=4, share=0.3)
    assert told(closer_look, portrait) is portrait.parsing


def test_dark_line_that_the_parsing_does_not_know_stays_skin(closer_look):
    portrait = photo(line=80, share=0.005)
    assert told(closer_look, portrait) is portrait.parsing


def test_brows_lids_and_bags_are_no_rims(closer_look):
    """Dark brows and bags under the eyes, which the parsing takes a little for glasses, close around no eye."""
    portrait = photo(line=0, share=0.06)
    pixels = portrait.pixels.copy()
    for x, y in EYES.astype(int).tolist():
        cv2.ellipse(pixels, (x, y - 2), (18, 16), 0, 200, 340, (90, 60, 50), 4)
        cv2.ellipse(pixels, (x, y), (12, 9), 0, 20, 160, (170, 125, 110), 2)
        cv2.ellipse(pixels, (x, y), (10, 4), 0, 0, 360, (60, 40, 40), -1)
    bare = sample_portrait(pixels=pixels, mask=portrait.mask, parsing=portrait.parsing)
    assert told(closer_look, bare) is bare.parsing


def test_photo_that_was_not_parsed_has_no_glasses():
    assert glasses.with_glasses(sample_portrait(), EYES) is None


def test_glasses_that_the_head_does_not_wear_are_told_and_a_bare_face_is_not(closer_look):
    """They were taken off without a word."""
    worn = told(closer_look, photo(line=80, share=0.3))
    sentences = glasses.glasses_warnings(worn, EYES)
    assert len(sentences) == 1
    assert "glasses" in sentences[0]
    assert glasses.glasses_warnings(told(closer_look, photo(line=0, share=0.0)), EYES) == ()
    assert glasses.glasses_warnings(None, EYES) == ()


def test_merged_hair_is_told_to_keep_the_glasses(closer_look):
    """Rims were in the texture and the shape, and the sentence said that they were left out."""
    worn = told(closer_look, photo(line=80, share=0.3))
    (sentence,) = glasses.glasses_warnings(worn, EYES, merged=True)
    assert "keeps the glasses" in sentence
    assert glasses.glasses_warnings(told(closer_look, photo(line=0, share=0.0)), EYES, merged=True) == ()
