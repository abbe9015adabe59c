"""How well the uniform mesh takes a surface's shape: distances, normals, folds, time.

Surfaces with a known answer: the Open head's outer skin with smooth bumps, a shell of hair, or another identity's skin
(the first 20 components drawn at 0.7 standard deviations, while the mean head is what was fitted), meshed anew by
`extract_surface` in 128 cells of 3.6 mm. Rough heads (tests/support/rough_head.py) are of another identity than the
fit, in 256 cells of 2 mm, with strands 5 mm apart and 3 to 4 mm high, noise of 8 mm wavelength, closed eyes and mouth,
a beard, a neck cut off; the long-haired one with curtains down to the neck's base; the calm one without strands,
noise and beard. Distance: mean of the face's vertices to the surface, in percent of chin to crown; `open` leaves out
lids, lips and hollows, which keep the fit's shape (and which the surface here does not show). Angle: mean between the
normals of mesh and surface as seen from the front, in degrees, in the face without lids and lips; on rough heads
strands and noise, which no mesh of this size can carry, make up most of it. The bald head leaves out what may be beard,
brow or fringe, and so far more of the rough heads. Crossings: new ones. Time: processor seconds of one thread on 2
cores, x86_64, CPU, with another process at work. Last figures:

    surface                    mesh    face% open%  angle  flips crossings  seconds
    bumps of 3 mm              hair 0   0.17  0.10    2.9      0         0      2.5
    bumps of 3 mm              bald 0   0.17  0.10    3.1      0         0      1.8
    bumps of 3 mm              hair 1   0.15  0.07    2.5      0         0     10.2
    bumps and 15 mm of hair    hair 0   0.17  0.11    3.1      0         0      2.6
    bumps and 15 mm of hair    bald 0   0.22  0.11    3.6      0         0      1.7
    bumps and 15 mm of hair    hair 1   0.15  0.07    2.4      0         0     12.9
    bumps and 40 mm of hair    hair 0   0.22  0.13    4.5      0         0      3.5
    bumps and 40 mm of hair    bald 0   0.29  0.14    4.8      0         0      2.3
    bumps and 40 mm of hair    hair 1   0.17  0.07    3.2      0         0     18.2
    another identity           hair 0   0.16  0.10    2.3      0         0      3.5
    another identity           bald 0   0.31  0.22    3.9      0         0      2.4
    another identity           hair 1   0.12  0.05    1.8      0         0     12.9
    calm head                  hair 0   0.24  0.07    2.7      0         0      3.9
    calm head                  bald 0   0.34  0.16    3.1      0         0      3.3
    calm head                  hair 1   0.22  0.03    2.0      0         0     16.4
    rough head, short hair     hair 0   0.25  0.12   12.3      0         0      3.7
    rough head, short hair     bald 0   0.34  0.19   12.7      0         0      2.8
    rough head, short hair     hair 1   0.22  0.07   10.8      0         0     15.7
    rough head, long hair      hair 0   0.32  0.17   13.7      0         0      5.1
    rough head, long hair      bald 0   0.85  0.97   14.4      0         0      3.8
    rough head, long hair      hair 1   0.26  0.08   12.0      0         0     25.4
    rough head, long beard     hair 0   0.40  0.19   15.8      0         0      5.1
    rough head, long beard     bald 0   1.29  1.47   14.4      0         0      3.6
    rough head, long beard     hair 1   0.34  0.10   13.3      0         0     20.0
"""

from __future__ import annotations

import sys
import time
from pathlib import Path

import numpy as np

ROOT = Path(__file__).resolve().parent.parent
sys.path[:0] = [str(ROOT), str(ROOT / "tests" / "support")]

import torch  # noqa: E402  (after the path is set)
from bumpy_head import bumpy_surface  # noqa: E402
from rough_head import rough_head  # noqa: E402

from seif_core.geometry.camera import Camera  # noqa: E402
from seif_core.geometry.normals import vertex_normals  # noqa: E402
from seif_core.geometry.rasterizer import Raster, interpolate, rasterize_view  # noqa: E402
from seif_core.headmodel import HeadModel, load_head_model  # noqa: E402
from seif_core.headmodel.anatomy import anatomy_of  # noqa: E402
from seif_core.uniformize import TargetSurface, UniformizeSettings, UniformMesh, register  # noqa: E402
from seif_core.uniformize.skin_mesh import SkinMesh  # noqa: E402

CASES = (
    ("bumps of 3 mm", {"bumps": 0.003}, False),
    ("bumps and 15 mm of hair", {"bumps": 0.003, "hair": 0.015}, False),
    ("bumps and 40 mm of hair", {"bumps": 0.003, "hair": 0.04}, False),
    ("another identity", {"bumps": 0.0}, True),
)
ROUGH = (
    ("calm head", {"noise": 0.0, "strands": 0.0, "long": False, "beard": 0.0}),
    ("rough head, short hair", {"long": False, "beard": 0.0, "shell": 0.012}),
    ("rough head, long hair", {}),
    ("rough head, long beard", {"long": False, "beard": 0.03, "seed": 3, "strands": 0.002}),
)
WAYS = (("hair", 0), ("bald", 0), ("hair", 1))


def measure(model: HeadModel, surface: TargetSurface, fitted: np.ndarray, way: tuple[str, int]) -> str:
    """One line of the table."""
    start = time.process_time()
    mesh = register(model, fitted, surface, UniformizeSettings(hair=way[0] == "hair", subdivisions=way[1]))
    seconds = time.process_time() - start
    skin, percent = SkinMesh.of(mesh.model), 100 / anatomy_of(model).head_height
    face = mesh.model.regions["face"][skin.ids]
    shown = face & (mesh.data > 0.5)
    means = [percent * mesh.distance[rows].mean() for rows in (face, shown)]
    angle = face_angle(mesh, surface)
    return (
        f"{way[0]:5}{way[1]}  {means[0]:5.2f} {means[1]:5.2f} {angle:6.1f} {mesh.flips:6d} {mesh.crossings:9d} "
        f"{seconds:8.1f}"
    )


def face_angle(mesh: UniformMesh, surface: TargetSurface) -> float:
    """Mean angle in degrees between the normals of mesh and surface in the open face, seen from the front."""
    skin = SkinMesh.of(mesh.model)
    inside = mesh.model.regions["face"][skin.ids] & (mesh.data > 0.5)
    centre = mesh.vertices[skin.ids][inside].mean(axis=0)
    ours = look(mesh.vertices[skin.ids] - centre, skin.triangles)
    theirs = look(surface.vertices - centre, surface.triangles.astype(np.int64))
    seen = ours[0].triangle.numpy()
    shown = (seen >= 0) & (theirs[0].triangle.numpy() >= 0) & inside[skin.triangles].all(axis=1)[seen]
    shown[shown] = np.abs(ours[0].depth.numpy()[shown] - theirs[0].depth.numpy()[shown]) < 0.02
    cosine = (ours[1][shown] * theirs[1][shown]).sum(axis=1)
    return float(np.degrees(np.arccos(np.clip(cosine, -1, 1))).mean())


def look(points: np.ndarray, triangles: np.ndarray) -> tuple[Raster, np.ndarray]:
    """What a camera 0.6 m in front sees, and unit normals (H, W, 3)."""
    vertices, index = torch.from_numpy(points + np.array([0, 0, -0.6])), torch.from_numpy(triangles)
    raster = rasterize_view(vertices, index, Camera(700, 192, 192, 384, 384), cull_back=True)
    normals = interpolate(raster, index, vertex_normals(vertices, index)).numpy()
    return raster, normals / np.maximum(np.linalg.norm(normals, axis=2, keepdims=True), 1e-9)


def main() -> None:
    """Measure and print; names of cases (their number from 0) may be given."""
    model = load_head_model("open")
    fitted = model.template.astype(np.float64)
    coefficients = 0.7 * np.random.default_rng(5).normal(size=20)
    other = fitted + np.tensordot(coefficients, model.shape_basis[:20], 1)
    print(f"{'surface':26} mesh    face% open%  angle  flips crossings  seconds")
    for number in [int(a) for a in sys.argv[1:]] or range(len(CASES) + len(ROUGH)):
        if number < len(CASES):
            name, options, identity = CASES[number]
            surface, posed = bumpy_surface(model, other if identity else fitted, **options), fitted
        else:
            name, options = ROUGH[number - len(CASES)]
            rough = rough_head(model, **options)
            surface, posed = rough.surface, rough.posed
        for way in WAYS:
            print(f"{name:26} {measure(model, surface, posed, way)}", flush=True)


if __name__ == "__main__":
    main()
