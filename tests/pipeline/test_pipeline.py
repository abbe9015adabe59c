from __future__ import annotations

import json
import sys
import threading
from types import SimpleNamespace

import numpy as np
import pytest
import torch
from fake_stages import fake_stages, fake_writers, sample_portrait, sample_surface, sample_uniform

from seif_core import pipeline
from seif_core.appearance.baked_texture import BakedTexture
from seif_core.device import choose_device, memory_in_words, repeatable
from seif_core.errors import (
    CancelledError,
    DependencyError,
    DeviceError,
    ModelError,
    OutputError,
    RegistrationError,
    SettingsError,
)
from seif_core.evidence.ear_occlusion import EarOcclusion
from seif_core.evidence.lighting import plain_light
from seif_core.evidence.mesh_view import MeshView
from seif_core.evidence.photo_evidence import PhotoEvidence
from seif_core.geometry.camera import Camera
from seif_core.implicit import compact
from seif_core.network_files import load_weights
from seif_core.pipeline import ReconstructionSettings
from seif_core.portrait.crop import Crop
from seif_core.portrait.head_parsing import CLASSES, HeadParsing
from seif_core.progress import Progress
from seif_core.report import build_report
from seif_core.results import staging, write_results
from seif_core.stages import STAGES, stages_of

FOUND = PhotoEvidence(
    camera=Camera(100.0, 2.0, 2.0, 4, 4),
    inside=np.ones((4, 4), np.float32),
    skin_likeness=np.ones((4, 4), np.float32),
    light=plain_light(),
    skin_colour=np.full(3, 0.5, np.float32),
    hair_colour=None,
    ear_occlusion=EarOcclusion(0.9, 0.1),
    posed=np.zeros((3, 3), np.float32),
    view=MeshView(
        triangle=np.full((4, 4), -1),
        weights=np.zeros((4, 4, 3), np.float32),
        nearest=np.full((4, 4), np.inf, np.float32),
        normals=np.zeros((3, 3), np.float32),
        facing=np.zeros(3, np.float32),
    ),
)


def reconstruct(photo, settings, progress=None, **changes):
    """The main job with quick stages, some of them changed."""
    return pipeline.reconstruct(photo, settings, progress, stages=fake_stages(**changes))


@pytest.fixture
def photo(tmp_path, monkeypatch):
    fake_writers(monkeypatch)
    path = tmp_path / "face.jpg"
    path.write_bytes(b"a photo")
    return path


def test_stages_come_in_their_order_and_are_timed(photo):
    seen = []
    done = reconstruct(photo, ReconstructionSettings(texture_size=64), Progress(lambda s, f: seen.append((s, f))))
    assert list(dict.fromkeys(stage for stage, _ in seen)) == list(STAGES)
    assert {stage for stage, fraction in seen if fraction == 1.0} == set(STAGES)
    assert set(done.seconds) == set(STAGES)
    assert done.head.texture.shape == (64, 64, 3)


def test_without_a_texture_none_is_baked(photo):
    done = reconstruct(photo, ReconstructionSettings(texture_size=0))
    assert done.head.texture is None
    assert "Texture" not in done.seconds


def test_times_are_those_of_one_photo_where_one_progress_serves_several(photo, monkeypatch):
    clock = iter(range(1000))
    monkeypatch.setattr("seif_core.progress.time.perf_counter", lambda: float(next(clock)))
    progress = Progress()
    for _ in range(2):
        assert reconstruct(photo, ReconstructionSettings(texture_size=64), progress).seconds == dict.fromkeys(
            STAGES, 1.0
        )


def test_cancelling_stops_between_any_two_steps(photo):
    steps = []
    reconstruct(photo, ReconstructionSettings(texture_size=64), Progress(lambda *step: steps.append(step)))
    for last in range(len(steps)):
        left = iter([False] * last + [True] * 99)
        with pytest.raises(CancelledError):
            reconstruct(photo, ReconstructionSettings(texture_size=64), Progress(None, lambda left=left: next(left)))


@pytest.mark.parametrize("stage", ["make_hair", "bake_texture"])
def test_what_goes_wrong_beside_another_stage_is_told(photo, stage):
    def fail(*_, **__):
        raise SettingsError("something is wrong with it")

    with pytest.raises(SettingsError, match="something is wrong"):
        reconstruct(photo, ReconstructionSettings(texture_size=64), **{stage: fail})


def test_hair_and_texture_are_made_at_the_same_time(photo):
    both = threading.Barrier(2, timeout=30.0)

    def wait(*_, settings=None, **__):
        both.wait()
        return settings and BakedTexture(np.zeros((64, 64, 3), np.uint8), None)

    done = reconstruct(photo, ReconstructionSettings(texture_size=64), make_hair=wait, bake_texture=wait)
    assert done.head.texture is not None


@pytest.mark.parametrize(
    "wrong",
    [
        {"device": "tpu"},
        {"texture_size": 5},
        {"texture_size": -1},
        {"texture_size": 99999},
        {"texture_size": "2048"},
        {"seed": -1},
        {"seed": 1.5},
        {"face": -1},
        {"online": 1},
        {"landmarks": "eyes"},
        {"quality": "best"},
        {"hair": "red"},
        {"weights": "heavy"},
        {"resolution": 100},
        {"resolution": 256.0},
        {"subdivisions": 2},
        {"subdivisions": True},
        {"normal_model": "no/such/file.onnx"},
        {"expressions": "smiles"},
        {"expressions": ""},
        {"spelling": "cyrillic"},
        {"colour": "red"},
    ],
)
def test_settings_that_make_no_sense_are_refused_in_a_sentence(wrong):
    with pytest.raises(SettingsError, match=r"^[A-Z].+\.$"):
        ReconstructionSettings.from_mapping(wrong)


def test_a_device_that_is_not_there_is_refused(monkeypatch):
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    with pytest.raises(DeviceError, match="no usable device 'cuda'"):
        choose_device("cuda")
    assert choose_device("auto") == "cpu"


@pytest.mark.parametrize(
    "error",
    [
        MemoryError(),
        torch.OutOfMemoryError("CUDA out of memory."),
        RuntimeError("[enforce fail at alloc_cpu.cpp] DefaultCPUAllocator: can't allocate memory"),
    ],
)
def test_running_out_of_memory_ends_in_a_sentence(photo, error):
    def fail(*_, **__):
        raise error

    with pytest.raises(DeviceError, match="memory"):
        reconstruct(photo, ReconstructionSettings(), fit_portrait=fail)


def test_other_errors_of_torch_stay_what_they_are():
    with pytest.raises(RuntimeError, match="shapes"), memory_in_words():
        raise RuntimeError("shapes do not match")


def test_repeatable_blocks_draw_the_same_numbers_and_leave_no_trace():
    torch.manual_seed(1)
    expected = torch.rand(3)
    torch.manual_seed(1)
    drawn = []
    for _ in range(2):
        with repeatable(7):
            drawn.append(torch.rand(3))
    torch.testing.assert_close(drawn[0], drawn[1])
    torch.testing.assert_close(torch.rand(3), expected)
    assert not torch.are_deterministic_algorithms_enabled()


def test_report_is_json_and_tells_what_was_done(photo, tmp_path):
    settings = ReconstructionSettings(texture_size=64, seed=3)
    done = reconstruct(photo, settings)
    report = json.loads(json.dumps(build_report(done, {"head.npz": 12}), allow_nan=False))
    assert report["settings"]["seed"] == 3
    assert report["photo"]["name"] == "face.jpg"
    assert report["fit"]["landmark_error_percent"] == 1.5
    assert report["surface"]["queries"] == 1234
    assert report["surface"]["components"] == 8  # skin, two eyes, two rows of teeth, tongue, two lashes
    assert 0 < report["surface"]["face_distance_percent"] < 1
    assert report["outputs"] == [{"name": "head.npz", "bytes": 12}]
    assert report["peak_memory_mb"] > 10
    assert report["licence"]["head"] == done.head.model_licence


def test_warnings_name_other_faces(photo):
    def crowd(*_, **__):
        return sample_portrait(face_count=3, confidence=0.6)

    warnings = reconstruct(photo, ReconstructionSettings(texture_size=0), read_portrait=crowd).warnings
    assert any("2 more faces" in w for w in warnings)
    assert any("not sure" in w for w in warnings)


def test_glasses_that_the_photo_shows_are_among_the_warnings(photo):
    """The head was without them, and nobody said so."""
    shares = np.zeros((len(CLASSES), 64, 64), np.float32)
    shares[CLASSES.index("glasses")] = 1.0
    found = SimpleNamespace(parsing=HeadParsing(Crop(64, 80, 128), shares))
    quick = ReconstructionSettings(texture_size=64, quality="fast")
    done = reconstruct(photo, quick, look_at_photo=lambda *_, **__: found)
    assert any("glasses" in sentence for sentence in done.warnings)


def test_what_reading_the_photo_warns_of_is_among_the_warnings(photo):
    def dark(*_, **__):
        return sample_portrait(warnings=("It is very dark.",))

    done = reconstruct(photo, ReconstructionSettings(texture_size=0), read_portrait=dark)
    assert "It is very dark." in done.warnings


def test_results_replace_those_of_an_earlier_run_and_keep_foreign_files(tmp_path):
    target = tmp_path / "out" / "face"
    target.mkdir(parents=True)
    (target / "notes.txt").write_text("mine")
    (target / "head.npz").write_text("old")
    with staging(target) as folder:
        (folder / "head.npz").write_text("new")
    assert (target / "head.npz").read_text() == "new"
    assert (target / "notes.txt").read_text() == "mine"
    assert [p.name for p in target.parent.iterdir()] == ["face"]


def test_a_failure_leaves_neither_files_nor_folders(tmp_path):
    def write_half():
        with staging(tmp_path / "a" / "b" / "face") as folder:
            (folder / "head.npz").write_text("half")
            raise CancelledError("stop")

    with pytest.raises(CancelledError):
        write_half()
    assert list(tmp_path.iterdir()) == []


def test_every_stage_of_a_full_disk_leaves_nothing_half_written(photo, tmp_path, monkeypatch):
    import errno

    from seif_core import export, preview
    from seif_core.head import Head

    done = reconstruct(photo, ReconstructionSettings(texture_size=0))

    def full(*_, **__):
        raise OSError(errno.ENOSPC, "No space left on device")

    for owner, name in ((Head, "save"), (export, "write_glb"), (preview, "draw_preview")):
        with monkeypatch.context() as patch:
            patch.setattr(owner, name, full)
            with pytest.raises(OutputError, match="disk is full"), staging(tmp_path / "out" / "face") as folder:
                write_results(done, folder, ("glb", "npz"))
        assert not (tmp_path / "out").exists()


def test_full_quality_gives_the_head_the_surfaces_shape_and_keeps_the_fit(photo):
    done = reconstruct(photo, ReconstructionSettings(texture_size=0))
    assert done.surface is not None
    np.testing.assert_array_equal(done.head.vertices, done.uniform.fit.neutral)
    np.testing.assert_array_equal(done.head.joints, done.uniform.fit.joints)
    assert not np.array_equal(done.fit.neutral, done.head.vertices)


def test_fast_quality_stops_at_the_fit(photo):
    done = reconstruct(photo, ReconstructionSettings(texture_size=0, quality="fast"))
    assert done.surface is None
    assert done.uniform is None
    assert not {"Surface", "Mesh"} & set(done.seconds)
    np.testing.assert_array_equal(done.head.vertices, done.fit.neutral)


@pytest.mark.parametrize("error", [SettingsError("No surface is here."), RegistrationError("It folds.")])
@pytest.mark.parametrize("stage", ["make_surface", "uniform_fit"])
def test_a_photo_without_a_surface_still_gives_the_fits_head_and_a_sentence(photo, error, stage):
    def fail(*_, **__):
        raise error

    done = reconstruct(photo, ReconstructionSettings(texture_size=0), **{stage: fail})
    np.testing.assert_array_equal(done.head.vertices, done.fit.neutral)
    assert (done.surface is None) == (stage == "make_surface")
    assert [w for w in done.warnings if str(error) in w]


def test_missing_weights_are_no_missing_surface(photo):
    def fail(*_, **__):
        raise ModelError("There is no weights file.")

    with pytest.raises(ModelError):
        reconstruct(photo, ReconstructionSettings(), make_surface=fail)


def test_shares_of_the_stages_sum_to_one_whatever_is_left_out():
    for settings in ({}, {"quality": "fast"}, {"texture_size": 0}, {"quality": "fast", "texture_size": 0}):
        assert sum(stages_of(settings).values()) == pytest.approx(1)
    assert list(stages_of({})) == list(STAGES)
    assert list(stages_of({"quality": "fast"})) == ["Prepare", "Portrait", "Fit", "Evidence", "Texture", "Head"]


def test_the_photo_is_looked_at_once_and_the_evidence_goes_forward(photo):
    seen = []

    def look_at_photo(_portrait, fit, *, device):
        seen.append(fit)
        return FOUND

    def uniform_fit(fit, _surface, _settings, _progress, *, occlusion):
        seen.append(occlusion)
        return sample_uniform(fit)

    def bake_texture(_portrait, _fit, evidence, *, settings, **_):
        seen.append(evidence)
        return BakedTexture(np.zeros((settings.size, settings.size, 3), np.uint8), None)

    stages = {"look_at_photo": look_at_photo, "uniform_fit": uniform_fit, "bake_texture": bake_texture}
    done = reconstruct(photo, ReconstructionSettings(texture_size=64), **stages)
    assert [type(thing) for thing in seen] == [type(done.fit), EarOcclusion, PhotoEvidence]
    assert seen[0] is done.fit
    assert seen[1] is FOUND.ear_occlusion
    assert seen[2] is done.evidence is FOUND


@pytest.mark.parametrize("left_out", [{"quality": "fast", "texture_size": 0}])
def test_nobody_looks_at_a_photo_whose_evidence_nobody_reads(photo, left_out):
    def look_at_photo(*_, **__):
        raise AssertionError

    done = reconstruct(photo, ReconstructionSettings(**left_out), look_at_photo=look_at_photo)
    assert done.evidence is None
    assert "Evidence" not in done.seconds


def test_report_of_a_fast_head_has_no_surface(photo):
    report = build_report(reconstruct(photo, ReconstructionSettings(texture_size=0, quality="fast")))
    assert report["surface"] is None


@pytest.mark.parametrize("weights", ["compact", "original"])
def test_missing_weights_are_told_before_the_photo_is_worked_on(photo, monkeypatch, tmp_path, weights):
    monkeypatch.setattr("seif_core.implicit.original.weights_folder", lambda: tmp_path)
    monkeypatch.setattr("seif_core.implicit.compact.NORMALS_FILE", ("gone.safetensors", ""))
    compact.compact_networks.cache_clear()
    with pytest.raises(ModelError, match=r"gone.safetensors is missing|original_semantic.safetensors"):
        reconstruct(photo.with_name("missing.jpg"), ReconstructionSettings(weights=weights))


def test_weights_that_may_not_be_read_end_in_a_sentence(monkeypatch, tmp_path):
    def refuse(_path):
        raise PermissionError(13, "Permission denied")

    (tmp_path / "w.safetensors").write_bytes(b"x")
    monkeypatch.setattr("seif_core.network_files.load_file", refuse)
    with pytest.raises(ModelError, match=r"w.safetensors cannot be read \(Permission denied\)"):
        load_weights(torch.nn.Linear(1, 1), tmp_path / "w.safetensors")


def test_the_users_normal_model_reaches_the_surface_and_is_opened_before_the_photo_is_read(photo, monkeypatch):
    given = {}
    monkeypatch.setattr("seif_core.implicit.onnx_normals.load_normal_model", lambda path, *, device: (path, device))

    def make_surface(_portrait, fit, _settings, **more):
        given.update(more)
        return sample_surface(fit)

    model = photo.with_name("model.onnx")
    model.write_bytes(b"x")
    reconstruct(photo, ReconstructionSettings(texture_size=0, normal_model=str(model)), make_surface=make_surface)
    assert given["normals"] == (str(model), "cpu")
    monkeypatch.undo()
    monkeypatch.setitem(sys.modules, "onnxruntime", None)
    with pytest.raises(DependencyError, match="onnxruntime"):
        reconstruct(photo.with_name("missing.jpg"), ReconstructionSettings(normal_model=str(model)))
