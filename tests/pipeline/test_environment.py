"""Users without a home folder, odd variables, photos that are no files."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tempfile
import threading
from pathlib import Path

import pytest

from seif_core import folders, photo_source
from seif_core.errors import PhotoNotFoundError, PhotoUnreadableError
from seif_core.folders import cache_folder, data_folder
from seif_core.photo_source import photo_file

posix = pytest.mark.skipif(os.name == "nt" or sys.platform == "darwin", reason="XDG folders, pipes with names")


@pytest.fixture
def homeless(monkeypatch, tmp_path):
    """No HOME, no entry in the list of users, a temporary folder of its own."""

    def no_home():
        raise RuntimeError("Could not determine home directory.")

    for name in ("HOME", "SEIF_CACHE", "SEIF_DATA", "XDG_CACHE_HOME", "XDG_DATA_HOME"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setattr(Path, "home", no_home)
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    folders._last_resort.cache_clear()
    yield tmp_path
    folders._last_resort.cache_clear()


@posix
def test_a_user_without_a_home_gets_a_private_folder(homeless):
    for folder in (cache_folder(), data_folder()):
        assert folder.is_relative_to(homeless / f"seif-blender-{os.getuid()}")
    assert (homeless / f"seif-blender-{os.getuid()}").stat().st_mode & 0o777 == 0o700


@posix
def test_a_folder_that_somebody_else_prepared_is_not_used(homeless, monkeypatch):
    (homeless / f"seif-blender-{os.getuid()}").symlink_to(homeless)
    assert not data_folder().is_relative_to(homeless / f"seif-blender-{os.getuid()}")
    assert data_folder() == data_folder()


@posix
def test_named_folders_need_no_home(homeless, monkeypatch):
    monkeypatch.setenv("XDG_CACHE_HOME", str(homeless / "c"))
    monkeypatch.setenv("XDG_DATA_HOME", str(homeless / "d"))
    assert (cache_folder(), data_folder()) == (homeless / "c" / "seif-blender", homeless / "d" / "seif-blender")


@posix
@pytest.mark.parametrize("value", ["", "relative/folder"])
def test_an_empty_or_relative_folder_of_xdg_counts_as_none(monkeypatch, tmp_path, value):
    monkeypatch.delenv("SEIF_DATA", raising=False)
    monkeypatch.setenv("XDG_DATA_HOME", value)
    monkeypatch.setattr(Path, "home", lambda: tmp_path)
    assert data_folder() == tmp_path / ".local" / "share" / "seif-blender"


@posix
@pytest.mark.skipif(not hasattr(os, "geteuid") or os.geteuid() != 0, reason="only root can become a nameless user")
def test_a_user_of_a_container_has_folders(tmp_path):
    code = "import os; from seif_core.folders import *; os.setuid(54321); print(cache_folder(), data_folder())"
    done = subprocess.run(
        [sys.executable, "-c", code], env={"TMPDIR": "/tmp"}, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    assert "seif-blender" in done.stdout


@posix
def test_a_photo_from_a_pipe_is_read_whole(tmp_path):
    reader, writer = os.pipe()
    data = os.urandom(300_000)

    def write():
        with os.fdopen(writer, "wb") as stream:
            stream.write(data)

    thread = threading.Thread(target=write)
    thread.start()
    with photo_file(Path(f"/dev/fd/{reader}")) as file:
        assert file.read_bytes() == data
        assert file.name == str(reader)
        assert file.is_file()
    assert not file.exists()
    thread.join()
    os.close(reader)


@posix
def test_a_pipe_that_nobody_writes_into_ends_in_a_sentence(tmp_path, monkeypatch):
    monkeypatch.setattr(photo_source, "_PATIENCE", 0.1)
    os.mkfifo(tmp_path / "pipe.jpg")
    with (
        pytest.raises(PhotoUnreadableError, match=r"Nobody wrote into the pipe pipe\.jpg"),
        photo_file(tmp_path / "pipe.jpg"),
    ):
        pass


@posix
def test_a_pipe_without_an_end_ends_in_a_sentence(tmp_path, monkeypatch):
    monkeypatch.setattr(photo_source, "_LARGEST", 1 << 20)
    with (
        subprocess.Popen([shutil.which("cat"), "/dev/zero"], stdout=subprocess.PIPE) as endless,
        pytest.raises(PhotoUnreadableError, match="more than 1 MB"),
        photo_file(Path(f"/dev/fd/{endless.stdout.fileno()}")),
    ):
        pass


@posix
@pytest.mark.parametrize("device", ["/dev/zero", "/dev/null"])
def test_a_device_is_no_photo(device):
    with pytest.raises(PhotoUnreadableError, match="is a device"), photo_file(Path(device)):
        pass


@pytest.mark.parametrize("path", ["x" * 5000, "zero\0byte", "half\ud800character"])
def test_a_path_that_no_system_takes_is_no_photo(path):
    with pytest.raises(PhotoNotFoundError, match="There is no file"), photo_file(Path(path)):
        pass
