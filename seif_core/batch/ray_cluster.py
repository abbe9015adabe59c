"""Photos done by a Ray cluster: every node has this library, and sees photos and results under the same paths.

Ray is no library of this project; who wants it installs it (https://docs.ray.io, Apache-2.0) beside SeIF on each node.
"""

from __future__ import annotations

import logging
from collections.abc import Iterator, Sequence
from typing import Any, Final

from ..errors import DependencyError, DeviceError, UnforeseenError
from ..unforeseen import describe
from .job import PhotoJob, PhotoOutcome
from .processes import Do

_LOG: Final = logging.getLogger(__name__)


def run_on_ray(jobs: Sequence[PhotoJob], do: Do, address: str, cores: int) -> Iterator[PhotoOutcome]:
    """Do photos on a Ray cluster, and give each outcome as soon as it is there. Left early, what runs is cancelled.

    Args:
        jobs: the photos.
        do: what makes a head of one; known by name on every node.
        address: of the cluster, as ``ray.init`` takes it: ``HOST:PORT``, ``ray://HOST:PORT``, ``auto``, or ``local``
            for one on this machine.
        cores: that one photo takes of its node.

    Raises:
        DependencyError: Ray is not installed.
        DeviceError: no cluster answers, or it has no node with so many cores.
    """
    ray = _ray()
    try:
        ray.init(address=address, log_to_driver=False, logging_level=logging.ERROR)
    except (ConnectionError, OSError, RuntimeError, ValueError) as error:
        raise DeviceError(
            f"No Ray cluster answers at {address} ({describe(error)}); start one with 'ray start --head' and give its "
            "address, or leave out --ray."
        ) from error
    try:
        if not any(node["Resources"].get("CPU", 0) >= cores for node in ray.nodes() if node["Alive"]):
            raise DeviceError(
                f"No node of the Ray cluster has {cores} cores; start nodes with more, or give fewer with --cores."
            )
        yield from _outcomes(ray, jobs, do, cores)
    finally:
        ray.shutdown()


def _outcomes(ray: Any, jobs: Sequence[PhotoJob], do: Do, cores: int) -> Iterator[PhotoOutcome]:  # noqa: ANN401
    def photo(job: PhotoJob) -> PhotoOutcome:
        return do(job)

    gpus = 1 if jobs and jobs[0].settings.device == "cuda" else 0
    remote = ray.remote(num_cpus=cores, num_gpus=gpus, max_retries=0)(photo)
    running = {remote.remote(job): job for job in jobs}
    try:
        while running:
            for answer in ray.wait(list(running))[0]:
                job = running.pop(answer)
                try:
                    yield ray.get(answer)
                except ray.exceptions.RayError as error:
                    _LOG.info("no head of %s", job.name, exc_info=error)
                    yield job.ended("failed", _in_words(error), exit_code=UnforeseenError.exit_code)
    finally:
        for answer in running:
            ray.cancel(answer, force=True)


def _in_words(error: BaseException) -> str:
    return f"The node that did this photo gave up ({describe(error)}); run the same command again to try it anew."


def _ray() -> Any:  # noqa: ANN401 - the module itself
    try:
        import ray  # pyright: ignore[reportMissingImports] - no library of this project
        import ray.exceptions  # pyright: ignore[reportMissingImports]
    except ImportError as error:
        raise DependencyError(
            f"--ray needs the library ray, which is not installed ({error}); install it with 'pip install ray' on "
            "every node, or use --processes."
        ) from error
    return ray
