from __future__ import annotations

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from tiny_model import tiny_model

from seif_core.headmodel import skinning
from seif_core.headmodel.torch_model import TorchHeadModel, rotation_derivatives, rotation_matrices

MODEL = tiny_model()
EXACT = TorchHeadModel.from_model(MODEL, dtype=torch.float64)


def parameters(seed, batch=1):
    rng = np.random.default_rng(seed)
    return tuple(
        torch.as_tensor(rng.normal(size=s) * scale)
        for s, scale in (((batch, 3), 1.0), ((batch, 2), 1.0), ((batch, 5, 3), 0.3), ((batch, 3), 0.5))
    )


@given(st.integers(0, 2**31))
@settings(max_examples=20, deadline=None)
def test_torch_skinning_gives_the_numbers_of_numpy_skinning(seed):
    shape, expression, pose, translation = parameters(seed)
    rest = MODEL.template.astype(np.float64)
    rest = rest + np.tensordot(shape[0].numpy(), MODEL.shape_basis, 1)
    joints = MODEL.joint_regressor.astype(np.float64) @ rest
    rest = rest + np.tensordot(expression[0].numpy(), MODEL.expression_basis, 1)
    expected = skinning.pose_vertices(rest, joints, MODEL.skin_weights, pose[0].numpy(), MODEL.pose_basis)
    got = EXACT(shape, expression, pose, translation)[0].numpy()
    np.testing.assert_allclose(got, expected + translation[0].numpy(), atol=1e-12)


def test_a_batch_gives_what_its_members_give_alone():
    batch = parameters(1, batch=3)
    together = EXACT(*batch)
    alone = torch.cat([EXACT(*(p[k : k + 1] for p in batch)) for k in range(3)])
    torch.testing.assert_close(together, alone, rtol=0, atol=1e-14)


def test_a_subset_of_vertices_moves_as_it_does_in_the_whole_model():
    ids = np.array([5, 2, 17])
    part = TorchHeadModel.from_model(MODEL, vertex_ids=ids, dtype=torch.float64)
    args = parameters(2, batch=2)
    torch.testing.assert_close(part(*args), EXACT(*args)[:, torch.as_tensor(ids)], rtol=0, atol=1e-14)


@pytest.mark.parametrize("scale", [0.0, 1.0])
def test_gradients_of_the_model_are_those_of_finite_differences(scale):
    args = [(scale * p).requires_grad_() for p in parameters(3, batch=2)]
    assert torch.autograd.gradcheck(EXACT, args, atol=1e-6)


@pytest.mark.parametrize("scale", [0.0, 1e-6, 1e-4, 0.1, 3.0])
def test_rotation_derivatives_are_those_of_autograd(scale):
    vectors = torch.as_tensor(np.random.default_rng(4).normal(size=(4, 3))) * scale
    expected = torch.stack([torch.autograd.functional.jacobian(rotation_matrices, v) for v in vectors])
    torch.testing.assert_close(rotation_derivatives(vectors), expected.permute(0, 3, 1, 2), rtol=0, atol=2e-8)


def test_rotation_matrix_has_the_worked_number_of_its_convention():
    rotation = rotation_matrices(torch.tensor([0.0, np.pi / 2, 0.0], dtype=torch.float64))
    moved = rotation @ torch.tensor([0.0, 0.0, 1.0], dtype=torch.float64)
    torch.testing.assert_close(moved, torch.tensor([1.0, 0.0, 0.0], dtype=torch.float64), rtol=0, atol=1e-12)
