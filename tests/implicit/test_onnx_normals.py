from __future__ import annotations

import json
import sys
from types import SimpleNamespace

import numpy as np
import pytest
import torch
from scipy.spatial.transform import Rotation

from seif_core.errors import DependencyError, ModelError
from seif_core.geometry.camera import Camera
from seif_core.implicit import onnx_normals
from seif_core.implicit.inputs import HeadInputs
from seif_core.implicit.onnx_normals import OnnxInput, estimator, find_axes, load_normal_model
from seif_core.implicit.view import HeadView

SIZE = 32


def ball(size=SIZE):
    """Normals (3, S, S) of a ball seen from the front, zero outside."""
    y, x = (np.mgrid[0:size, 0:size] + 0.5) / size * 2 - 1
    r2 = x**2 + y**2
    return (np.stack([x, -y, np.sqrt(np.clip(1 - r2, 0, None))]) * (r2 < 0.9)).astype(np.float32)


def head():
    normals = ball()
    photo = np.zeros((3, SIZE, SIZE), np.float32)
    photo[0] = 0.9  # a red square tells the order of the channels
    mask = (np.abs(normals).sum(0) > 0).astype(np.float32)[None]
    tilted = Rotation.from_rotvec([0.2, -0.1, 0.1]).as_matrix() @ normals.reshape(3, -1)
    guidance = tilted.reshape(normals.shape).astype(np.float32)  # a fit is some 15 degrees off
    guidance[:, :10] = 0
    view = HeadView(Camera(100.0, 16.0, 16.0, SIZE, SIZE), 0.0, 0.0, float(SIZE), 0.6)
    return HeadInputs(
        view, torch.from_numpy(photo) * torch.from_numpy(mask), torch.from_numpy(mask), torch.from_numpy(guidance)
    )


class FakeSession:
    """A model that answers the ball in axes of its own, beside other maps, at 64 pixels a side."""

    def __init__(self, axes=None, shape=(1, 3, 64, 64), *, code=False, last=False) -> None:
        self.axes, self.shape, self.code, self.last = np.eye(3) if axes is None else axes, shape, code, last
        self.seen = None

    def get_inputs(self):
        return [SimpleNamespace(name="image", shape=list(self.shape))]

    def run(self, names, feed):
        assert names is None
        self.seen = feed["image"]
        normals = np.einsum("ab,bhw->ahw", self.axes.T, ball(self.seen.shape[-1])).astype(np.float32)
        normals = (normals + 1) / 2 if self.code else normals
        shown = normals.transpose(1, 2, 0) if self.last else normals
        return [np.zeros((1, 64, 64), np.float32), shown[None], np.zeros((1, 1, 64, 64), np.float32)]


@pytest.mark.parametrize(
    "axes", [np.eye(3), np.diag([1.0, -1, -1]), np.diag([-1.0, 1, 1]), np.eye(3)[[2, 0, 1]], -np.eye(3)[[1, 0, 2]]]
)
def test_whatever_an_estimator_calls_its_axes_the_normals_come_out_in_ours(axes):
    answer = estimator(FakeSession(axes), OnnxInput(), "x.onnx")(head())
    inside = head().mask[0] > 0
    assert answer.shape == (3, SIZE, SIZE)
    cosine = (answer.numpy() * ball()).sum(0)[inside.numpy()]
    assert cosine.min() > 0.98
    torch.testing.assert_close(answer.norm(dim=0)[inside], torch.ones(int(inside.sum())))
    assert (answer[:, ~inside] == 0).all()


def test_pictures_of_normals_and_maps_with_channels_last_are_understood():
    for session in (FakeSession(code=True), FakeSession(last=True)):
        answer = estimator(session, OnnxInput(), "x.onnx")(head()).numpy()
        assert ((answer * ball()).sum(0)[head().mask[0].numpy() > 0]).mean() > 0.99


def test_the_photo_comes_in_the_size_and_the_channels_that_the_model_wants():
    session = FakeSession(shape=(1, 3, 64, 64))
    estimator(session, OnnxInput(), "x.onnx")(head())
    assert session.seen.shape == (1, 3, 64, 64)
    np.testing.assert_allclose(session.seen[0, :, 32, 32], [0, 0, 0.9], atol=1e-6)
    estimator(session, OnnxInput("rgb", (0.5, 0.5, 0.5), (0.5, 0.5, 0.5)), "x.onnx")(head())
    np.testing.assert_allclose(session.seen[0, :, 32, 32], [0.8, -1, -1], atol=1e-6)
    free = FakeSession(shape=("batch", 3, "height", "width"))
    estimator(free, OnnxInput(), "x.onnx")(head())
    assert free.seen.shape == (1, 3, 512, 512)


def test_models_that_estimate_something_else_are_refused_in_a_sentence():
    with pytest.raises(ModelError, match="takes in"):
        estimator(FakeSession(shape=(1, 77)), OnnxInput(), "text.onnx")
    depth = FakeSession()
    depth.run = lambda _names, _feed: [np.zeros((1, 1, 64, 64), np.float32)]
    with pytest.raises(ModelError, match="answers"):
        estimator(depth, OnnxInput(), "depth.onnx")(head())
    rng = np.random.default_rng(0)
    with pytest.raises(ModelError, match="agrees with no normals"):
        find_axes(rng.normal(size=(3, SIZE, SIZE)).astype(np.float32), head().guidance.numpy())


def test_a_missing_library_is_told_with_how_to_install_it(tmp_path, monkeypatch):
    monkeypatch.setitem(sys.modules, "onnxruntime", None)
    (tmp_path / "model.onnx").write_bytes(b"x")
    with pytest.raises(DependencyError, match="pip install onnxruntime"):
        load_normal_model(tmp_path / "model.onnx")
    with pytest.raises(ModelError, match="no file"):
        load_normal_model(tmp_path / "other.onnx")


def test_a_file_beside_the_model_tells_what_it_takes_in(tmp_path, monkeypatch):
    opened = FakeSession()
    monkeypatch.setattr(onnx_normals, "_open", lambda _path, _device: opened)
    model = tmp_path / "model.onnx"
    model.write_bytes(b"x")
    (tmp_path / "model.json").write_text(json.dumps({"channels": "rgb", "mean": [0.4, 0, 0]}))
    load_normal_model(model)(head())
    np.testing.assert_allclose(opened.seen[0, :, 32, 32], [0.5, 0, 0], atol=1e-6)
    for wrong in ("{", '{"channels": "xyz"}', '{"std": [1, 0, 1]}', '{"mean": 3}', "[1]"):
        (tmp_path / "model.json").write_text(wrong)
        with pytest.raises(ModelError, match=r"model\.json"):
            load_normal_model(model)


def test_a_real_model_runs_where_onnxruntime_is_installed(tmp_path):
    pytest.importorskip("onnxruntime")
    helper = pytest.importorskip("onnx.helper")
    number = pytest.importorskip("onnx").TensorProto.FLOAT
    ends = [helper.make_tensor_value_info(name, number, [1, 3, SIZE, SIZE]) for name in ("image", "normals")]
    ball_tensor = helper.make_tensor("ball", number, [1, 3, SIZE, SIZE], ball().ravel())
    nothing = helper.make_tensor("nothing", number, [1], [0.0])
    nodes = [
        helper.make_node("Mul", ["image", "nothing"], ["dark"]),
        helper.make_node("Add", ["dark", "ball"], ["normals"]),
    ]
    graph = helper.make_graph(nodes, "ball", ends[:1], ends[1:], [ball_tensor, nothing])
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 13)], ir_version=8)
    (tmp_path / "ball.onnx").write_bytes(model.SerializeToString())
    answer = load_normal_model(tmp_path / "ball.onnx")(head()).numpy()
    assert ((answer * ball()).sum(0)[head().mask[0].numpy() > 0]).min() > 0.98
    (tmp_path / "torn.onnx").write_bytes(model.SerializeToString()[:50])
    with pytest.raises(ModelError, match="no ONNX model"):
        load_normal_model(tmp_path / "torn.onnx")


@pytest.mark.parametrize("kind", ["tensor(int64)", "tensor(uint8)", "tensor(string)"])
def test_a_model_that_takes_in_whole_numbers_is_refused_in_words(kind):
    session = FakeSession()
    session.get_inputs = lambda: [SimpleNamespace(name="image", shape=[1, 3, 64, 64], type=kind)]
    with pytest.raises(ModelError, match="floating-point"):
        estimator(session, OnnxInput(), "x.onnx")


@pytest.mark.parametrize("shape", [(1, 3, 100_000, 100_000), (1, 3, 0, 64), (4, 3, 64, 64)])
def test_a_model_that_takes_in_pictures_without_measure_is_refused(shape):
    with pytest.raises(ModelError, match="one picture"):
        estimator(FakeSession(shape=shape), OnnxInput(), "x.onnx")


def test_a_model_that_fails_or_answers_no_numbers_is_refused_in_words():
    broken, empty = FakeSession(), FakeSession()

    def fails(*_):
        raise RuntimeError("[ONNXRuntimeError] bad")

    broken.run = fails
    empty.run = lambda *_: [np.full((1, 3, 64, 64), np.nan, np.float32)]
    for session, words in ((broken, "failed"), (empty, "not numbers")):
        with pytest.raises(ModelError, match=words):
            estimator(session, OnnxInput(), "x.onnx")(head())
