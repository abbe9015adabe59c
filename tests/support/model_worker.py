"""A worker for tests of head models and FLAME parameters: the real server and the real requests, with two shortcuts.

Runs as `model_worker.py ROOT` in place of the bootstrap. What takes seconds is left out: models are completed from the
sample head instead of the Open head, and FLAME gets keys of the test's making. Nothing is warmed up.
"""

import sys
from pathlib import Path

sys.path[:0] = [sys.argv[1], str(Path(__file__).resolve().parent)]

from seif_core.worker.channel import Sender, claim_output  # noqa: E402 - after the path is set

_OUTPUT = claim_output()

from flame_head import with_keys  # noqa: E402
from sample_head import sample_model  # noqa: E402

from seif_core.headmodel import model_cache, user_model  # noqa: E402
from seif_core.headmodel.flame import read_flame  # noqa: E402
from seif_core.worker import jobs, model_jobs  # noqa: E402
from seif_core.worker.server import Server  # noqa: E402

model_cache.read_open_head = lambda _path: sample_model()
user_model.load_flame = lambda path, _cache=None: with_keys(read_flame(path))
handlers = {"models": model_jobs.models, "flame_motion": model_jobs.flame_motion}
Server(Sender(_OUTPUT), handlers, jobs.shares).run(sys.stdin.buffer)
