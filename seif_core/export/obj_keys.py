"""Every key of a head as an OBJ of its own, for programs that take blend shapes as meshes of the same vertices.

Convention: see `obj`; a file holds the head at weight 1 of its key, vertices and faces in the order of head.obj. Worked
number: vertex 0 of jawOpen.obj is vertex 0 of head.obj moved by what the key does to it.
"""

from __future__ import annotations

from pathlib import Path

from ..expression_choice import ExpressionChoice
from ..expressions.named_keys import named_keys
from ..head import Head


def write_obj_keys(head: Head, folder: Path, choice: ExpressionChoice) -> None:
    """Write ``<key>.obj`` into `folder` (made where missing) for each key of the chosen sets.

    The same head gives the same bytes. The caller handles OSError.

    Raises:
        SettingsError: the head lacks an ARKit key that a chosen set needs.
    """
    folder.mkdir(exist_ok=True)
    faces = ["f " + " ".join(str(v + 1) for v in face if v >= 0) for face in head.faces.tolist()]
    for key in named_keys(head, choice):
        points = ["v {:.7g} {:.7g} {:.7g}".format(*p) for p in (head.vertices + key.delta).tolist()]
        lines = [f"# {head.name}, {key.name} at 1; metres, Y up", f"# {head.attribution}", f"o {key.name}"]
        text = "\n".join([*lines, *points, *faces, ""])
        (folder / f"{key.name}.obj").write_text(text, encoding="utf-8", newline="\n")
