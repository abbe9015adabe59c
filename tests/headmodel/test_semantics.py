from __future__ import annotations

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st
from sample_head import sample_model
from semantic_field import SemanticField

from seif_core.geometry.barycentric import barycentric
from seif_core.headmodel.semantics import FADE, canonical_codes
from seif_core.headmodel.skinning import pose_vertices


def test_codes_span_zero_to_one_on_every_axis_of_the_template():
    codes = canonical_codes(sample_model())
    np.testing.assert_allclose(codes.min(axis=0), 0)
    np.testing.assert_allclose(codes.max(axis=0), 1)


def test_vertices_keep_their_codes_in_any_pose():
    model = sample_model()
    joints = model.joint_regressor @ model.template
    pose = np.zeros((5, 3))
    pose[0] = (0.2, 0.7, -0.1)
    posed = pose_vertices(model.template, joints, model.skin_weights, pose) + np.array([0.1, 0.2, -1])
    sampled = SemanticField(model, posed).sample(posed)
    close = np.abs(sampled - canonical_codes(model)).max(axis=1) < 1e-4
    assert close.mean() > 0.95  # the rest touch another part at a distance of zero


@settings(max_examples=20, deadline=None)
@given(st.integers(0, 2**31))
def test_code_fades_with_the_distance_from_the_head(seed):
    model = sample_model()
    field = SemanticField(model, model.template)
    points = np.random.default_rng(seed).normal(size=(30, 3)) * 0.2
    plain, faded = field.sample(points, fade=False), field.sample(points)
    strength = faded.sum(axis=1) / np.maximum(plain.sum(axis=1), 1e-9)
    distance = field._index.query(points).distances / field.extent
    np.testing.assert_allclose(strength, np.exp(-((distance / FADE) ** 2)), atol=1e-3)


@given(st.integers(0, 2**31))
def test_barycentric_weights_rebuild_their_point(seed):
    rng = np.random.default_rng(seed)
    corners = rng.normal(size=(5, 3, 3))
    weights = rng.dirichlet(np.ones(3), 5)
    points = np.einsum("nk,nkc->nc", weights, corners)
    np.testing.assert_allclose(barycentric(points, corners), weights, atol=1e-6)
