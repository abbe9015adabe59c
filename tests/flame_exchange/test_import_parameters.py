"""FLAME parameters as other programs save them: names, layouts, conventions, and files that are none."""

from __future__ import annotations

import json
import os
import pickle
import zipfile

import numpy as np
import pytest
import torch
from scipy.spatial.transform import Rotation

from seif_core.errors import ModelError
from seif_core.flame_exchange.import_parameters import read_parameters

RNG = np.random.default_rng(5)
SHAPE, EXPRESSION = RNG.normal(size=100).astype(np.float32), RNG.normal(size=(4, 50)).astype(np.float32)
POSE = (RNG.normal(size=(4, 5, 3)) * 0.2).astype(np.float32)


def six(vectors):
    """Rotations as pytorch3d writes them in six numbers: the first two rows of the matrix."""
    return Rotation.from_rotvec(vectors).as_matrix()[:, :2].reshape(len(vectors), 6).astype(np.float32)


def npz(path, **arrays):
    np.savez(path, **arrays)
    return path


def saved(path, content, how):
    if how == "torch":
        torch.save(content, path)
    elif how == "pickle":
        path.write_bytes(pickle.dumps(content, 2))
    elif how == "numpy":
        np.save(path, content)
    else:
        path.write_text(json.dumps({k: np.asarray(v).tolist() for k, v in content.items()}))
    return path


def test_vhaps_sequences_are_read(tmp_path):
    path = npz(
        tmp_path / "tracked_flame_params_30.npz",
        shape=SHAPE,
        expr=EXPRESSION,
        rotation=POSE[:, 0],
        neck_pose=POSE[:, 1],
        jaw_pose=POSE[:, 2],
        eyes_pose=POSE[:, 3:].reshape(4, 6),
        translation=POSE[:, 0] * 2,
        static_offset=np.zeros((1, 5143, 3), np.float32),
        timestep_id=np.array(["0", "1", "2", "3"]),
        focal_length=np.array([1.5]),
    )
    found = read_parameters([path])
    np.testing.assert_allclose(found.shape, SHAPE)
    np.testing.assert_allclose(found.expression, EXPRESSION)
    np.testing.assert_allclose(found.pose, POSE, atol=1e-6)
    np.testing.assert_allclose(found.translation, POSE[:, 0] * 2)


@pytest.mark.parametrize(
    "names", [("shape", "exp", "pose"), ("shapecode", "expcode", "posecode"), ("betas", "expression_params", "pose")]
)
@pytest.mark.parametrize("how", ["torch", "pickle", "numpy", "json"])
def test_one_frame_of_deca_and_emoca_in_a_batch_of_one_is_read_from_every_kind_of_file(tmp_path, names, how):
    pose = np.concatenate([POSE[:1, 0], POSE[:1, 2]], axis=1)  # root, jaw
    content = dict(zip(names, (SHAPE[None], EXPRESSION[:1], pose), strict=True)) | {"cam": np.zeros((1, 3), np.float32)}
    if how == "torch":
        content = {name: torch.from_numpy(value.copy()) for name, value in content.items()}
    suffix = {"torch": "pt", "pickle": "pkl", "numpy": "npy", "json": "json"}[how]
    found = read_parameters([saved(tmp_path / f"code.{suffix}", content, how)])
    np.testing.assert_allclose(found.shape, SHAPE, atol=1e-6)
    np.testing.assert_allclose(found.expression, EXPRESSION[:1], atol=1e-6)
    np.testing.assert_allclose(found.pose[0, [0, 2]], POSE[0, [0, 2]], atol=1e-6)
    assert not found.pose[0, [1, 3, 4]].any()
    assert found.translation is None
    assert found.left_out == ("cam",)


def test_smirks_three_numbers_of_pose_are_the_heads_rotation_alone(tmp_path):
    path = npz(
        tmp_path / "smirk.npz",
        shape_params=SHAPE[None],
        expression_params=EXPRESSION,
        pose_params=POSE[:, 0],
        jaw_params=POSE[:, 2],
        eyelid_params=np.zeros((4, 2)),
    )
    found = read_parameters([path])
    np.testing.assert_allclose(found.pose[:, [0, 2]], POSE[:, [0, 2]], atol=1e-6)
    assert found.left_out == ("eyelid_params",)


def test_frames_of_metrical_tracker_are_one_sequence_and_its_camera_is_not_the_head(tmp_path):
    for frame in range(4):
        flame = {
            "exp": EXPRESSION[frame : frame + 1],
            "shape": SHAPE[None],
            "eyes": np.concatenate([six(POSE[frame : frame + 1, 3]), six(POSE[frame : frame + 1, 4])], axis=1),
            "eyelids": np.zeros((1, 2), np.float32),
            "jaw": six(POSE[frame : frame + 1, 2]),
        }
        camera = {"R": six(POSE[frame : frame + 1, 0]), "t": np.zeros((1, 3), np.float32)}
        content = {"flame": flame, "camera": camera, "frame_id": f"{frame:05d}", "global_step": 7}
        torch.save(content, tmp_path / f"{frame + 8:05d}.frame")
    found = read_parameters([tmp_path])
    np.testing.assert_allclose(found.expression, EXPRESSION)
    np.testing.assert_allclose(found.pose[:, 2:], POSE[:, 2:], atol=1e-5)
    assert not found.pose[:, :2].any()
    assert found.left_out == ("camera", "eyelids")


def test_a_quarter_turn_about_x_in_six_numbers_carries_y_to_z(tmp_path):
    found = read_parameters([npz(tmp_path / "a.npz", jaw=np.array([[1.0, 0, 0, 0, 0, -1]]))])
    np.testing.assert_allclose(found.pose[0, 2], [np.pi / 2, 0, 0], atol=1e-6)
    np.testing.assert_allclose(Rotation.from_rotvec(found.pose[0, 2]).apply([0, 1, 0]), [0, 0, 1], atol=1e-6)


def test_emocas_folder_of_codes_and_micas_identity_are_read(tmp_path):
    for name, value in {"shape": SHAPE, "exp": EXPRESSION[0], "pose": POSE[0, [0, 2]].ravel()}.items():
        np.save(tmp_path / f"{name}.npy", value)
    np.save(tmp_path / "detail.npy", np.zeros(128))
    found = read_parameters([tmp_path])
    np.testing.assert_allclose(found.expression, EXPRESSION[:1])
    np.testing.assert_allclose(found.pose[0, 2], POSE[0, 2])
    np.save(tmp_path / "identity.npy", np.ones(300))
    assert read_parameters([tmp_path / "identity.npy"]).shape.tolist() == [1] * 300


def test_lists_and_tables_of_frames_are_sequences_in_their_order(tmp_path):
    frames = [{"expcode": EXPRESSION[n : n + 1], "posecode": np.zeros((1, 6))} for n in range(4)]
    one = saved(tmp_path / "list.pkl", frames, "pickle")
    two = saved(tmp_path / "table.pkl", {f"frame{9 + n}": frame for n, frame in enumerate(frames)}, "pickle")
    for path in (one, two):
        np.testing.assert_allclose(read_parameters([path]).expression, EXPRESSION)


class _Runs:
    def __init__(self, mark) -> None:
        self.mark = mark

    def __reduce__(self):
        return os.system, (f"touch {self.mark}",)


@pytest.mark.parametrize("how", ["torch", "pickle", "numpy"])
def test_a_file_that_would_run_code_is_refused_and_runs_nothing(tmp_path, how):
    path = tmp_path / {"torch": "a.frame", "pickle": "a.pkl", "numpy": "a.npy"}[how]
    saved(path, {"exp": EXPRESSION, "pose": _Runs(tmp_path / "mark")}, how)
    with pytest.raises(ModelError, match="asks for"):
        read_parameters([path])
    assert not (tmp_path / "mark").exists()


def forged(path, table, storage=b"\0" * 8):
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("a/data.pkl", table)
        archive.writestr("a/data/0", storage)
    return path


@pytest.mark.parametrize(
    ("offset", "size", "stride"), [(0, 1 << 30, 0), (0, 3, 1), (1, 2, 1), (0, 1 << 28, 1), (0, 2, 1 << 28)]
)
def test_a_tensor_that_is_larger_than_its_elements_is_refused_before_memory_is_taken(tmp_path, offset, size, stride):
    numbers = [b"J" + n.to_bytes(4, "little") for n in (offset, size, stride)]
    storage = b"(U\x07storagectorch\nFloatStorage\nU\x010U\x03cpuK\x02tQ"
    tensor = b"ctorch._utils\n_rebuild_tensor_v2\n(" + storage + b"%b(%bt(%bt\x89NtR" % tuple(numbers)
    table = b"\x80\x02}U\x03exp" + tensor + b"s."
    with pytest.raises(ModelError, match="numbers alone"):
        read_parameters([forged(tmp_path / "a.pt", table)])


@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        ({"v_template": np.zeros(3)}, "no FLAME parameters"),
        ({"exp": np.full((1, 50), np.nan)}, "no head has"),
        ({"exp": np.full((1, 50), 1e9)}, "no head has"),
        ({"exp": np.zeros((3, 50)), "jaw_pose": np.zeros((2, 3))}, "different numbers of frames"),
        ({"exp": np.zeros((1, 5000))}, "FLAME has 100"),
        ({"pose": np.zeros((1, 7))}, "none of FLAME's"),
        ({"jaw": np.zeros((1, 6))}, "points nowhere"),
        ({"jaw": np.zeros((1, 4))}, "no rotation"),
        ({"jaw_pose": np.array([[20.0, 0, 0]])}, "if the angles are degrees"),
        ({"expr": np.zeros((1, 50)), "exp": np.ones((1, 50))}, "'expr' and 'exp', which differ"),
        ({"exp": np.array(["smile"])}, "no array of numbers"),
        ({"exp": np.zeros((0, 50))}, "is empty"),
        ({"exp": np.array([{}], object)}, "numbers alone"),
    ],
)
def test_numbers_that_are_none_of_flames_are_refused_in_words(tmp_path, content, sentence):
    with pytest.raises(ModelError, match=sentence):
        read_parameters([npz(tmp_path / "a.npz", **content)])


@pytest.mark.parametrize(
    ("name", "data"),
    [
        ("a.json", b"[" * 100_000),
        ("a.json", b"[" * 20 + b"]" * 20),
        ("a.json", b'{"exp": [[1, 2], [3]]}'),
        ("a.json", b'{"exp": [1e999]}'),
        ("a.json", b"\xff"),
        ("a.npz", b"PK\x03\x04"),
        ("a.npy", b"\x93NUMPY\x01\x00v\x00{'descr': '<f8', 'fortran_order': False, 'shape': (99999999999,), }"),
        ("a.npy", b"\x93NUMPY\x01\x00\x04\x00{'a'"),
        ("a.pkl", b"\x80\x02]q\x00h\x00a."),
        ("a.pkl", b"\x80\x02}U\x03exp]q\x00(h\x00h\x00h\x00es."),
        ("a.pt", b"PK\x03\x04"),
        ("a.mat", b"MATLAB"),
    ],
)
def test_damaged_files_end_in_one_sentence(tmp_path, name, data):
    (tmp_path / name).write_bytes(data)
    with pytest.raises(ModelError, match=r"a\.\w+"):
        read_parameters([tmp_path / name])


def test_missing_files_and_empty_folders_are_told(tmp_path):
    with pytest.raises(ModelError, match="no file"):
        read_parameters([tmp_path / "none.npz"])
    with pytest.raises(ModelError, match="holds no file"):
        read_parameters([tmp_path])


def test_a_frame_that_lacks_what_others_tell_is_refused_and_not_left_at_zero(tmp_path):
    for number in range(3):
        told = {} if number == 2 else {"pose": np.zeros((1, 6))}
        npz(tmp_path / f"{number}.npz", exp=EXPRESSION[:1], **told)
    with pytest.raises(ModelError, match=r"Frame 2 .*lacks pose of the jaw, pose of the root"):
        read_parameters([tmp_path])
