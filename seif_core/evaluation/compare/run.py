"""`seif compare`: every method's result of every photo, a sheet of each, and a table under each protocol.

A method's figure is the mean over the photos that it answered, and so many stand beside it: a method that fails on the
hard ones must not look better for it. Metrical figures are left out for methods that know no size.
"""

from __future__ import annotations

import json
import logging
import shutil
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Final

import numpy as np

from ...errors import ModelError, SeifError, SettingsError
from ...filenames import is_folder
from ...flame_exchange.parameter_files import SUFFIXES as PARAMETER_SUFFIXES
from ...geometry.normals import area_vectors
from ...headmodel import load_head_model
from ...headmodel.installed import check_name
from ...results import check_place, output_errors
from ...signals import held
from ..landmark_files import meant_order, now_landmarks
from ..protocols.results import Row
from ..protocols.run import PROTOCOLS, measure
from ..protocols.subject import Subject
from .adapters import ADAPTERS, adapter_of
from .flame_topology import mesh_from_parameters
from .found_landmarks import with_landmarks
from .method_mesh import MethodMesh, first_file, with_suffixes
from .ours import OURS
from .sheets import draw_sheet
from .truths import Case

_LOG: Final = logging.getLogger(__name__)
DEFAULT: Final = ("now", "realy", "whole-head", "nonrigid")
"""Protocols that are run where none is named: those that need no common camera and no common topology."""
TRUTH: Final = "truth"
"""The title of the truth on a sheet."""
_METRICAL: Final = ("metrical", "without scale")
"""Beginnings of the rows that take the prediction's size at its word."""


@dataclass
class Comparison:
    """What came of it.

    Attributes:
        figures: by protocol, method, row and figure: the photos' values.
        answered: photos that a method has a result of, by method.
        photos: how many there were.
        remarks: sentences about what could not be read or measured.
    """

    figures: dict[str, dict[str, dict[str, dict[str, list[float]]]]] = field(default_factory=dict)
    answered: dict[str, int] = field(default_factory=dict)
    photos: int = 0
    remarks: list[str] = field(default_factory=list)

    def add(self, protocol: str, method: str, rows: Sequence[Row]) -> None:
        """Take in what a protocol said of a method's answer to one photo."""
        for row in rows:
            place = self.figures.setdefault(protocol, {}).setdefault(method, {}).setdefault(row.name, {})
            for name, value in row.figures.items():
                place.setdefault(name, []).append(value)

    def as_markdown(self) -> str:
        """A table under each protocol, means over photos."""
        lines = ["# Comparison", "", f"{self.photos} photos."]
        for protocol, methods in self.figures.items():
            heads = list(
                dict.fromkeys(
                    f"{row}: {name}" for rows in methods.values() for row, all_ in rows.items() for name in all_
                )
            )
            heads = [head for head in heads if not head.endswith(": points")]
            lines += ["", f"## {protocol}", "", "| method | photos | " + " | ".join(heads) + " |"]
            lines.append("|---" * (len(heads) + 2) + "|")
            for method, rows in methods.items():
                means = {f"{row}: {name}": float(np.mean(v)) for row, all_ in rows.items() for name, v in all_.items()}
                count = max(len(values) for all_ in rows.values() for values in all_.values())
                cells = " | ".join(f"{means[head]:.3f}" if head in means else "" for head in heads)
                lines.append(f"| {method} | {count} | {cells} |")
        lines += ["", "| method | photos answered |", "|---|---|"]
        lines += [f"| {method} | {count} of {self.photos} |" for method, count in self.answered.items()]
        return "\n".join([*lines, *([""] if self.remarks else []), *(f"- {told}" for told in self.remarks), ""])


def compare(
    cases: Sequence[Case],
    methods: Path,
    out: Path,
    *,
    protocols: Sequence[str] = DEFAULT,
    flame: str = "",
) -> Comparison:
    """Write `sheets/NAME.png`, `table.md` and `table.json` into a folder.

    Args:
        cases: the photos, with their truths where there are any.
        methods: a folder with one folder of results for each method.
        out: where the results go.
        protocols: keys of `protocols.run.PROTOCOLS`.
        flame: the user's FLAME model, for methods whose answers are parameters; empty for none.

    Raises:
        SettingsError: no method's folder, no such protocol.
        ModelError: no such FLAME model.
        OutputError: the folder cannot be written.
    """
    folders = sorted((p for p in methods.iterdir() if p.is_dir()), key=_place) if is_folder(methods) else []
    if not folders:
        raise SettingsError(f"{methods} holds no method's folder; put each method's results into a folder of its name.")
    unknown = [name for name in protocols if name not in PROTOCOLS]
    if unknown:
        raise SettingsError(f"There is no protocol '{unknown[0]}'; choose of: {', '.join(PROTOCOLS)}.")
    found = Comparison(photos=len(cases), answered={folder.name: 0 for folder in folders})
    if flame:
        check_name(flame)
    check_place(out)
    with tempfile.TemporaryDirectory(prefix="seif-") as sheets:
        for case in cases:
            meshes = {folder.name: _result(folder, case, flame, found) for folder in folders}
            truth = _truth(case, found)
            if truth is not None:
                _measure(case, truth, meshes, protocols, found)
            shown = meshes if truth is None else {TRUTH: truth, **meshes}
            try:
                draw_sheet(case.photo, shown, Path(sheets) / f"{case.name}.png")
            except SeifError as error:
                found.remarks.append(f"{case.name}: {error}")
        with output_errors(out), held():
            shutil.copytree(sheets, out / "sheets", dirs_exist_ok=True)
            _write_tables(found, out)
    return found


def _write_tables(found: Comparison, out: Path) -> None:
    for method, count in found.answered.items():
        if not count and not any(told.startswith(f"{method}, ") for told in found.remarks):
            found.remarks.append(f"{method}: no file of a photo was found; {adapter_of(method).layout} was expected.")
    (out / "table.md").write_text(found.as_markdown(), encoding="utf-8")
    told = {"photos": found.photos, "answered": found.answered, "figures": found.figures, "remarks": found.remarks}
    (out / "table.json").write_text(json.dumps(told, indent=1), encoding="utf-8")


def _place(folder: Path) -> tuple[int, int, str]:
    """Other methods first, as the adapters stand; then what runs here, our head last."""
    keys = [*ADAPTERS, *OURS]
    last = [key for key in OURS if folder.name == key]
    known = next((i for i, key in enumerate(keys) if folder.name.lower().startswith(key)), len(keys))
    return (1, OURS.index(last[0]), "") if last else (0, known, folder.name)


def _result(folder: Path, case: Case, flame: str, found: Comparison) -> MethodMesh | None:
    """A method's answer to a photo, upright and with landmarks."""
    try:
        mesh = adapter_of(folder.name).read(folder, case.name, case.photo)
        if mesh is None:
            parameters = first_file(folder, with_suffixes([case.name], PARAMETER_SUFFIXES))
            mesh = None if parameters is None else mesh_from_parameters(parameters, flame)
        if mesh is None:
            return None
        mesh = with_landmarks(mesh)
    except (SettingsError, ModelError) as error:
        found.remarks.append(f"{folder.name}, {case.name}: {error}")
        return None
    found.answered[folder.name] += 1
    return _checked(mesh, f"{folder.name}, {case.name}", found)


def _checked(mesh: MethodMesh, whose: str, found: Comparison) -> MethodMesh:
    """The mesh with its landmarks in the order that was meant; told are another order, and faces that look inwards."""
    if mesh.landmarks is None:
        found.remarks.append(f"{whose}: no face was found on the mesh; put NAME.landmarks.txt beside it.")
        return mesh
    words, order, _ = meant_order(mesh.landmarks, _open_marks())
    if words:
        found.remarks.append(f"{whose}: the landmarks came {words} and were put in order; is the mesh mirrored?")
    marks = mesh.landmarks[order]
    seven = now_landmarks(marks)
    middle, side = seven[4], seven[3] - seven[0]
    forward = np.cross(side, seven[:4].mean(axis=0) - seven[5:].mean(axis=0))
    near = np.linalg.norm(mesh.vertices[mesh.triangles].mean(axis=1) - middle, axis=1) < np.linalg.norm(side)
    if (area_vectors(mesh.vertices, mesh.triangles[near]) @ forward).sum() < 0:
        found.remarks.append(f"{whose}: the faces look inwards, so it is inside out or mirrored; export it again.")
    return replace(mesh, landmarks=marks)


def _truth(case: Case, found: Comparison) -> MethodMesh | None:
    """The truth of a photo, with landmarks where a face is seen on it; None where there is none."""
    if case.truth is None:
        return None
    try:
        truth = case.truth()
    except SeifError as error:
        found.remarks.append(f"{case.name}: {error}")
        return None
    mesh = MethodMesh(truth.vertices, truth.triangles, truth.landmarks, metres=1.0)
    return _checked(with_landmarks(mesh) if truth.landmarks is None else mesh, f"{TRUTH}, {case.name}", found)


def _measure(
    case: Case,
    truth: MethodMesh,
    meshes: dict[str, MethodMesh | None],
    protocols: Sequence[str],
    found: Comparison,
) -> None:
    """Every method under every protocol."""
    subject = Subject(truth.vertices, truth.triangles, truth.landmarks)
    for method, mesh in meshes.items():
        if mesh is None:
            continue
        for one in measure(subject, _in_metres(mesh), protocols, some=True):
            kept = [row for row in one.rows if mesh.metres is not None or not row.name.startswith(_METRICAL)]
            if kept:
                found.add(one.protocol, method, kept)
            else:
                found.remarks.append(f"{method}, {case.name}, {one.protocol}: {one.remark}")


def _in_metres(mesh: MethodMesh) -> Subject:
    """A method's mesh in metres: by its own unit, or by the size of a face."""
    factor = mesh.metres
    if factor is None and mesh.landmarks is not None:
        factor = _eyes(_open_marks()) / max(_eyes(now_landmarks(mesh.landmarks)), 1e-12)
    scaled = replace(mesh, vertices=(factor or 1.0) * mesh.vertices)
    marks = None if mesh.landmarks is None else (factor or 1.0) * mesh.landmarks
    return Subject(scaled.vertices, scaled.triangles, marks)


def _open_marks() -> np.ndarray:
    model = load_head_model("open")
    return now_landmarks(model.embeddings["ibug68"].points(model.template.astype(np.float64)))


def _eyes(seven: np.ndarray) -> float:
    return float(np.linalg.norm(seven[0] - seven[3]))
