"""`python -m seif_core.worker`: serve one client over standard input and output; see docs/worker-protocol.md."""

from __future__ import annotations

import os
import sys
from types import TracebackType

from .channel import Sender, claim_output

_OUTPUT = claim_output()  # before anything else is imported: from here on nobody can print into the protocol


def _end_at_once(kind: type[BaseException], error: BaseException, trace: TracebackType | None) -> None:
    """Print what nobody foresaw and end: a normal exit would hang on the thread that reads standard input."""
    sys.__excepthook__(kind, error, trace)
    sys.stderr.flush()
    os._exit(1)


def main() -> None:
    """Serve until standard input closes."""
    import logging

    from . import jobs, landmark_jobs, look_jobs, model_jobs, print_jobs
    from .server import Server

    sys.excepthook = _end_at_once
    logging.basicConfig(level=logging.INFO, stream=sys.stderr, format="%(name)s: %(message)s")
    handlers = {"reconstruct": jobs.reconstruct, "capture": jobs.capture, "info": jobs.info}
    handlers |= {"models": model_jobs.models, "flame_motion": model_jobs.flame_motion}
    handlers |= {"look": look_jobs.look, "landmarks": landmark_jobs.landmarks}
    handlers["print"] = print_jobs.print_meshes
    Server(Sender(_OUTPUT), handlers, jobs.shares, jobs.warm_up, jobs.discard_unfinished).run(sys.stdin.buffer)


if __name__ == "__main__":
    main()
