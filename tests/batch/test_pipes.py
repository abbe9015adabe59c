"""What lies in a folder of photos and is none."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from seif_core.batch.plan import plan_batch
from seif_core.settings import ReconstructionSettings


@pytest.mark.skipif(os.name == "nt", reason="pipes with names and links are POSIX's")
def test_pipes_and_links_into_nowhere_are_no_photos_of_a_folder(tmp_path: Path):
    photos = tmp_path / "photos"
    photos.mkdir()
    (photos / "a.jpg").write_bytes(b"a photo")
    os.mkfifo(photos / "b.png")
    (photos / "c.png").symlink_to(tmp_path / "nowhere.png")
    jobs = plan_batch(photos, tmp_path / "out", ReconstructionSettings(), ["npz"])
    assert [job.name for job in jobs] == ["a.jpg"]
