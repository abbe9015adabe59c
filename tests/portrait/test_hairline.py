"""The hairline corrected by hand: hair begins where the points were put, and nowhere else is anything changed."""

from __future__ import annotations

import json

import numpy as np
import pytest

from seif_core.errors import SettingsError
from seif_core.portrait.corrections import (
    HANDLES,
    corrected,
    corrections_of_file,
    read_corrections,
    write_correction_points,
)
from seif_core.portrait.crop import Crop
from seif_core.portrait.hairline import FIRST, NAMES, hairline_rows, with_hairline
from seif_core.portrait.head_parsing import CLASSES, HeadParsing
from seif_core.portrait.portrait import Portrait

SIDE = 128
BRIDGE = np.array([320.0, 340.0], np.float32)
MIDDLE = FIRST + 4
SKIN, HAIR = CLASSES.index("skin"), CLASSES.index("hair")


def photo_parsing(line: float = 0.22) -> HeadParsing:
    """A round head in a crop of 512 px around (320, 320): hair begins at `line` sides of the crop from the bridge."""
    crop = Crop(320.0, 320.0, 512.0)
    grid = (np.arange(SIDE) + 0.5) / SIDE
    x, y = np.meshgrid(grid, grid)
    centre = crop.from_photo(BRIDGE[None].astype(float))[0]
    label = np.where(np.hypot(x - 0.5, y - 0.5) < 0.42, SKIN, 0)
    hair = (np.hypot(x - centre[0], y - centre[1]) > line) & (y < centre[1]) & (label == SKIN)
    label[hair] = HAIR
    return HeadParsing(crop, (label[None] == np.arange(len(CLASSES))[:, None, None]).astype(np.float32))


def share_at(parsing: HeadParsing, name: str, up: float, right: float = 0.0) -> float:
    """Share of a class `up` and `right` of the bridge, sides of the crop."""
    at = (parsing.crop.from_photo(BRIDGE[None].astype(float))[0] + (right, -up)) * SIDE
    return float(parsing.share(name)[int(at[1]), int(at[0])])


def place(parsing: HeadParsing, up: float) -> tuple[float, float]:
    return float(BRIDGE[0]), float(BRIDGE[1] - up * parsing.crop.size)


def test_the_points_lie_where_hair_begins():
    rows = {n: (x, y) for n, x, y in hairline_rows(photo_parsing(), BRIDGE)}
    assert set(rows) == set(NAMES)
    for x, y in rows.values():
        assert np.hypot(x - BRIDGE[0], y - BRIDGE[1]) / 512 == pytest.approx(0.22, abs=0.012)


def test_drawn_farther_up_the_forehead_grows_and_the_temples_stay():
    before = photo_parsing()
    made = with_hairline(before, BRIDGE, {MIDDLE: place(before, 0.3)})
    assert share_at(made, "skin", 0.27) == 1
    assert share_at(made, "hair", 0.33) == 1
    assert share_at(made, "hair", 0.27, 0.2) == share_at(before, "hair", 0.27, 0.2) == 1
    assert np.abs(made.shares.sum(0) - 1).max() < 1e-5
    assert made.shares.min() >= 0


def test_drawn_farther_down_hair_covers_the_forehead():
    before = photo_parsing()
    made = with_hairline(before, BRIDGE, {MIDDLE: place(before, 0.14)})
    assert share_at(made, "hair", 0.18) == 1
    assert share_at(made, "skin", 0.1) == 1
    assert np.abs(made.shares.sum(0) - 1).max() < 1e-5


def test_a_bald_head_has_points_at_its_outline_and_gets_hair_where_they_are_drawn():
    bald = photo_parsing(line=2.0)
    rows = {n: (x, y) for n, x, y in hairline_rows(bald, BRIDGE)}
    assert rows[MIDDLE][1] == pytest.approx(320 - 0.42 * 512, abs=8)
    made = with_hairline(bald, BRIDGE, {MIDDLE: place(bald, 0.2)})
    assert share_at(made, "hair", 0.3) == 1


def portrait() -> Portrait:
    landmarks = np.zeros((478, 3), np.float32)
    landmarks[:, :2] = BRIDGE + np.random.default_rng(0).uniform(-80, 80, (478, 2))
    landmarks[168, :2] = BRIDGE
    return Portrait(
        name="drawn.png",
        sha256="0" * 64,
        roll=0.0,
        face_count=1,
        face_index=0,
        focal_px=None,
        confidence=1.0,
        pixels=np.zeros((640, 640, 3), np.uint8),
        landmarks=landmarks,
        landmark_scheme="mediapipe478",
        mask=np.zeros((640, 640), np.uint8),
        box=np.zeros(4, np.float32),
        whole_frame=True,
        parsing=photo_parsing(),
    )


def test_a_corrected_hairline_leaves_the_landmarks_alone_and_is_told():
    before = portrait()
    made = corrected(before, {MIDDLE: place(before.parsing, 0.3)})
    assert made.landmarks is before.landmarks
    assert made.warnings == ("The hairline was corrected by hand at 1 point.",)
    assert share_at(made.parsing, "skin", 0.27) == 1


def test_the_written_points_handed_back_change_nothing_and_one_edited_line_changes_the_hairline(tmp_path):
    """On the command line: --debug-images writes them, --corrections reads them."""
    file, before = tmp_path / "corrections.json", portrait()
    write_correction_points(before, file)
    moved = corrections_of_file(file)
    assert set(moved) == {*HANDLES, *NAMES}
    assert corrected(before, moved) is before
    rows = json.loads(file.read_text())
    row = next(row for row in rows if row[0] == MIDDLE)
    row[1:3] = place(before.parsing, 0.3)
    file.write_text(json.dumps(rows))
    made = corrected(before, corrections_of_file(file))
    assert len(made.warnings) == 1
    assert share_at(made.parsing, "skin", 0.27) == 1


@pytest.mark.parametrize("text", ["", "{", "7", "[[1004, 1]]", "[[999, 1, 2]]", "[[1004, 1, 2, 3]]"])
def test_a_file_without_corrections_is_refused_in_words(tmp_path, text):
    (tmp_path / "points.json").write_text(text)
    with pytest.raises(SettingsError, match="corrected"):
        corrections_of_file(tmp_path / "points.json")
    with pytest.raises(SettingsError, match="cannot be read"):
        corrections_of_file(tmp_path / "missing.json")


def test_requests_name_points_of_the_hairline_by_number():
    assert read_corrections([[MIDDLE, 5, 6]]) == {MIDDLE: (5.0, 6.0)}
