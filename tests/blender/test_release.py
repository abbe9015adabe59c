"""What is published: zips for one platform or with a runtime, the repository's index, a release's folder."""

from __future__ import annotations

import hashlib
import json
import subprocess
import sys
import tomllib
import zipfile
from pathlib import Path

import pytest

from seif_blender.runtime import location
from seif_core import __version__

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "tools"))
import make_release  # noqa: E402 - after the path is set
import stage_extension  # noqa: E402


@pytest.fixture
def small(monkeypatch):
    """Only the manifest and the add-on's entry, so that a zip takes no time."""

    def stage(folder: Path) -> None:
        folder.mkdir()
        for name in ("blender_manifest.toml", "seif_blender/__init__.py"):
            (folder / Path(name).name).write_bytes((ROOT / name).read_bytes())

    monkeypatch.setattr(stage_extension, "stage", stage)


def manifest_of(zip_file: Path) -> dict:
    return tomllib.loads(zipfile.ZipFile(zip_file).read("blender_manifest.toml").decode())


def test_a_zip_for_each_platform_says_for_which(small, tmp_path):
    made = stage_extension.build_all(tmp_path, split=True)
    told = [manifest_of(path)["build"]["generated"]["platforms"] for path in made]
    assert sorted(told) == sorted([name] for name in stage_extension.PLATFORMS.values())


@pytest.mark.parametrize("python", [(3, 11), (3, 13)])
def test_a_zip_with_a_runtime_is_kept_to_its_platform_and_to_blenders_of_its_python(
    small, tmp_path, monkeypatch, python
):
    def add(staged: Path, accelerator: str) -> None:
        (staged / location.BUNDLED / "abc").mkdir(parents=True)
        (staged / location.BUNDLED / "abc" / "library.py").write_text(accelerator)

    monkeypatch.setattr(stage_extension, "add_runtime", add)
    monkeypatch.setattr(sys, "version_info", (*python, 0))
    (made,) = stage_extension.build_all(tmp_path, bundle="cpu")
    found = manifest_of(made)
    assert found["platforms"] == [stage_extension.this_platform()]
    assert {k: v for k, v in found.items() if k.startswith("blender_version")} == stage_extension.BLENDERS[python]
    assert f"{location.BUNDLED}/abc/library.py" in zipfile.ZipFile(made).namelist()
    assert made.stem.endswith(f"py{python[0]}{python[1]}-cpu")


def test_a_python_that_no_blender_has_is_a_sentence():
    with pytest.raises(stage_extension.StageError, match=r"No supported Blender has Python 3\.12"):
        stage_extension.versions_for((3, 12))


def test_the_staged_runtime_is_where_the_add_on_looks_for_it():
    assert location.BUNDLED == stage_extension.BUNDLED


def test_a_release_holds_zip_index_changes_licences_and_the_checksum_of_each(small, tmp_path):
    folder = make_release.release(tmp_path)
    names = {path.name for path in folder.iterdir()}
    assert names == {
        f"seif_blender-{__version__}.zip", "index.json", "index.html", "CHANGES.md", "LICENCES.md", "SHA256SUMS",
    }  # fmt: skip
    (entry,) = json.loads((folder / "index.json").read_text())["data"]
    zip_file = folder / f"seif_blender-{__version__}.zip"
    assert (entry["id"], entry["version"]) == ("seif_blender", __version__)
    assert entry["archive_hash"] == f"sha256:{hashlib.sha256(zip_file.read_bytes()).hexdigest()}"
    sums = dict(reversed(line.split("  ")) for line in (folder / "SHA256SUMS").read_text().splitlines())
    assert set(sums) == names - {"SHA256SUMS"}
    assert all(hashlib.sha256((folder / name).read_bytes()).hexdigest() == digest for name, digest in sums.items())
    licences = (folder / "LICENCES.md").read_text()
    assert "| torch |" in licences
    assert "GNU GENERAL PUBLIC LICENSE" in licences
    assert "MediaPipe" in licences


def test_the_changelog_s_own_section_of_a_version_goes_before_the_unreleased_one():
    text = "# Changelog\n\n## Unreleased\n\n- b\n\n## 1.2.0 (2026-01-01)\n\n- a\n\n## 1.1.0\n\n- 0\n"
    assert make_release.changes(text, "1.2.0") == "## 1.2.0 (2026-01-01)\n\n- a\n"
    assert make_release.changes(text, "1.3.0") == "## Unreleased\n\n- b\n"
    with pytest.raises(make_release.StageError, match="no section"):
        make_release.changes("# Changelog\n", "1.0.0")


def test_blender_finds_and_installs_the_add_on_from_the_index(small, tmp_path):
    folder = make_release.release(tmp_path)
    script = (
        "import os, sys\n"
        "os.environ['BLENDER_USER_RESOURCES'] = sys.argv[2]\n"
        "import bpy\n"
        "bpy.ops.wm.read_factory_settings(use_empty=True)\n"
        "bpy.context.preferences.system.use_online_access = True\n"
        "repos = bpy.context.preferences.extensions.repos\n"
        "repo = repos.new(name='SeIF', module='seif_repo', remote_url=sys.argv[1])\n"
        "index = list(repos).index(repo)\n"
        "print(bpy.ops.extensions.repo_sync(repo_index=index))\n"
        "print(bpy.ops.extensions.package_install(repo_index=index, pkg_id='seif_blender', enable_on_install=False))\n"
        "print(os.path.isfile(os.path.join(repo.directory, 'seif_blender', 'blender_manifest.toml')), 'there')\n"
    )
    url = (folder / "index.json").as_uri()
    command = [sys.executable, "-c", script, url, str(tmp_path / "user")]
    done = subprocess.run(command, capture_output=True, text=True, timeout=300, check=False)
    assert "True there" in done.stdout, done.stdout[-2000:] + done.stderr[-2000:]
