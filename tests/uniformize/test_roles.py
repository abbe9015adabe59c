"""What a place of the skin may do is what the table says."""

from __future__ import annotations

import numpy as np
import pytest

from seif_core.headmodel import load_head_model
from seif_core.uniformize import UniformizeSettings, roles
from seif_core.uniformize.ears import Ears
from seif_core.uniformize.exposure import exposure
from seif_core.uniformize.roles import ROLES, vertex_roles
from seif_core.uniformize.skin_mesh import SkinMesh


@pytest.fixture(scope="module")
def skin():
    return SkinMesh.of(load_head_model("open"))


@pytest.fixture(scope="module")
def haired(skin):
    return vertex_roles(skin, UniformizeSettings(), exposure(skin.model))


@pytest.fixture(scope="module")
def bald(skin):
    return vertex_roles(skin, UniformizeSettings(hair=False), exposure(skin.model))


def told(cell: str) -> float | None:
    return None if cell in {"", "prior"} else float(cell)


def test_the_table_that_is_read_is_the_table_that_counts():
    rows = [[c.strip() for c in line.split("|")[1:-1]] for line in roles.__doc__.splitlines() if line.startswith("| `")]
    assert {row[0].strip("`"): tuple(map(told, row[1:5])) for row in rows} == {n: tuple(r) for n, r in ROLES.items()}


def test_every_role_has_a_share_between_nothing_and_all(skin, haired, bald):
    for found in (haired, bald):
        assert list(found.shares) == list(ROLES)
        for name, share in found.shares.items():
            assert share.shape == skin.ids.shape, name
            assert share.min() >= 0, name
            assert share.max() <= 1, name
        assert found.stiffness.min() >= 1
        assert found.stiffness.max() <= UniformizeSettings().stiffness * (1 + 1e-9)


def test_lids_lips_and_hollows_follow_as_little_as_their_rows_say_and_are_stiff(skin, haired):
    for name in ("lids", "lips", "mouth_interior"):
        assert haired.data[skin.region(name)].max() <= ROLES[name].follow + 1e-12
        assert haired.stiffness[skin.region(name)].min() == pytest.approx(UniformizeSettings().stiffness)
    nose = skin.template[:, 2].argmax()
    assert haired.data[nose] == 1
    assert haired.stiffness[nose] == 1


def test_a_bald_head_holds_its_skull_and_a_haired_one_does_not(skin, haired, bald):
    scalp = skin.region("scalp")
    assert bald.hold[scalp].min() >= 1
    assert bald.data[scalp].max() == 0
    assert np.median(haired.hold[scalp]) == 0  # but beside the ears
    assert haired.data[scalp].mean() > 0.9


def test_the_reach_grows_from_face_to_neck_to_beard_to_hair(skin, haired):
    marks = skin.model.embeddings["ibug68"].points(skin.model.template)
    bridge, chin = (np.linalg.norm(skin.template - marks[k], axis=1).argmin() for k in (28, 8))
    crown = skin.template[:, 1].argmax()
    assert haired.reach[bridge] < haired.reach[chin] < haired.reach[crown]
    assert haired.bare[crown] == 0
    assert haired.bare[bridge] > 0.9


def test_an_ear_does_what_is_seen_of_it(skin):
    ear, whole = skin.region("ears") & (exposure(skin.model) > 0.3), np.ones(len(skin.ids))
    settings = UniformizeSettings()
    shown, hidden, under = (
        vertex_roles(skin, settings, exposure(skin.model), Ears(a * whole, b * whole))
        for a, b in ((1.0, 0.0), (0.0, 0.0), (0.0, 1.0))
    )
    assert shown.data[ear].max() == pytest.approx(ROLES["ear_shown"].follow)
    assert hidden.data[ear].max() == 0
    assert np.median(under.data[ear]) == 1
    assert np.median(hidden.hold[ear]) == pytest.approx(ROLES["ear_unseen"].hold)
    assert np.median(under.hold[ear]) < 0.01
    assert np.median(shown.stiffness[ear]) > 100 > np.median(under.stiffness[ear])


def test_switches_take_their_part_out(skin, haired):
    exposed = exposure(skin.model)
    free = vertex_roles(skin, UniformizeSettings(prior=0.0001, ear_hold=False), exposed)
    assert free.hold.max() < 0.001 < haired.hold.max()
