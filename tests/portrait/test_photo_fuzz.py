"""The damage of `benchmarks/fuzz.py photos`, a little of it, to decoding alone."""

from __future__ import annotations

import random
import sys

import numpy as np
import pytest
from conftest import REPOSITORY

from seif_core.errors import PhotoError
from seif_core.portrait.decode import decode_photo

pytest.importorskip("pillow_heif")
sys.path.insert(0, str(REPOSITORY / "benchmarks"))

from fuzz_photos import mutated, sources


def test_damaged_photos_of_every_format_are_pictures_or_typed_errors_and_leave_nothing_behind(tmp_path):
    chance, good, refused = random.Random(7), sources(), 0  # noqa: S311  (repeatable damage)
    for name, data in sorted(good.items()):
        (tmp_path / "photo").write_bytes(data)
        assert decode_photo(tmp_path / "photo").pixels.dtype == np.uint8, name
    for k in range(250):
        name = sorted(good)[k % len(good)]
        (tmp_path / "photo").write_bytes(mutated(good[name], chance))
        try:
            assert decode_photo(tmp_path / "photo").pixels.dtype == np.uint8
        except PhotoError as error:
            refused += str(error).endswith(".")
    assert 60 < refused < 240
    assert [p.name for p in tmp_path.iterdir()] == ["photo"]
