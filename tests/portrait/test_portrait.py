"""A photo to a portrait: faces found at any tilt, landmarks, head mask, and every picture that has no usable face."""

from __future__ import annotations

import hashlib
import math
import subprocess
import sys
import types
import zipfile
from dataclasses import replace

import cv2
import numpy as np
import pytest
from conftest import REPOSITORY, SHARED
from hypothesis import given
from hypothesis import strategies as st
from photo_files import cartoon
from PIL import Image
from skimage.data import astronaut, chelsea

from seif_core.errors import (
    CancelledError,
    DependencyError,
    ModelError,
    PhotoUnsuitableError,
    SettingsError,
)
from seif_core.portrait import PortraitSettings, interpreter, models, read_portrait
from seif_core.portrait.attention_mesh import _sampled
from seif_core.portrait.crop import Crop, Pyramid, paste
from seif_core.portrait.guided_filter import apply_lines, guided_lines
from seif_core.portrait.interpreter import Network
from seif_core.portrait.mesh_topology import MIRROR
from seif_core.portrait.models import MODELS, PARTS
from seif_core.portrait.split_model import cut_model
from seif_core.progress import Progress

PORTRAITS = SHARED / "portraits"
WITHOUT_FACE = {"chelsea.png", "noise.png"}
TURNED_AWAY = {"landscape_untitled_amir_kuckovic.jpg"}  # seen from behind: neither eye shows


def write(folder, pixels, name="photo.png"):
    path = folder / name
    Image.fromarray(np.ascontiguousarray(pixels)).save(path)
    return path


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return tmp_path_factory.mktemp("portrait")


@pytest.fixture(scope="module")
def portrait(folder):
    return read_portrait(write(folder, astronaut()))


def eye_distance(landmarks):
    return float(np.linalg.norm(landmarks[33, :2] - landmarks[263, :2]))


def turned(pixels, degrees):
    """The picture turned clockwise in a larger frame; the (2, 3) matrix back to the original's pixels."""
    height, width = pixels.shape[:2]
    side = math.ceil(math.hypot(height, width)) + 2
    matrix = cv2.getRotationMatrix2D((width / 2 - 0.5, height / 2 - 0.5), -degrees, 1.0)
    matrix[:, 2] += [(side - width) / 2, (side - height) / 2]
    image = cv2.warpAffine(pixels, matrix, (side, side), flags=cv2.INTER_CUBIC)
    return image, cv2.invertAffineTransform(matrix)


def test_importing_the_package_loads_no_heavy_library():
    code = (
        "import sys, seif_core.portrait;"
        "print([m for m in ('torch', 'cv2', 'ai_edge_litert', 'scipy', 'PIL') if m in sys.modules])"
    )
    result = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, cwd=REPOSITORY, check=True)
    assert result.stdout.strip() == "[]"


def test_portrait_has_the_shapes_and_facts_of_the_photo(portrait):
    assert portrait.name == "photo.png"
    assert len(portrait.sha256) == 64
    assert np.array_equal(portrait.pixels, astronaut())
    assert portrait.landmarks.shape == (478, 3)
    assert portrait.landmark_scheme == "mediapipe478"
    assert portrait.mask.shape == (512, 512)
    assert (portrait.face_count, portrait.face_index) == (1, 0)
    assert portrait.focal_px is None
    assert portrait.confidence > 0.9
    assert abs(math.degrees(portrait.roll)) < 10


def test_landmarks_lie_where_eyes_nose_and_mouth_of_the_astronaut_are(portrait):
    """Places read off the picture by hand, in pixels."""
    for index, place in ((468, (203, 101)), (473, (247, 103)), (4, (225, 125)), (13, (223, 143)), (152, (222, 178))):
        assert np.linalg.norm(portrait.landmarks[index, :2] - place) < 4, index


def test_irises_lie_between_the_corners_of_their_eyes(portrait):
    for iris, corners in ((468, (33, 133)), (473, (362, 263))):
        left, right = (portrait.landmarks[c, 0] for c in corners)
        assert left < portrait.landmarks[iris, 0] < right
        rim = portrait.landmarks[iris + 1 : iris + 5, :2] - portrait.landmarks[iris, :2]
        assert rim[0, 0] > 0 > rim[2, 0]  # right and left
        assert rim[1, 1] < 0 < rim[3, 1]  # top and bottom


def test_the_nose_is_nearer_to_the_viewer_than_the_cheeks(portrait):
    assert portrait.landmarks[4, 2] < portrait.landmarks[[234, 454], 2].min() - 10


def test_same_photo_gives_the_same_bytes(folder, portrait):
    again = read_portrait(folder / "photo.png")
    assert again.landmarks.tobytes() == portrait.landmarks.tobytes()
    assert again.mask.tobytes() == portrait.mask.tobytes()


@pytest.mark.parametrize("degrees", [45, 90, 180, 270, 335])
def test_a_tilted_head_gets_the_same_landmarks(folder, portrait, degrees):
    image, back = turned(astronaut(), degrees)
    other = read_portrait(write(folder, image, f"turned{degrees}.png"))
    mapped = (other.landmarks[:, :2] - 0.5) @ back[:, :2].T + back[:, 2] + 0.5
    error = np.linalg.norm(mapped - portrait.landmarks[:, :2], axis=1).mean() / eye_distance(portrait.landmarks)
    assert error < 0.01
    assert math.remainder(other.roll - portrait.roll - math.radians(degrees), math.tau) == pytest.approx(0, abs=0.02)


def test_a_mirrored_photo_gets_mirrored_landmarks(folder, portrait):
    other = read_portrait(write(folder, astronaut()[:, ::-1], "mirrored.png"))
    mapped = other.landmarks[:468][MIRROR]
    mapped[:, 0] = 512 - mapped[:, 0]
    error = np.linalg.norm(mapped[:, :2] - portrait.landmarks[:468, :2], axis=1).mean()
    assert error < 0.01 * eye_distance(portrait.landmarks)


def test_a_face_that_is_a_small_part_of_a_large_photo_is_found(folder):
    image = np.full((2400, 3600, 3), 120, np.uint8)
    small = cv2.resize(astronaut(), None, fx=0.5, fy=0.5, interpolation=cv2.INTER_AREA)
    image[1900 : 1900 + 256, 200 : 200 + 256] = small
    portrait = read_portrait(write(folder, image, "far.png"))
    assert np.linalg.norm(portrait.landmarks[4, :2] - (200 + 112, 1900 + 63)) < 4


def test_grey_photo_and_alpha_do_not_change_the_landmarks(folder, portrait):
    grey = read_portrait(write(folder, cv2.cvtColor(astronaut(), cv2.COLOR_RGB2GRAY), "grey.png"))
    rgba = read_portrait(write(folder, np.dstack([astronaut(), np.full((512, 512), 255, np.uint8)]), "rgba.png"))
    distance = eye_distance(portrait.landmarks)
    assert np.abs(grey.landmarks - portrait.landmarks).mean() < 0.03 * distance
    assert np.array_equal(rgba.landmarks, portrait.landmarks)


def test_the_largest_face_is_first_and_the_others_are_counted(folder):
    face = astronaut()[20:240, 120:340]
    image = np.full((500, 900, 3), 200, np.uint8)
    image[20:240, 20:240] = face
    image[20:460, 400:840] = cv2.resize(face, (440, 440), interpolation=cv2.INTER_CUBIC)
    path = write(folder, image, "two.png")
    first, second = (read_portrait(path, face=k) for k in (0, 1))
    assert first.face_count == second.face_count == 2
    assert first.box[0] > 400 > second.box[2]
    assert second.face_index == 1
    assert first.mask[:, :350].max() == 0
    assert second.mask[:, 400:].max() == 0


def test_a_face_number_beyond_the_count_names_the_count(folder, portrait):
    with pytest.raises(PhotoUnsuitableError, match=r"shows 1 face, but face number 1 .* choose 0\."):
        read_portrait(folder / "photo.png", face=1)
    with pytest.raises(SettingsError):
        read_portrait(folder / "photo.png", face=-1)


def test_the_mask_covers_face_hair_and_neck_and_leaves_suit_and_background(portrait):
    for x, y in ((227, 120), (227, 60), (180, 90), (270, 90), (225, 183)):
        assert portrait.mask[y, x] > 200, (x, y)
    for x, y in ((60, 250), (350, 120), (227, 260), (120, 200), (340, 230), (227, 15)):
        assert portrait.mask[y, x] < 50, (x, y)


def test_the_mask_turns_with_the_picture(folder, portrait):
    image, back = turned(astronaut(), 90)
    mask = read_portrait(write(folder, image, "quarter.png")).mask
    mapped = cv2.warpAffine(mask, back, (512, 512)) > 127
    straight = portrait.mask > 127
    assert (mapped & straight).sum() / (mapped | straight).sum() > 0.95


@pytest.mark.parametrize("name", ["cat", "noise", "grey", "black"])
def test_pictures_without_a_face_say_so(folder, name):
    pixels = {
        "cat": chelsea(),
        "noise": np.random.default_rng(1).integers(0, 255, (400, 400, 3), dtype=np.uint8),
        "grey": np.full((300, 300, 3), 128, np.uint8),
        "black": np.zeros((64, 900, 3), np.uint8),
    }[name]
    with pytest.raises(PhotoUnsuitableError, match="No face") as caught:
        read_portrait(write(folder, pixels, f"{name}.png"))
    assert caught.value.exit_code == 2


@pytest.mark.parametrize("name", ["cartoon.png", "cartoon.jpg"])
def test_a_cartoon_is_refused_as_drawn(folder, name):
    with pytest.raises(PhotoUnsuitableError, match="drawn"):
        read_portrait(write(folder, cartoon(), name))


def test_a_face_of_20_pixels_is_refused_with_its_size(folder):
    image = np.full((480, 640, 3), 128, np.uint8)
    small = cv2.resize(astronaut(), None, fx=20 / 108, fy=20 / 108, interpolation=cv2.INTER_AREA)
    image[200 : 200 + small.shape[0], 250 : 250 + small.shape[1]] = small
    with pytest.raises(PhotoUnsuitableError, match=r"2[0-3] pixels high, fewer than 24"):
        read_portrait(write(folder, image, "small.png"))


def test_cancelling_stops_at_the_next_step(folder, portrait):
    with pytest.raises(CancelledError):
        read_portrait(folder / "photo.png", progress=Progress(cancelled=lambda: True))


def test_progress_only_grows(folder, portrait):
    told = []
    read_portrait(folder / "photo.png", progress=Progress(lambda _, fraction: told.append(fraction)))
    assert told == sorted(told)


@pytest.mark.parametrize(
    "change",
    [{"backend": "dlib"}, {"minimum_confidence": 2.0}, {"minimum_face_px": 0}, {"refinements": 0},
     {"maximum_megapixels": 0.0}],
)  # fmt: skip
def test_senseless_settings_are_refused(change):
    with pytest.raises(SettingsError):
        replace(PortraitSettings(), **change)


def test_face_alignment_needs_permission_to_download_and_says_how_it_is_given(folder, portrait, monkeypatch, tmp_path):
    monkeypatch.setenv("TORCH_HOME", str(tmp_path))
    monkeypatch.setitem(sys.modules, "face_alignment", fake_face_alignment(lambda _: None))
    with pytest.raises(DependencyError, match=r"--online.*mediapipe"):
        read_portrait(folder / "photo.png", settings=PortraitSettings(backend="face-alignment"))


def test_face_alignment_whose_weights_are_here_needs_no_permission(folder, portrait, monkeypatch, tmp_path):
    monkeypatch.setenv("TORCH_HOME", str(tmp_path))
    checkpoints = tmp_path / "hub" / "checkpoints"
    checkpoints.mkdir(parents=True)
    for name in ("2DFAN4-11f355bf06.pth.tar", "s3fd-619a316812.pth"):
        (checkpoints / name).touch()
    monkeypatch.setitem(sys.modules, "face_alignment", fake_face_alignment(lambda _: None))
    with pytest.raises(DependencyError, match="placed no landmarks"):
        read_portrait(folder / "photo.png", settings=PortraitSettings(backend="face-alignment"))


@pytest.mark.parametrize("allowed", [False, True])
def test_face_alignment_that_is_not_installed_says_so(folder, portrait, monkeypatch, allowed):
    monkeypatch.setitem(sys.modules, "face_alignment", None)
    with pytest.raises(DependencyError, match=r"not installed; run python build\.py face-alignment"):
        read_portrait(folder / "photo.png", settings=PortraitSettings(backend="face-alignment", allow_download=allowed))


def fake_face_alignment(answer):
    """A stand-in with the library's interface, that answers in pixels of the crop it is given."""

    class FaceAlignment:
        def __init__(self, kind, **_options):
            assert kind == "2d"

        def get_landmarks_from_image(self, image, detected_faces):
            assert image.dtype == np.uint8
            assert len(detected_faces) == 1
            return answer(image.shape[0])

    module = types.ModuleType("face_alignment")
    module.FaceAlignment = FaceAlignment
    module.LandmarksType = types.SimpleNamespace(TWO_D="2d")
    return module


def test_face_alignment_gives_68_points_in_pixels_of_a_tilted_photo(folder, monkeypatch):
    def answer(side):
        points = np.full((68, 2), side / 2.0)
        points[36], points[45] = (0.3 * side, 0.4 * side), (0.7 * side, 0.4 * side)
        points[8], points[19] = (0.5 * side, 0.8 * side), (0.4 * side, 0.3 * side)
        return [points]

    monkeypatch.setitem(sys.modules, "face_alignment", fake_face_alignment(answer))
    image, _ = turned(astronaut(), 90)
    settings = PortraitSettings(backend="face-alignment", allow_download=True)
    portrait = read_portrait(write(folder, image, "tilted.png"), settings=settings)
    assert portrait.landmark_scheme == "ibug68"
    assert portrait.landmarks.shape == (68, 3)
    assert math.degrees(portrait.roll) == pytest.approx(93, abs=3)
    assert portrait.landmarks[8, 0] < portrait.landmarks[19, 0]  # turned clockwise: the chin points to the left
    assert portrait.mask.max() > 200


def test_face_alignment_that_finds_nothing_says_so(folder, portrait, monkeypatch):
    monkeypatch.setitem(sys.modules, "face_alignment", fake_face_alignment(lambda _: None))
    with pytest.raises(DependencyError, match="placed no landmarks"):
        read_portrait(folder / "photo.png", settings=PortraitSettings(backend="face-alignment", allow_download=True))


@given(
    x=st.floats(-50, 150), y=st.floats(-50, 150), size=st.floats(1, 300), angle=st.floats(-7, 7), mirrored=st.booleans()
)
def test_crop_coordinates_map_to_the_photo_and_back(x, y, size, angle, mirrored):
    crop = Crop(x, y, size, angle, mirrored)
    points = np.array([[0.0, 0.0], [1.0, 0.25], [0.3, 0.9]])
    assert np.allclose(crop.from_photo(crop.to_photo(points)), points, atol=1e-9)


def test_a_crop_turned_by_a_quarter_starts_at_the_top_right():
    corner = Crop(100, 100, 80, math.pi / 2).to_photo(np.zeros((1, 2)))
    assert np.allclose(corner, [[140, 60]])


@pytest.mark.parametrize("angle", [0.0, 0.4, math.pi])
def test_pasting_a_crop_back_lands_on_its_own_pixels(angle):
    y, x = np.mgrid[:200, :300].astype(np.float32) + 0.5
    picture = np.clip(np.stack([x, y, x + y], axis=-1) / 2, 0, 255).astype(np.uint8)
    crop = Crop(150.0, 100.0, 120.0, angle)
    sampled = Pyramid(picture).sample(crop, 120)[..., 0].astype(np.float32)
    back = paste(sampled, crop, 200, 300)
    inside = paste(np.ones((120, 120), np.float32), crop, 200, 300) > 0.999
    assert inside.sum() > 0.9 * 120**2
    assert np.abs(back - picture[..., 0])[inside].mean() < 1.0


def test_guided_filter_keeps_edges_of_the_guide_and_flattens_noise():
    guide = np.zeros((64, 64, 3), np.float32)
    guide[:, 32:] = (0.8, 0.6, 0.5)
    noisy = (guide[..., 0] > 0).astype(np.float32)
    noisy += np.random.default_rng(0).normal(0, 0.2, noisy.shape).astype(np.float32)
    result = apply_lines(guided_lines(guide, noisy, radius=4, epsilon=1e-4), guide)
    assert np.abs(result[:, :31]).mean() < 0.05
    assert np.abs(result[:, 33:] - 1).mean() < 0.05


def test_mirror_table_is_its_own_inverse():
    assert np.array_equal(MIRROR[MIRROR], np.arange(468))
    assert MIRROR[33] == 263
    assert MIRROR[152] == 152


@pytest.mark.parametrize("name", models.CHECKSUMS)
def test_shipped_models_are_those_of_the_wheel(name):
    checksum = models.CHECKSUMS[name]
    data = (REPOSITORY / "vendor" / "mediapipe" / name).read_bytes()
    assert hashlib.sha256(data).hexdigest() == checksum
    assert checksum in (REPOSITORY / "vendor" / "README.md").read_text(encoding="utf-8")


def make_wheel(path, replaced=b""):
    """A wheel with the shipped models in it, and the attention mesh's first part in place of the whole."""
    vendor = REPOSITORY / "vendor" / "mediapipe"
    with zipfile.ZipFile(path, "w") as archive:
        for name, (inside, _) in MODELS.items():
            archive.writestr(inside, replaced or (vendor / name).read_bytes())
        archive.writestr(models.ATTENTION[0], (vendor / "face_attention_trunk.tflite").read_bytes())
    return path


def test_models_are_extracted_from_a_wheel_and_cut_where_they_are_told(tmp_path, monkeypatch):
    trunk = PARTS["face_attention_trunk.tflite"]
    monkeypatch.setattr(models, "ATTENTION", (models.ATTENTION[0], trunk[2]))
    monkeypatch.setattr(models, "PARTS", {"face_attention_trunk.tflite": trunk})
    models.extract_models(make_wheel(tmp_path / "a.whl"), tmp_path / "out")
    cut = {"face_attention_trunk.tflite", "selfie_features.tflite", "face_features.tflite"}
    assert {p.name for p in (tmp_path / "out").iterdir()} == {*MODELS, *cut}


def test_another_version_of_the_wheel_or_no_wheel_is_refused_and_nothing_written(tmp_path):
    with pytest.raises(ModelError, match="another version"):
        models.extract_models(make_wheel(tmp_path / "a.whl", b"other"), tmp_path / "out")
    with pytest.raises(ModelError, match="no wheel"):
        models.extract_models(tmp_path, tmp_path / "out")
    assert not (tmp_path / "out").exists()


def test_a_part_of_a_model_computes_what_the_whole_does(tmp_path):
    """The feature map alone, cut out of the trunk, against the trunk's own."""
    trunk = REPOSITORY / "vendor" / "mediapipe" / "face_attention_trunk.tflite"
    (tmp_path / "part.tflite").write_bytes(cut_model(trunk.read_bytes(), ["input_1"], ["p_re_lu_3"]))
    assert (tmp_path / "part.tflite").stat().st_size < trunk.stat().st_size / 2
    image = np.random.default_rng(0).random((192, 192, 3), dtype=np.float32)
    part, whole = Network(tmp_path / "part.tflite")(image), Network(trunk)(image)
    assert np.allclose(part["p_re_lu_3"], whole["p_re_lu_3"], atol=1e-5)
    with pytest.raises(ModelError, match="no tensor elsewhere"):
        cut_model(trunk.read_bytes(), ["input_1"], ["elsewhere"])


def test_the_feature_map_is_sampled_at_cell_centres_and_is_zero_outside():
    rows, columns = np.mgrid[:48, :48].astype(np.float32)
    features = np.stack([columns, rows], axis=-1)
    sampled = _sampled(features, np.eye(2), np.array([20.0, 30.0]))
    assert np.allclose(sampled[0, 0], [12, 22])  # the square's first cell is the map's cell (12, 22)
    assert np.allclose(sampled[15, 15], [27, 37])
    assert np.allclose(_sampled(features, np.eye(2) / 2, np.array([20.0, 30.0]))[0, 0], [15.75, 25.75])
    assert (_sampled(features, np.eye(2), np.array([-20.0, 30.0])) == 0).all()


def test_a_damaged_model_names_itself(tmp_path):
    (tmp_path / "broken.tflite").write_bytes(b"nothing")
    with pytest.raises(ModelError, match=r"broken.tflite"):
        Network(tmp_path / "broken.tflite")


def test_a_model_with_a_flipped_byte_is_not_blamed_on_the_photo(tmp_path, monkeypatch):
    name = "face_detection_short_range.tflite"
    damaged = bytearray((REPOSITORY / "vendor" / "mediapipe" / name).read_bytes())
    damaged[len(damaged) // 2] ^= 255
    (tmp_path / name).write_bytes(damaged)
    monkeypatch.setattr(interpreter, "vendor_path", lambda *_: tmp_path / name)
    with pytest.raises(ModelError, match=r"short_range.tflite is damaged .* install"):
        interpreter.network.__wrapped__(name)


def sample_portraits():
    names = sorted(p.name for p in PORTRAITS.glob("*.*g")) if PORTRAITS.is_dir() else []
    return [n for n in names if not n.endswith(("_mask.png", "_normal.png"))]


@pytest.mark.parametrize("name", sample_portraits())
def test_every_sample_portrait_with_a_face_is_found(name):
    if name in WITHOUT_FACE | TURNED_AWAY:
        with pytest.raises(PhotoUnsuitableError):
            read_portrait(PORTRAITS / name)
        return
    portrait = read_portrait(PORTRAITS / name)
    assert portrait.confidence > 0.9
    face = portrait.landmarks[[9, 50, 280], :2].round().astype(int)
    assert (portrait.mask[face[:, 1], face[:, 0]] > 127).all()


@pytest.mark.parametrize("name", ["seif_demo_1", "seif_demo_5", "seif_demo_12"])
def test_head_mask_agrees_with_the_sample_masks_above_the_chin(name):
    if not PORTRAITS.is_dir():
        pytest.skip("no sample portraits here")
    portrait = read_portrait(PORTRAITS / f"{name}.png")
    chin = int(portrait.landmarks[152, 1])
    ours = portrait.mask[:chin] > 127
    theirs = np.asarray(Image.open(PORTRAITS / f"{name}_mask.png").convert("L"))[:chin] > 127
    assert (ours & theirs).sum() / (ours | theirs).sum() > 0.9


def test_a_portrait_that_is_parsed_later_ends_up_the_same(tmp_path):
    Image.fromarray(astronaut()).save(tmp_path / "a.png")
    whole = read_portrait(tmp_path / "a.png")
    later = read_portrait(tmp_path / "a.png", settings=PortraitSettings(parse_later=True))
    assert later.parsing is None
    assert not later.mask.any()
    finished = later.finished()
    np.testing.assert_array_equal(finished.mask, whole.mask)
    np.testing.assert_array_equal(finished.parsing.shares, whole.parsing.shares)
    np.testing.assert_array_equal(finished.dense.pixels, whole.dense.pixels)
    assert finished.finished() is finished
