from __future__ import annotations

import pytest
from haired_head import capped_surface, parsed_portrait, plain_fit

from seif_core.hair.layer import model_hair


@pytest.fixture(scope="package")
def scene():
    fit = plain_fit()
    surface, hair = capped_surface(fit)
    return fit, surface, hair, parsed_portrait(fit, surface, hair)


@pytest.fixture(scope="package")
def made(scene):
    fit, surface, _, portrait = scene
    return model_hair(portrait, fit, surface, None)
