"""Training of the parsing: labels, what is pasted, the loss for pixels of which only a part is known."""

from __future__ import annotations

import csv

import cv2
import numpy as np
import pytest
import torch

from seif_core.errors import SettingsError
from seif_core.portrait.head_parsing import CLASSES
from seif_core.portrait.parsing_inputs import SIDE
from seif_core.workshop.training.loop import LoopSettings
from seif_core.workshop.training.parsing import (
    ParsingTraining,
    load_samples,
    partial_loss,
    train_parsing,
    training_files,
)
from seif_core.workshop.training.parsing_photos import label_photos
from seif_core.workshop.training.parsing_samples import bits, centred, varied

skimage_data = pytest.importorskip("skimage.data")


@pytest.fixture(scope="module")
def labelled(tmp_path_factory):
    """The astronaut with a hair mask drawn by hand: a disc about her head, but for the face."""
    folder = tmp_path_factory.mktemp("photos")
    image = skimage_data.astronaut()
    hair = np.zeros(image.shape[:2], np.uint8)
    cv2.ellipse(hair, (222, 90), (70, 75), 0, 0, 360, (255,), -1)
    cv2.ellipse(hair, (222, 125), (42, 60), 0, 0, 360, (0,), -1)
    for name, pixels in (("a.png", cv2.cvtColor(image, cv2.COLOR_RGB2BGR)), ("a_hair.png", hair)):
        (folder / ("hair" if "hair" in name else "photos")).mkdir(exist_ok=True)
        cv2.imwrite(str(folder / ("hair" if "hair" in name else "photos") / name), pixels)
    notes = folder / "notes.csv"
    with notes.open("w", newline="") as stream:
        csv.writer(stream).writerows([("portrait", "glasses", "beard"), ("b", 1, 0)])
    assert label_photos(folder / "photos", folder / "hair", folder / "out", notes) == 1
    return folder


def test_a_photos_labels_say_what_is_known_and_no_more(labelled):
    (sample,) = load_samples(labelled / "out" / "a.npz")
    x, y = sample.points[4].astype(int)
    assert sample.allowed[y, x] == bits("skin")
    assert (sample.allowed == bits("hair")).sum() > 500
    assert (sample.allowed == bits("background")).sum() > 500
    glasses = CLASSES.index("glasses")
    assert not ((sample.allowed >> glasses) & 1).any()  # she is not in the table of those who may wear them


def test_what_is_varied_keeps_its_labels_and_does_so_by_its_seed(labelled):
    (sample,) = load_samples(labelled / "out" / "a.npz")
    patches = [sample.image[:80, :80]]
    for seed in range(12):
        one = varied(sample, np.random.default_rng(seed), patches, 1.0)
        again = varied(sample, np.random.default_rng(seed), patches, 1.0)
        np.testing.assert_array_equal(one.image, again.image)
        assert one.image.shape == (SIDE, SIDE, 3)
        assert one.allowed.shape == (SIDE, SIDE)
        plain = varied(sample, np.random.default_rng(seed), patches, 0.0)
        assert (plain.allowed[plain.seen < 0.5] == 0).mean() > 0.95
    straight = centred(sample)
    x, y = straight.points[4].astype(int)
    assert straight.allowed[y, x] == bits("skin")


def test_pasted_things_have_classes_of_their_own(labelled):
    (sample,) = load_samples(labelled / "out" / "a.npz")
    seen = dict.fromkeys(("glasses", "front", "headwear", "beard"), 0)
    for seed in range(60):
        one = varied(sample, np.random.default_rng(seed), [sample.image[:80, :80]], 1.0)
        for name in seen:
            seen[name] += bool((one.allowed == bits(name)).sum() > 20)
    assert min(seen.values()) > 0, seen


def test_the_loss_is_nothing_where_the_network_chooses_among_what_is_allowed():
    logits = torch.full((1, len(CLASSES), 2, 2), -20.0)
    logits[:, CLASSES.index("beard")] = 20.0
    allowed = torch.full((1, 2, 2), bits("skin", "beard"))
    assert partial_loss(logits, allowed).item() < 1e-4
    assert partial_loss(logits, torch.full((1, 2, 2), bits("hair"))).item() > 10
    assert partial_loss(logits, torch.zeros(1, 2, 2, dtype=torch.int64)).item() == 0


def test_a_step_of_training_writes_a_checkpoint(labelled, tmp_path):
    for k in range(4):  # names decide what is kept back: some of these are not
        (labelled / "out" / f"copy{k}.npz").write_bytes((labelled / "out" / "a.npz").read_bytes())
    settings = ParsingTraining(LoopSettings(tmp_path, steps=1, save_every=1), labelled / "out", batch=1)
    state = torch.load(train_parsing(settings), weights_only=True)
    assert state["step"] == 1


def test_a_folder_without_samples_is_one_sentence(tmp_path):
    with pytest.raises(SettingsError, match="holds no samples"):
        training_files(tmp_path, 18)
