"""`python -m seif_core.worker`: serve one client over standard input and output; see docs/worker-protocol.md."""

from __future__ import annotations

from .channel import Sender, claim_output

_OUTPUT = claim_output()  # before anything else is imported: from here on nobody can print into the protocol


def main() -> None:
    """Serve until standard input closes."""
    import logging
    import sys

    from ..stages import STAGES
    from . import jobs
    from .server import Server

    logging.basicConfig(level=logging.INFO, stream=sys.stderr, format="%(name)s: %(message)s")
    handlers = {"reconstruct": jobs.reconstruct, "info": jobs.info}
    Server(Sender(_OUTPUT), handlers, STAGES, jobs.warm_up).run(sys.stdin.buffer)


if __name__ == "__main__":
    main()
