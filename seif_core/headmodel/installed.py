"""Head models that the user added: a copy of each file in the user's data folder, found by a short name.

    models/<name>/model.json                what `seif models list` tells
    models/<name>/<release>/<the file>      under the name that it was published under

The file keeps its name, and its folder is called after the release, because both tell the release and with it the
licence (`flame_release`). What is added is read whole and completed first, so that a file which cannot be used is never
kept.
"""

from __future__ import annotations

import hashlib
import json
import logging
import re
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Final

from ..errors import ModelError, OutputError
from ..filenames import as_text, called, is_file
from ..folders import models_folder
from ..progress import Progress
from . import gnm_download
from .flame_release import RESTRICTED, release_of
from .gnm import NAME as GNM
from .gnm_file import is_gnm_file
from .model_cache import check_size
from .user_model import completed_file, load_user_model

_LOG: Final = logging.getLogger(__name__)
_ABOUT: Final = "model.json"
_KINDS: Final = (".pkl", ".npz")
_NAME: Final = re.compile(r"[a-z0-9][a-z0-9_-]{0,39}")
"""Short names: what needs no quoting in a shell and is a folder's name on every system."""
_SHOWN: Final = 200
"""Characters of a wrong name that are repeated."""
_LARGEST_ABOUT: Final = 1 << 16
"""Bytes of a model.json: 64 kB; ours take 500 bytes."""
_VARIANTS: Final = ("no_jaw",)
"""What the published file names say beside the release (`flame2023_no_jaw.pkl`, whose expressions open no jaw)."""


@dataclass(frozen=True)
class InstalledModel:
    """A head model in the user's folder.

    Attributes:
        name: short name, as `load_head_model` takes it.
        title: name and release as shown to a user.
        licence: SPDX identifier, or what the licence is called.
        attribution: sentence that names the model's source.
        file: the model's own file.
        size: its bytes.
        sha256: its checksum.
    """

    name: str
    title: str
    licence: str
    attribution: str
    file: Path
    size: int
    sha256: str


def add_model(path: Path, *, release: str = "", folder: Path | None = None) -> InstalledModel:
    """Take a FLAME or GNM file into the user's folder, after it was read and completed (which takes some seconds).

    An earlier model of the same name is replaced.

    Args:
        path: FLAME's .pkl or .npz, or GNM's gnm_head.npz.
        release: short name of the restricted release that the file is (`flame_release.RESTRICTED`), where neither its
            name nor its folder's says it; empty to go by those.
        folder: where models are kept; None for the user's folder.

    Raises:
        ModelError: the file is missing, damaged, or no head model, or there is no such release.
        OutputError: the folder cannot be written.
    """
    if path.suffix.lower() not in _KINDS or not is_file(path):
        raise ModelError(
            f"{called(path)} is not there, or no head model's file (.pkl or .npz); give the FLAME or GNM file that you "
            "downloaded."
        )
    if release and release not in RESTRICTED:
        raise ModelError(f"There is no release '{release}' of FLAME; choose {', '.join(sorted(RESTRICTED))}.")
    check_size(path)
    folder = folder or models_folder()
    with _written(folder), tempfile.TemporaryDirectory(dir=folder, prefix=".add-") as beside:
        return _take_in(path, release, Path(beside) / "model", folder)


def add_from_publisher(progress: Progress | None = None, *, folder: Path | None = None) -> tuple[InstalledModel, str]:
    """Fetch GNM Head from its publisher and keep it; whoever calls has asked the user.

    Args:
        progress: told how much has come; may cancel.
        folder: where models are kept; None for the user's folder.

    Returns:
        The model, and a sentence on the checksum of what came.

    Raises:
        ModelError: it could not be fetched, or what came is not GNM Head.
        OutputError: the folder cannot be written.
        CancelledError: the user cancelled; nothing is kept.
    """
    folder = folder or models_folder()
    with _written(folder), tempfile.TemporaryDirectory(dir=folder, prefix=".fetch-") as beside:
        model = add_model(gnm_download.fetch(Path(beside), progress), folder=folder)
        return model, gnm_download.checksum_in_words(model.sha256)


def installed_models(folder: Path | None = None) -> list[InstalledModel]:
    """The models in the user's folder, sorted by name; a folder that holds no model is passed over with a warning."""
    found = []
    for about in sorted((folder or models_folder()).glob(f"[!.]*/{_ABOUT}")):
        try:
            found.append(_read_about(about))
        except (OSError, ValueError, KeyError, TypeError) as error:
            _LOG.warning("%s tells of no head model (%s); add the model again.", about, error)
    return found


def find_model(name: str, folder: Path | None = None) -> InstalledModel:
    """The added model of that name.

    Raises:
        ModelError: there is none; the sentence names those that there are.
    """
    known = {model.name: model for model in installed_models(folder)}
    if name not in known and is_file(Path(name)):
        raise ModelError(
            f"{as_text(name[:_SHOWN])} is no head model: those of FLAME and GNM end in .pkl or .npz; give such a path."
        )
    if name not in known:
        shown, choices = as_text(name[:_SHOWN]), ", ".join(("open", *known))
        raise ModelError(
            f"There is no head model named '{shown}'; choose {choices}, or give the path of a FLAME or GNM file (.pkl, "
            ".npz), which seif models add PATH keeps."
        )
    return known[name]


def check_name(name: str, folder: Path | None = None) -> None:
    """See that a head model can be meant by a name or path, before there is any work; its file is not read.

    Args:
        name: as `load_head_model` takes it.
        folder: where models are kept; None for the user's folder.

    Raises:
        ModelError: there is no file of that path, or no model of that name.
    """
    path = Path(name)
    if path.suffix.lower() in _KINDS:
        if not is_file(path):
            raise ModelError(f"There is no file {as_text(name[:_SHOWN])}; give the path of the model you downloaded.")
    elif name != "open":
        find_model(name, folder)


def removable_model(name: str, folder: Path | None = None) -> InstalledModel:
    """The added model of that name, to be removed.

    Raises:
        ModelError: there is no added model of that name.
    """
    if name == "open":
        raise ModelError("The Open head is part of the project and stays; name a model that seif models list shows.")
    known = {model.name: model for model in installed_models(folder)}
    if name not in known:
        there = f"they are {', '.join(known)}" if known else "none is"
        raise ModelError(f"There is no head model named '{as_text(name[:_SHOWN])}' among the added; {there}.")
    return known[name]


def remove_model(name: str, folder: Path | None = None) -> InstalledModel:
    """Remove an added model, and what the cache holds of it.

    Raises:
        ModelError: there is no added model of that name.
        OutputError: its folder cannot be removed.
    """
    model = removable_model(name, folder)
    try:
        completed_file(model.file).unlink(missing_ok=True)
        shutil.rmtree(model.file.parent.parent)
    except OSError as error:
        raise OutputError(f"The model '{name}' could not be removed ({error}); permit writing there.") from error
    return model


@contextmanager
def _written(folder: Path) -> Iterator[None]:
    """Make the folder; what the system refuses inside becomes a sentence."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
        yield
    except OSError as error:
        raise OutputError(
            f"The model could not be written to {folder} ({error}); make room or permit writing there, or name another "
            "folder in the environment variable SEIF_DATA."
        ) from error


def _take_in(path: Path, said: str, staged: Path, folder: Path) -> InstalledModel:
    """Copy, read, complete, describe, and move into place; nothing is kept of a file that cannot be used."""
    told = GNM if is_gnm_file(path) else release_of(path).name
    file = staged / (said or told) / path.name
    file.parent.mkdir(parents=True)
    shutil.copyfile(path, file)
    model = load_user_model(file)
    if said and model.name != said:
        raise ModelError(f"{path.name} is {model.title} by what it says of itself, not {said}; leave --release out.")
    variant = next((f"_{word}" for word in _VARIANTS if word in path.stem.lower()), "")
    name = model.name + variant
    with file.open("rb") as stream:
        digest = hashlib.file_digest(stream, "sha256").hexdigest()
    title = model.title + variant.replace("_", " ")
    added = InstalledModel(name, title, model.licence, model.attribution, file, file.stat().st_size, digest)
    (staged / _ABOUT).write_text(json.dumps(_as_json(added), indent=2), encoding="utf-8")
    target = folder / name
    if target.exists():
        _LOG.warning("The added model %s is replaced by %s.", name, path.name)
        shutil.rmtree(target)
    staged.replace(target)
    return _read_about(target / _ABOUT)


def _as_json(model: InstalledModel) -> dict[str, Any]:
    return asdict(model) | {"file": model.file.relative_to(model.file.parent.parent).as_posix()}


def _read_about(path: Path) -> InstalledModel:
    """What a model.json tells.

    Raises:
        OSError, ValueError, KeyError, TypeError: it cannot be read, or tells something else.
    """
    if path.stat().st_size > _LARGEST_ABOUT:
        raise ValueError("it is larger than 64 kB")
    told = json.loads(path.read_text(encoding="utf-8"))
    texts = [told[key] for key in ("name", "title", "licence", "attribution", "sha256", "file")]
    if not all(isinstance(text, str) for text in texts) or not isinstance(told["size"], int):
        raise TypeError("its entries are of another kind")
    name, title, licence, attribution, digest, inside = texts
    file = path.parent / inside
    if not _NAME.fullmatch(name) or path.parent.name != name:
        raise ValueError("its name is not its folder's")
    if not file.is_file() or file.resolve().parent.parent != path.parent.resolve():
        raise ValueError("its file is missing")
    return InstalledModel(name, title, licence, attribution, file, told["size"], digest)
