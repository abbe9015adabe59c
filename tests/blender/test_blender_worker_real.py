"""The add-on's client and the real worker together, as Blender starts it: bootstrap, job, photo, cancel, refusal."""

from __future__ import annotations

import sys
import time
from pathlib import Path

import pytest
import skimage
from PIL import Image

from seif_blender.worker.client import WorkerClient
from seif_blender.worker.environment import WorkerCommand
from seif_blender.worker.job import Job, State
from seif_core import __version__
from seif_core.head import Head

ROOT = Path(__file__).resolve().parents[2]
PICTURES = Path(skimage.__file__).parent / "data"


@pytest.fixture(scope="module")
def client():
    pytest.importorskip("torch", reason="the newest Blender's environment has no torch, which the worker needs")
    made = WorkerClient(lambda: WorkerCommand(Path(sys.executable), ROOT), __version__)
    yield made
    made.close()


def pump(client, job, until, seconds=120.0):
    end = time.monotonic() + seconds
    while not until(job):
        assert time.monotonic() < end, f"still {job.state}: {job.stage}"
        client.poll()
        time.sleep(0.01)


def test_a_photo_becomes_a_head_and_its_upright_photo(client):
    job = Job(PICTURES / "astronaut.png", {"texture_size": 0, "quality": "fast"})
    client.submit(job)
    seen = []
    pump(client, job, lambda job: seen.append((job.stage, job.total)) or job.over)
    assert job.state is State.SUCCEEDED, job.message
    assert {"Finding the face", "Fitting the head"} <= {stage for stage, _ in seen}
    assert [total for _, total in seen] == sorted(total for _, total in seen)
    head = Head.load(job.head_file)
    assert Image.open(job.photo_file).size == (head.photo_camera.width, head.photo_camera.height)
    assert job.report["licence"]["head"] == head.model_licence
    job.discard()


def test_a_running_job_is_cancelled_and_the_warm_worker_stays(client):
    job = Job(PICTURES / "astronaut.png", {"texture_size": 0})
    client.submit(job)
    pump(client, job, lambda job: job.stage == "Finding the face" or job.over)
    client.cancel()
    pump(client, job, lambda job: job.over, seconds=2.0)
    assert job.state is State.CANCELLED


def test_a_picture_without_a_face_is_refused_in_words(client):
    job = Job(PICTURES / "chelsea.png", {"texture_size": 0})
    client.submit(job)
    pump(client, job, lambda job: job.over)
    assert (job.state, job.code) == (State.FAILED, "photo-unsuitable")
    assert job.message.endswith(".")
