"""What the fit expects of expressions."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from synthetic_head import photo_of

from seif_core.expressions.arkit import ARKIT_52
from seif_core.fitting import fit_portrait
from seif_core.fitting.key_prior import PORTRAIT_SMILE, key_precision_root
from seif_core.fitting.settings import FitSettings
from seif_core.geometry.camera import Camera
from seif_core.headmodel import load_head_model

NAMES = [name for name in ARKIT_52 if name not in {"jawOpen", "mouthClose", "tongueOut"}]


def energy(root: np.ndarray, weights: dict[str, float]) -> float:
    values = np.array([weights.get(name, 0.0) for name in NAMES])
    return float(((root @ values) ** 2).sum() / 2)


def test_a_smile_costs_less_than_as_much_of_other_keys():
    root = key_precision_root(NAMES, 0.3, 1.0)
    smile = {f"{name}{side}": value for name, value in PORTRAIT_SMILE.items() for side in ("Left", "Right", "")}
    length = np.sqrt(sum(smile.get(name, 0.0) ** 2 for name in NAMES))
    other = {"browInnerUp": length}
    assert energy(root, smile) < 0.2 * energy(root, other)


def test_no_expression_becomes_dearer_by_the_smile():
    plain, with_smile = key_precision_root(NAMES, 0.3, 0.0), key_precision_root(NAMES, 0.3, 1.0)
    left_over = plain.T @ plain - with_smile.T @ with_smile
    assert np.linalg.eigvalsh(left_over).min() > -1e-9


def test_without_the_smile_each_key_is_held_for_itself():
    np.testing.assert_allclose(key_precision_root(["a", "b"], 0.5, 0.0), np.eye(2) * 2)


def test_keys_that_nobody_knows_are_held_for_themselves():
    np.testing.assert_allclose(key_precision_root(["wiggleEars"], 0.5, 1.0), [[2.0]])


def test_names_of_the_smile_are_arkits():
    bare = {name.removesuffix("Left").removesuffix("Right") for name in ARKIT_52}
    assert set(PORTRAIT_SMILE) <= bare


def test_a_laugh_is_not_taken_for_identity():
    head = load_head_model()
    laugh = {
        f"{name}{side}": 0.8 * value / PORTRAIT_SMILE["mouthSmile"]
        for name, value in PORTRAIT_SMILE.items()
        for side in ("Left", "Right", "")
    }
    weights = np.array([min(laugh.get(name, 0.0), 1.0) for name in head.key_names], np.float32)
    laughing = replace(head, template=head.template + np.tensordot(weights, head.key_basis, 1))
    portrait, _ = photo_of(laughing, translation=(0, 0, -1.2), camera=Camera(1500, 256, 256, 512, 512))

    def moved(smile: float) -> float:
        fit = fit_portrait(portrait, head, settings=FitSettings(portrait_smile=smile))
        return float(np.linalg.norm(fit.neutral - head.template, axis=1)[head.regions["face"]].mean())

    assert moved(1.0) < 0.8 * moved(0.0)
