"""STL and 3MF files of a solid.

Sources: the binary STL of 3D Systems, StereoLithography Interface Specification, 1989; 3MF Consortium, 3D Manufacturing
Format, Core Specification 1.3, https://github.com/3MFConsortium/spec_core. STL has no unit; slicers take millimetres.

Convention: as in `solid`: millimetres, Z up. Worked number: a triangle takes 50 bytes of an STL behind a head of 84.
"""

from __future__ import annotations

import io
import os
import struct
import zipfile
from pathlib import Path
from typing import Final
from xml.sax.saxutils import escape

import numpy as np

from .. import __version__
from ..errors import OutputError, SettingsError
from ..filenames import called
from ..whole_file import unfinished_of, whole_file
from .solid import PrintSolid

SUFFIXES: Final = (".stl", ".3mf")
"""File formats of a print, by their suffixes."""

_HEADER: Final = 80
_DATE: Final = (1980, 1, 1, 0, 0, 0)
"""A fixed date: the same head gives the same bytes."""
_TYPES: Final = (
    '<?xml version="1.0" encoding="UTF-8"?>\n'
    '<Types xmlns="http://schemas.openxmlformats.org/package/2006/content-types">'
    '<Default Extension="rels" ContentType="application/vnd.openxmlformats-package.relationships+xml"/>'
    '<Default Extension="model" ContentType="application/vnd.ms-package.3dmanufacturing-3dmodel+xml"/></Types>'
)
_RELATIONS: Final = (
    '<?xml version="1.0" encoding="UTF-8"?>\n'
    '<Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships">'
    '<Relationship Target="/3D/3dmodel.model" Id="rel0" '
    'Type="http://schemas.microsoft.com/3dmanufacturing/2013/01/3dmodel"/></Relationships>'
)
_CORE: Final = "http://schemas.microsoft.com/3dmanufacturing/core/2015/02"


def write_solid(solid: PrintSolid, path: Path, title: str = "Head", licence: str = "", attribution: str = "") -> None:
    """Write a solid in the format that the path's suffix names, whole or not at all.

    Args:
        solid: what is written.
        path: a .stl or .3mf file.
        title: what the print is called.
        licence: of the head model.
        attribution: sentence that names the model's source; 3MF alone carries it whole.

    Raises:
        SettingsError: another suffix.
        OutputError: it cannot be written.
    """
    check_suffix(path)
    if path.suffix.lower() == ".stl":
        _write(path, stl_bytes(solid, title))
    else:
        _write(path, three_mf_bytes(solid, title, licence, attribution))


def _write(path: Path, content: bytes) -> None:
    try:
        with whole_file(path) as unfinished:
            unfinished.write_bytes(content)
    except OSError as error:
        words = error.strerror or type(error).__name__
        raise OutputError(f"{path.name} cannot be written ({words}); choose another folder.") from error


def check_suffix(path: Path) -> None:
    """See that a path names a format.

    Raises:
        SettingsError: it does not.
    """
    if path.suffix.lower() not in SUFFIXES:
        raise SettingsError(f"A print is written as {' or '.join(SUFFIXES)}, not as '{called(path)}'; change its name.")


def check_target(path: Path) -> None:
    """See, before there is any work, that a file of a print can be written; its folder is made where there is none.

    Raises:
        SettingsError: the suffix names no format.
        OutputError: the folder cannot be made or written into.
    """
    check_suffix(path)
    folder = path.resolve().parent
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        words = error.strerror or error
        raise OutputError(f"The folder {folder.name} cannot be made ({words}); choose another one.") from error
    if not os.access(folder, os.W_OK | os.X_OK):
        raise OutputError(f"Nothing can be written into the folder {folder.name}; choose another one.")
    try:
        unfinished_of(path).lstat()
    except FileNotFoundError:
        pass
    except OSError as error:
        told = f"{path.name[:60]} cannot be written ({error.strerror}); choose another name."
        raise OutputError(told) from error


def stl_bytes(solid: PrintSolid, title: str = "Head") -> bytes:
    """A binary STL; its head names the program, for it has no other place for words."""
    corners = solid.vertices[solid.triangles].astype(np.float32)
    normals = np.cross(corners[:, 1] - corners[:, 0], corners[:, 2] - corners[:, 0]).astype(np.float64)
    normals /= np.maximum(np.linalg.norm(normals, axis=1, keepdims=True), 1e-30)
    records = np.zeros(len(corners), [("normal", "<f4", 3), ("corners", "<f4", (3, 3)), ("attribute", "<u2")])
    records["normal"], records["corners"] = normals, corners
    words = f"{title}, by SeIF for Blender {__version__}, millimetres".encode("ascii", "replace")[:_HEADER]
    return words.ljust(_HEADER) + struct.pack("<I", len(corners)) + records.tobytes()


def three_mf_bytes(solid: PrintSolid, title: str = "Head", licence: str = "", attribution: str = "") -> bytes:
    """A 3MF package with one object, its licence and its source."""
    told = {
        "Title": title,
        "Application": f"SeIF for Blender {__version__}",
        "LicenseTerms": licence,
        "Copyright": attribution,
    }
    words = "".join(f'<metadata name="{k}">{escape(v)}</metadata>' for k, v in told.items() if v)
    vertices = "".join(f'<vertex x="{x:.7g}" y="{y:.7g}" z="{z:.7g}"/>' for x, y, z in solid.vertices.tolist())
    triangles = "".join(f'<triangle v1="{a}" v2="{b}" v3="{c}"/>' for a, b, c in solid.triangles.tolist())
    model = (
        f'<?xml version="1.0" encoding="UTF-8"?>\n<model unit="millimeter" xml:lang="en-US" xmlns="{_CORE}">{words}'
        f'<resources><object id="1" type="model" name="{escape(title, {chr(34): "&quot;"})}"><mesh>'
        f"<vertices>{vertices}</vertices><triangles>{triangles}</triangles></mesh></object></resources>"
        '<build><item objectid="1"/></build></model>'
    )
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED, compresslevel=6) as package:
        for name, text in (("[Content_Types].xml", _TYPES), ("_rels/.rels", _RELATIONS), ("3D/3dmodel.model", model)):
            entry = zipfile.ZipInfo(name, _DATE)
            entry.compress_type = zipfile.ZIP_DEFLATED
            package.writestr(entry, text)
    return packed.getvalue()
