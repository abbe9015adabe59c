from __future__ import annotations

import numpy as np
import pytest
from fake_stages import sample_fit, sample_portrait

from seif_core.appearance.baked_texture import BakedTexture
from seif_core.assembly import assemble_head
from seif_core.expressions.lids import LID_PAIRS, OVERLAP, blink_factors
from seif_core.head import Head
from seif_core.headmodel import load_head_model
from seif_core.headmodel.skinning import pose_vertices, rotation_matrices


def plain_texture():
    return BakedTexture(np.zeros((32, 32, 3), np.uint8), np.ones((4, 4, 3), np.float32))


@pytest.fixture(scope="module")
def fit():
    return sample_fit()


@pytest.fixture(scope="module")
def head(fit):
    return assemble_head(
        sample_portrait("Ada Lovelace.JPG"),
        fit,
        plain_texture(),
    )


def test_neutral_plus_photo_delta_posed_by_the_root_stands_where_the_fit_stood(fit, head):
    root = rotation_matrices(head.photo_pose)[0]
    joint = head.joints[0]
    posed = (head.vertices + head.photo_delta - joint) @ root.T + joint + head.photo_translation
    np.testing.assert_allclose(posed, fit.posed, atol=1e-5)


def test_a_small_neck_rotation_is_all_that_differs():
    fit = sample_fit(neck=True)
    head = assemble_head(sample_portrait(), fit, None)
    root = rotation_matrices(head.photo_pose)[0]
    posed = (head.vertices + head.photo_delta - head.joints[0]) @ root.T + head.joints[0] + head.photo_translation
    assert 1e-4 < np.abs(posed - fit.posed).max() < 0.01


def test_head_posed_by_its_own_fields_stands_where_the_fit_stood(fit, head):
    expressed = head.vertices + np.tensordot(head.photo_expression, head.expression_deltas, 1)
    posed = pose_vertices(expressed, head.joints, head.skin_weights, head.photo_pose, head.pose_deltas)
    np.testing.assert_allclose(posed + head.photo_translation, fit.posed, atol=1e-5)


def test_head_is_neutral_and_carries_the_photo(fit, head):
    np.testing.assert_array_equal(head.vertices, fit.neutral)
    assert head.name == "Ada Lovelace"
    assert head.photo_name == "Ada Lovelace.JPG"
    assert head.photo_camera == fit.camera
    assert head.model_licence == fit.model.licence


def test_all_arrays_are_of_the_contracts_types(head):
    for name in ("vertices", "joints", "photo_delta", "photo_pose", "photo_translation", "photo_shape"):
        assert getattr(head, name).dtype == np.float32, name


def test_same_inputs_give_the_same_file(tmp_path, fit):
    for name in ("a", "b"):
        assemble_head(sample_portrait(), fit, plain_texture()).save(tmp_path / name)
    assert (tmp_path / "a").read_bytes() == (tmp_path / "b").read_bytes()


def open_head_with(rng):
    model = load_head_model()
    shape = rng.normal(size=len(model.shape_basis))
    return model, (model.template + np.tensordot(shape, model.shape_basis, 1)).astype(np.float32)


@pytest.mark.parametrize("seed", range(6))
def test_a_blink_closes_every_eye_and_no_lid_sinks_into_the_other(seed):
    rng = np.random.default_rng(seed)
    model, neutral = open_head_with(rng)
    factors = blink_factors(model, neutral)
    points = model.embeddings["ibug68"].points
    for name, pairs in LID_PAIRS.items():
        key = model.key_names.index(name)
        closed = points(neutral + factors[key] * model.key_basis[key])[:, 1]
        gaps = np.array([closed[upper] - closed[lower] for upper, lower in pairs])
        assert gaps.max() <= -OVERLAP + 1e-6
        assert gaps.min() > -0.003


def test_keys_of_neither_lids_nor_mouth_stay_as_they_are(fit, head):
    others = [n not in LID_PAIRS and not n.startswith(("jaw", "mouth", "cheekPuff", "tongue")) for n in head.key_names]
    assert sum(others) > 10
    np.testing.assert_array_equal(head.key_deltas[others], fit.model.key_basis[others])


def test_the_photos_light_goes_to_the_head_and_through_its_file(tmp_path, fit):
    light = np.linspace(0.5, 2, 48, dtype=np.float32).reshape(4, 4, 3)
    baked = BakedTexture(np.zeros((32, 32, 3), np.uint8), light)
    assemble_head(sample_portrait(), fit, baked).save(tmp_path / "head.npz")
    np.testing.assert_array_equal(Head.load(tmp_path / "head.npz").texture_light, light)
