from __future__ import annotations

import numpy as np
import pytest

from seif_core.workshop.drawing.light import (
    Environment,
    ShadowMap,
    random_environment,
    seen_directions,
    soft_light,
    sphere_directions,
)

UP = np.array([[0.0, 1, 0]])


def white(sharp=(0.0, 1, 0)):
    directions = sphere_directions(48)
    return Environment(directions, np.ones((48, 3)), np.array(sharp), np.ones(3), 0.002)


def sheet(height, half=0.2, count=60):
    x, z = (part.ravel() for part in np.meshgrid(*[np.linspace(-half, half, count)] * 2))
    return np.column_stack([x, np.full(len(x), height), z])


def test_an_even_sky_gives_an_open_point_the_worked_number():
    light = white()
    soft, _ = soft_light(UP, UP, np.ones((1, 48), bool), light)
    assert soft == pytest.approx(1, abs=0.03)


def test_a_roof_darkens_what_lies_under_it():
    light = white()
    point = np.zeros((1, 3))
    covered = seen_directions(point, UP, sheet(0.05), light.directions)
    open_ = seen_directions(point, UP, sheet(-0.05), light.directions)
    above = light.directions[:, 1] > 0.3
    assert covered[0, above].mean() < 0.15
    assert open_[0, above].all()


def test_a_solid_roof_takes_all_of_the_sharp_light_and_hair_some():
    corners = np.array([[-0.1, 0.1, -0.1], [0.1, 0.1, -0.1], [0.1, 0.1, 0.1], [-0.1, 0.1, 0.1]])
    floor = corners * [3, 0, 3]
    quad = np.array([[0, 1, 2], [0, 2, 3]])
    points = np.array([[0.0, 0, 0], [0.25, 0, 0]])
    solid = ShadowMap((np.concatenate([floor, corners]), np.concatenate([quad, quad + 4])), (floor, quad[:0]), white())
    hair = ShadowMap((floor, quad), (corners, quad), white())
    assert solid.lit(points) == pytest.approx([0, 1], abs=0.02)
    assert 0.01 < hair.lit(points)[0] < 0.5
    assert hair.lit(points)[1] == pytest.approx(1, abs=0.02)


def test_every_kind_of_light_is_finite_and_not_dark():
    for seed in range(40):
        light = random_environment(np.random.default_rng(seed))
        assert np.isfinite(light.radiance).all()
        assert light.radiance.shape == (48, 3)
        assert light.radiance.mean() + light.sharp_colour.mean() > 0.05
        assert np.linalg.norm(light.sharp) == pytest.approx(1)
