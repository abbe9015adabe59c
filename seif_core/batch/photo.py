"""One photo of a batch made into a head, whatever happens told as an outcome."""

from __future__ import annotations

import logging
from typing import Final

from ..device import memory_in_words
from ..errors import CancelledError, SeifError
from ..filenames import as_text
from ..photo_source import photo_file
from ..pipeline import reconstruct
from ..progress import Progress
from ..results import staging, write_results
from ..stage_functions import STANDARD, Stages
from ..unforeseen import unforeseen_in_words
from .job import MADE, PhotoJob, PhotoOutcome

_LOG: Final = logging.getLogger(__name__)


def do_photo(job: PhotoJob, stages: Stages = STANDARD) -> PhotoOutcome:
    """Make the head of one photo and write its results.

    Args:
        job: the photo, its folder, the settings.
        stages: the functions that make heads.

    Raises:
        CancelledError: the user cancelled.
        KeyboardInterrupt: a signal asked the process to stop.
    """
    progress = Progress()
    try:
        with unforeseen_in_words(), memory_in_words(), photo_file(job.photo) as file, staging(job.target) as folder:
            done = reconstruct(file, job.settings, progress, stages=stages)
            images = job.debug_images
            done = write_results(done, folder, job.formats, target=job.target, debug_images=images, progress=progress)
    except CancelledError:
        raise
    except SeifError as error:
        _LOG.info("no head of %s", job.name, exc_info=error)
        spent = sum(progress.seconds.values())
        return job.ended("failed", as_text(str(error)), seconds=spent, exit_code=error.exit_code)
    return job.ended("made", MADE, seconds=sum(done.seconds.values()), warnings=done.warnings)
