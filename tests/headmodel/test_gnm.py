"""GNM Head: what is read of its file, that it is posed as documented, and what it gets from the Open head."""

from __future__ import annotations

import numpy as np
import pytest
from bombs import npz_of_zeros, npz_that_declares
from gnm_file import COMPONENTS, HEAD, OFFSET, PIECES, gnm_arrays, gnm_forward, write_gnm
from sample_head import sample_model

from seif_core.errors import ModelError
from seif_core.expressions.arkit import mirrored_name
from seif_core.headmodel.gnm import EYES_MIDDLE, model_of_gnm
from seif_core.headmodel.gnm_completion import complete_gnm
from seif_core.headmodel.gnm_file import is_gnm_file, read_gnm_file
from seif_core.headmodel.skinning import pose_vertices
from seif_core.headmodel.topology import JOINT_NAMES, PART_NAMES

FROM_GNM = (0, 1, 3, 4)
"""Our joints that are GNM's neck, head, left and right eye."""


def read_gnm(path):
    return model_of_gnm(read_gnm_file(path), path.name)


@pytest.fixture(scope="module")
def world(tmp_path_factory):
    path = tmp_path_factory.mktemp("gnm") / "gnm_head.npz"
    return path, write_gnm(path), read_gnm(path)


@pytest.fixture(scope="module")
def whole(world):
    return complete_gnm(read_gnm_file(world[0]), "gnm_head.npz", sample_model())


def kept_of(arrays):
    return arrays["vertex_groups"][list(arrays["vertex_group_names"]).index("eye_exteriors")] < 0.5


def posed(model, identity, expression, rotations):
    pose = np.zeros((5, 3))
    pose[list(FROM_GNM)] = rotations
    neutral = model.template.astype(float) + np.tensordot(identity, model.shape_basis.astype(float), 1)
    joints = model.joint_regressor.astype(float) @ neutral
    rest = neutral + np.tensordot(expression, model.expression_basis.astype(float), 1)
    return pose_vertices(rest, joints, model.skin_weights, pose, model.pose_basis)


@pytest.mark.parametrize("correctives", [False, True])
def test_gnms_forward_pass_is_the_documented_one_to_a_thousandth_of_a_millimetre(world, tmp_path, correctives):
    _, arrays, model = world
    rng = np.random.default_rng(1)
    if correctives:
        own = np.zeros_like(arrays["pose_correctives_regressor"])
        own[9:] = rng.normal(size=own[9:].shape) * 1e-3
        arrays = arrays | {"pose_correctives_regressor": own}
        write_gnm(tmp_path / "gnm_head.npz", arrays)
        model = read_gnm(tmp_path / "gnm_head.npz")
    identity, rotations = np.zeros(len(arrays["vertex_identity_basis"])), rng.normal(size=(4, 3)) * 0.3
    identity[:HEAD] = rng.normal(size=HEAD)
    rotations[0] = 0 if correctives else rotations[0]  # the root has no correctives here
    expression = rng.normal(size=len(arrays["expression_basis"]))
    expression[-1] = 0  # pupils
    kept = kept_of(arrays)
    reference = gnm_forward(arrays, identity, expression, rotations)[kept]
    shift = EYES_MIDDLE - arrays["template_joint_positions"][2:].astype(float).mean(axis=0)
    ours = posed(model, identity[:HEAD], expression[:-1], rotations)
    assert np.abs(ours - shift - reference).max() < 1e-6


@pytest.mark.skipif(not PIECES.is_file(), reason="needs pieces of the real GNM Head")
def test_a_head_that_the_real_model_posed_is_posed_the_same_here():
    with np.load(PIECES) as real:
        told = {
            name: real[name] for name in real.files if name.startswith(("x_pose", "x_identity_v", "x_expression_d"))
        }
        weights = real["skinning_weights"].T
    rest = told["x_identity_vertices"][told["x_pose_identity_index"]].astype(float)
    rest = rest + np.tensordot(told["x_pose_expression_weights"], told["x_expression_deltas"].astype(float), 1)
    joints, pose, ours = np.zeros((5, 3)), np.zeros((5, 3)), np.zeros((len(rest), 5))
    joints[list(FROM_GNM)], pose[list(FROM_GNM)] = told["x_pose_bind_joints"], told["x_pose_rotations"]
    ours[:, list(FROM_GNM)] = weights
    found = pose_vertices(rest, joints, ours, pose)
    assert np.abs(found - told["x_pose_vertices"]).max() < 1e-5


def test_the_mesh_is_gnms_without_the_shells_and_its_parts_are_told_apart(world):
    _, arrays, model = world
    kept = kept_of(arrays)
    np.testing.assert_allclose(
        model.template - EYES_MIDDLE,
        arrays["template_vertex_positions"][kept] - arrays["template_joint_positions"][2:].mean(0),
        atol=1e-6,
    )
    assert (model.licence, model.name, model.title) == ("Apache-2.0", "gnm", "GNM Head 3.0")
    assert "Google" in model.attribution
    for index, own in enumerate(COMPONENTS.values()):
        ids = np.unique(model.faces[model.face_part == PART_NAMES.index(own)])
        mask = arrays["vertex_groups"][index][kept] > 0.5
        np.testing.assert_array_equal(ids, np.flatnonzero(mask))
    assert model.shape_basis.shape[0] == HEAD


def test_uvs_are_gnms_own_with_each_part_in_a_place_of_its_own(world):
    _, arrays, model = world
    inside = kept_of(arrays)[arrays["quads"]].all(axis=1)
    corners = model.uvs[model.uv_faces].astype(float)
    boxes = []
    for part in range(6):
        mine = model.face_part == part
        uv, own = corners[mine].reshape(-1, 2), arrays["quad_uvs"][inside][mine].reshape(-1, 2)
        for axis in (0, 1):
            assert np.abs(np.polyval(np.polyfit(own[:, axis], uv[:, axis], 1), own[:, axis]) - uv[:, axis]).max() < 1e-5
        boxes.append((*uv.min(0), *uv.max(0)))
    for i, a in enumerate(boxes):
        for b in boxes[:i]:
            assert a[0] >= b[2] or b[0] >= a[2] or a[1] >= b[3] or b[1] >= a[3]
    assert len(model.uvs) > len(model.template)  # torn at seams


def test_the_first_releases_names_are_understood(world, tmp_path):
    path = tmp_path / "gnm_head.npz"
    write_gnm(path, gnm_arrays(legacy=True))
    first, model = read_gnm_file(path), world[2]
    assert first.expression_names == read_gnm_file(world[0]).expression_names
    assert first.identity_names == read_gnm_file(world[0]).identity_names
    np.testing.assert_array_equal(read_gnm(path).expression_basis, model.expression_basis)


def test_joints_that_the_files_regressor_does_not_give_are_still_gnms(world, tmp_path):
    path, arrays = tmp_path / "gnm_head.npz", world[1]
    write_gnm(path, arrays | {"joint_regressor": arrays["joint_regressor"] * np.float32(0.98)})
    model = read_gnm(path)
    identity = np.random.default_rng(2).normal(size=HEAD)
    neutral = model.template + np.tensordot(identity, model.shape_basis.astype(float), 1)
    wanted = arrays["template_joint_positions"] + np.tensordot(identity, arrays["joint_identity_basis"][:HEAD], 1)
    wanted = wanted - arrays["template_joint_positions"][2:].mean(0) + EYES_MIDDLE
    assert np.abs(model.joint_regressor[list(FROM_GNM)].astype(float) @ neutral - wanted).max() < 2e-5


def test_a_resting_jaw_changes_nothing_and_a_turned_one_opens_the_mouth_as_its_key(world, whole):
    _, _, bare = world
    rotations = np.random.default_rng(5).normal(size=(4, 3)) * 0.2
    none = np.zeros(HEAD), np.zeros(len(bare.expression_basis))
    gaze = rotations * [[1], [1], [0], [0]]
    assert np.abs(posed(whole, *none, gaze) - posed(bare, *none, gaze)).max() < 1e-6
    np.testing.assert_allclose(whole.skin_weights.sum(1), 1, atol=1e-6)
    jaw = JOINT_NAMES.index("jaw")
    lower = np.unique(whole.faces[whole.face_part == PART_NAMES.index("teeth_lower")])
    np.testing.assert_array_equal(whole.skin_weights[lower, jaw], 1)
    assert len(whole.key_names) == 52


def test_left_and_right_keys_mirror_each_other(world, whole):
    arrays = world[1]
    mirror = arrays["mirror_indices"][kept_of(arrays)]  # the shells are last
    assert len(np.unique(mirror)) == len(mirror)
    for name in whole.key_names:
        own, other = (whole.key_basis[whole.key_names.index(n)] for n in (name, mirrored_name(name)))
        assert np.abs(other[mirror] * [-1, 1, 1] - own).max() <= 0.05 * np.abs(own).max() + 1e-7, name


def test_regions_and_landmarks_lie_where_the_other_models_do(world, whole):
    source, (_, arrays, _) = sample_model(), world
    shift = EYES_MIDDLE - (arrays["template_joint_positions"][2:].mean(0) - OFFSET)
    for name, embedding in source.embeddings.items():
        there = embedding.points(source.template) + shift
        assert np.median(np.linalg.norm(whole.embeddings[name].points(whole.template) - there, axis=1)) < 0.003, name
    own = arrays["vertex_groups"][list(arrays["vertex_group_names"]).index("ears")][kept_of(arrays)] > 0.5
    np.testing.assert_array_equal(whole.regions["ears"], own)
    assert whole.regions["face"].any()


def test_the_file_is_told_from_others_by_what_it_holds(world, tmp_path):
    assert is_gnm_file(world[0])
    np.savez(tmp_path / "flame.npz", v_template=np.zeros(3))
    (tmp_path / "text.npz").write_text("no zip")
    assert not is_gnm_file(tmp_path / "flame.npz")
    assert not is_gnm_file(tmp_path / "text.npz")


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"variant": np.array("body")}, "variant 'body'"),
        ({"version": np.array("4.0")}, "version 4.0"),
        ({"joint_names": np.array(["neck", "head", "left_eye", "jaw"])}, "joints"),
        ({"joint_parent_indices": np.array([-1, 0, 0, 0])}, "joints"),
        ({"skinning_weights": None}, "skinning_weights"),
        ({"quads": "out of range"}, "do not exist"),
        ({"vertex_identity_basis": "not a number"}, "no head has"),
        ({"expression_basis": "huge"}, "no head has"),
        ({"template_vertex_positions": "millimetres"}, "metres"),
        ({"vertex_group_names": "short"}, "vertex_groups"),
        ({"identity_names": np.array(["x"])}, "identity_names"),
    ],
)
def test_what_is_no_gnm_head_is_refused_in_a_sentence(world, tmp_path, change, words):
    path, arrays = tmp_path / "gnm_head.npz", dict(world[1])
    for name, value in change.items():
        if value is None:
            del arrays[name]
        elif isinstance(value, np.ndarray):
            arrays[name] = value
        elif value == "short":
            arrays[name] = arrays[name][:-1]
        else:
            changed = arrays[name].copy()
            worst = {"not a number": np.nan, "huge": 1e9, "out of range": 10**6}
            arrays[name] = changed * 1000 if value == "millimetres" else changed
            if value in worst:
                changed.flat[0] = worst[value]
    write_gnm(path, arrays)
    with pytest.raises(ModelError, match=words) as told:
        read_gnm(path)
    assert str(told.value).endswith(".")


def test_hostile_gnm_files_are_refused_and_neither_run_nor_believed(world, tmp_path):
    class Runs:
        def __reduce__(self):
            return (tmp_path / "mark").touch, ()

    path, arrays = tmp_path / "gnm_head.npz", dict(world[1])
    np.savez(path, **(arrays | {"vertex_groups": np.array([Runs()], object)}), allow_pickle=True)
    with pytest.raises(ModelError, match="instead of numbers"):
        read_gnm(path)
    assert not (tmp_path / "mark").exists()
    npz_that_declares(path, (253, 17821, 100_000), "vertex_identity_basis")
    with pytest.raises(ModelError, match="gnm_head"):
        read_gnm(path)
    npz_of_zeros(path, 2.0, "vertex_identity_basis")
    assert is_gnm_file(path)
    with pytest.raises(ModelError, match="declares 2147 MB"):
        read_gnm(path)
    path.write_bytes(path.read_bytes()[:1000])
    with pytest.raises(ModelError, match="gnm_head"):
        read_gnm(path)
