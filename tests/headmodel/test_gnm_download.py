"""`seif models add gnm`: asked before, refused offline, and nothing kept of what is not the model."""

from __future__ import annotations

import hashlib
import io
import threading
from dataclasses import replace
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest
from gnm_file import write_gnm
from sample_head import sample_model

from seif_core import cli, cli_models
from seif_core.errors import CancelledError, ModelError, SettingsError
from seif_core.headmodel import gnm_download, installed, model_cache
from seif_core.headmodel.installed import add_from_publisher, installed_models
from seif_core.progress import Progress


class Publisher(BaseHTTPRequestHandler):
    """Stands for the publisher: redirects to the file as it does, cuts it off, goes on for ever, or has none."""

    content = b""
    asked: list[str] = []  # noqa: RUF012 - of the class by intention

    def do_GET(self):
        type(self).asked.append(self.path)
        if self.path == "/resolve":
            self.send_response(302)
            self.send_header("Location", "/file")
            self.end_headers()
        elif self.path == "/elsewhere":
            self.send_response(302)
            self.send_header("Location", "file:///etc/hostname")
            self.end_headers()
        elif self.path == "/endless":
            self.send_response(200)
            self.end_headers()
            for _ in range(200):
                self.wfile.write(bytes(1 << 16))
        elif self.path in {"/file", "/cut", "/large"}:
            self.send_response(200)
            extra = {"/file": 0, "/cut": 100, "/large": 1 << 40}[self.path]
            self.send_header("Content-Length", str(len(self.content) + extra))
            self.end_headers()
            self.wfile.write(self.content)
        else:
            self.send_error(404)

    def log_message(self, format, *args):  # noqa: A002 - the base class's name
        pass


@pytest.fixture(scope="module")
def server(tmp_path_factory):
    path = tmp_path_factory.mktemp("publisher") / "gnm_head.npz"
    write_gnm(path)
    Publisher.content = path.read_bytes()
    running = ThreadingHTTPServer(("127.0.0.1", 0), Publisher)
    threading.Thread(target=running.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{running.server_port}"
    running.shutdown()
    running.server_close()


@pytest.fixture
def world(monkeypatch, tmp_path, server):
    monkeypatch.setenv("SEIF_DATA", str(tmp_path / "data"))
    monkeypatch.setenv("SEIF_CACHE", str(tmp_path / "cache"))
    monkeypatch.setattr(model_cache, "read_open_head", lambda _path: sample_model())
    Publisher.asked = []

    def published_at(page, **changes):
        found = replace(gnm_download.GNM_HEAD, address=server + page, **changes)
        monkeypatch.setattr(gnm_download, "GNM_HEAD", found)
        return found

    published_at("/resolve")
    return published_at


def test_the_file_is_fetched_through_the_publishers_redirection_and_kept(world, capsys):
    assert cli.main(["models", "add", "gnm", "--online", "--yes"]) == 0
    (kept,) = installed_models()
    assert (kept.name, kept.licence) == ("gnm", "Apache-2.0")
    assert kept.sha256 == hashlib.sha256(Publisher.content).hexdigest()
    told = capsys.readouterr()
    assert "gnm  GNM Head 3.0, Apache-2.0" in told.out
    assert "not the one that is known" in told.err
    assert Publisher.asked == ["/resolve", "/file"]


def test_the_known_checksum_is_said_to_be_it():
    assert "is the one" in gnm_download.checksum_in_words(gnm_download.GNM_HEAD.sha256)
    assert len(gnm_download.GNM_HEAD.sha256) == 64
    assert gnm_download.GNM_HEAD.address.startswith("https://")


def test_without_online_nothing_is_asked_of_anybody_and_the_way_is_told(world, capsys):
    assert cli.main(["models", "add", "gnm"]) == SettingsError.exit_code
    told = capsys.readouterr().err
    assert "--online" in told
    assert "Apache-2.0" in told
    assert Publisher.asked == []


@pytest.mark.parametrize(("answer", "kept"), [("n\n", 0), ("", 0), ("y\n", 1)])
def test_the_user_is_asked_before_anything_is_fetched(world, monkeypatch, capsys, answer, kept):
    class Terminal(io.StringIO):
        def isatty(self):
            return True

    monkeypatch.setattr(cli_models.sys, "stdin", Terminal(answer))
    code = cli.main(["models", "add", "gnm", "--online"])
    assert "53 MB, Apache-2.0" in capsys.readouterr().out
    assert code == (0 if kept else SettingsError.exit_code)
    assert bool(Publisher.asked) is bool(kept)
    assert len(installed_models()) == kept


@pytest.mark.parametrize(
    ("page", "words"),
    [
        ("/cut", "cut off|could not be downloaded"),
        ("/large", "more than it can be"),
        ("/endless", "goes on beyond"),
        ("/none", "404"),
        ("/elsewhere", "could not be downloaded"),
    ],
)
def test_what_the_publisher_breaks_is_told_and_nothing_is_kept(world, tmp_path, page, words):
    world(page, largest=10 << 20)
    with pytest.raises(ModelError, match=words):
        add_from_publisher()
    assert not list((tmp_path / "data" / "models").iterdir())


def test_a_publisher_that_is_not_there_is_told(world, monkeypatch, tmp_path):
    gone = replace(gnm_download.GNM_HEAD, address="http://127.0.0.1:9/file")
    monkeypatch.setattr(gnm_download, "GNM_HEAD", gone)
    with pytest.raises(ModelError, match="give the file's path"):
        add_from_publisher()


def test_a_page_in_the_models_place_is_no_model(world, monkeypatch, tmp_path):
    monkeypatch.setattr(Publisher, "content", b"<html>sign in</html>")
    with pytest.raises(ModelError, match="gnm_head"):
        add_from_publisher()
    assert not list((tmp_path / "data" / "models").iterdir())


def test_a_download_can_be_cancelled(world, tmp_path):
    heard = []
    with pytest.raises(CancelledError):
        add_from_publisher(Progress(lambda *step: heard.append(step), lambda: len(heard) > 1))
    assert not list((tmp_path / "data" / "models").iterdir())
    assert installed is not None
