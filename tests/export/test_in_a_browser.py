"""A web head in three.js in a headless Chromium: it is seen, and its jaw opens when the page's slider is moved."""

from __future__ import annotations

import http.server
import shutil
import subprocess
import threading
from functools import partial
from pathlib import Path

import numpy as np
import pytest
from node_programs import node_folder
from PIL import Image
from sample_head import sample_head

from seif_core.export import preset_named, write_for_engine
from seif_core.expression_choice import parse_choice

HERE = Path(__file__).resolve().parents[1] / "support"
CHROMIUM = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), "")
OPTIONS = ("--headless", "--no-sandbox", "--hide-scrollbars", "--enable-unsafe-swiftshader", "--window-size=480,600")
TRIES = 3
SECONDS = 60
"""Of the page's own time, within which it is drawn."""


class Pages(http.server.SimpleHTTPRequestHandler):
    """The page at ``/``, three.js below ``/three``, the exported files below ``/files``."""

    def __init__(self, *arguments, three: Path, files: Path) -> None:
        self.places = {"three": three, "files": files}
        super().__init__(*arguments)

    def translate_path(self, path: str) -> str:
        place, _, rest = path.partition("?")[0].strip("/").partition("/")
        return str(self.places[place] / rest) if place in self.places else str(HERE / "web_page.html")

    def log_message(self, *_: object) -> None:
        """Nothing."""


def seen(address: str, picture: Path) -> np.ndarray:
    """Pixels of the page, once it has drawn; on a busy machine a browser may give up before."""
    own = (f"--virtual-time-budget={1000 * SECONDS}", f"--user-data-dir={picture.parent / 'user'}")
    command = [CHROMIUM, *OPTIONS, *own, "--dump-dom", f"--screenshot={picture}", address]
    for _ in range(TRIES):
        told = subprocess.run(command, check=False, capture_output=True, text=True, timeout=120)
        if "<title>drawn" in told.stdout and picture.exists():
            return np.array(Image.open(picture).convert("RGB"), np.float64)[30:480]
    raise AssertionError(told.stdout[:300] + told.stderr[-1500:])


@pytest.mark.skipif(not CHROMIUM, reason="there is no Chromium")
def test_a_web_head_is_seen_in_a_browser_and_the_slider_opens_its_jaw(tmp_path):
    three = node_folder("three@0.187.0") / "node_modules" / "three"
    preset = preset_named("web")
    write_for_engine(sample_head(), tmp_path, preset, parse_choice(preset.expressions, preset.spelling))
    handler = partial(Pages, three=three, files=tmp_path)
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        address = f"http://127.0.0.1:{server.server_port}/?file=head_web.glb&jaw="
        shut, opened = (seen(address + jaw, tmp_path / f"{jaw}.png") for jaw in ("0", "1"))
        server.shutdown()
    head = np.abs(shut - 128).max(-1) > 8
    assert 0.1 < head.mean() < 0.9
    moved = np.abs(opened - shut).max(-1) > 8
    rows = np.flatnonzero(head.any(1))
    assert moved.any()
    assert np.flatnonzero(moved.any(1)).min() > rows.mean()  # the lower half alone
