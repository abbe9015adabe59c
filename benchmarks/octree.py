"""Sparse extraction against the original's octree on the same fields: `python benchmarks/octree.py`.

`octree` is how the original asks its field (`tests/support/original_octree.py`): 256 nodes per axis, every fourth
first.
`ours` is `extract_surface` at 256 with its usual settings, `exact` the same with `tolerance=0`, which asks every node
at the surface. Distances: vertices of each surface to the other surface, both ways, in voxels. Fields: a ball of bumps
and a thin horn, its occupancy a sigmoid of the given width in voxels; the same as if seen through a feature map whose
noise lifts the surface at every pixel (rough: each for itself; else blurred by one pixel); the Open head's outer skin;
the embedded network on the astronaut's portrait. The wider the occupancy, the more the octree asks; ours is the same.

Last figures (AMD EPYC, one thread; seconds of CPU time on two cores that nine processes shared, so a bound):

    cells  queries vertices seconds  peak MB
      128    24367    28670     0.1      325
      256    89634   114834     0.4      381
      512   348155   459356     2.0      600

    the original's SeIF network: 20383 points a second

    field                   octree   exact    ours  ratio    max   mean  octree s  ours s
    bumps, 0.5 voxels      1277263  232558   89634   14.2   0.27  0.011       0.8     0.3
    bumps, 1 voxels        1607012  232558   89634   17.9   0.25  0.011       0.9     0.3
    bumps, 2.5 voxels      2523711  232558   89634   28.2   0.25  0.011       1.0     0.3
    bumps, 5 voxels        3869132  232558   89634   43.2   0.25  0.011       1.3     0.3
    grained, 2.5 voxels    2533448  241037  164309   15.4   0.20  0.018       1.0     0.3
    rough, 2.5 voxels      2533784  252144  247158   10.3   0.65  0.007       1.0     0.4
    Open head, 1 voxels    1351673  166893   84775   15.9   0.25  0.010       1.2     0.3
    Open head, 2.5 voxels  1986440  166893   84775   23.4   0.25  0.010       1.4     0.3
    embedded network       4947195  291449  156502   31.6   0.22  0.010      27.7     1.1

More than half a voxel apart: 2 of 85,000 vertices measured in `rough`, a field made to be hard;
none in the others. The first peak counts the libraries. Random weights of the original have no surface to compare.
"""

from __future__ import annotations

import sys
import time
from collections.abc import Callable
from functools import cache
from pathlib import Path

import numpy as np
import torch
from scipy.ndimage import gaussian_filter, map_coordinates, spline_filter

ROOT = Path(__file__).resolve().parent.parent
sys.path[:0] = [str(ROOT), str(ROOT / "tests" / "support"), str(ROOT / "tests" / "implicit")]

from original_octree import octree_surface  # noqa: E402  (after the path is set)
from test_surface import bumpy, prior  # noqa: E402

from seif_core.geometry.closest_point import SurfaceIndex  # noqa: E402
from seif_core.geometry.normals import vertex_normals  # noqa: E402
from seif_core.headmodel import load_head_model  # noqa: E402
from seif_core.implicit.network import ORIGINAL_SEIF, ImplicitNetwork  # noqa: E402
from seif_core.implicit.surface import Field, Surface, SurfaceSettings, extract_surface  # noqa: E402
from seif_core.info import peak_memory  # noqa: E402
from seif_core.uniformize.skin_mesh import SkinMesh  # noqa: E402

SIZE = 256


def sigmoid(distance: Field, width: float) -> Field:
    """Occupancy whose logit is the distance over a width, voxels of 1 / 256."""
    return lambda p: (1 / (1 + np.exp(np.clip(distance(p) * SIZE / width, -60, 60)))).astype(np.float32)


def grained(blur: float) -> Field:
    """Distance with the noise of a 128 x 128 feature map, 0.8 voxels at one standard deviation."""
    noise = np.random.default_rng(0).normal(size=(128, 128))
    noise = gaussian_filter(noise, blur) if blur else noise
    noise *= 0.8 / SIZE / noise.std()
    return lambda p: bumpy(p) + map_coordinates(noise, (p[:, :2].T + 0.5) * 127, order=1, mode="nearest")


@cache
def open_head() -> Field:
    """Signed distance to the Open head's skin, a spline through 65 nodes per axis."""
    model = load_head_model("open")
    skin = SkinMesh.of(model)
    vertices = model.template.astype(np.float64)[skin.ids]
    vertices = (vertices - (vertices.min(0) + vertices.max(0)) / 2) / (1.6 * np.ptp(vertices, axis=0).max())
    nodes = np.stack(np.meshgrid(*[np.arange(65) / 64 - 0.5] * 3, indexing="ij"), -1).reshape(-1, 3)
    found = SurfaceIndex(vertices, skin.triangles).query(nodes)
    normals = vertex_normals(vertices, skin.triangles)[skin.triangles[found.triangles]].mean(1)
    side = ((nodes - found.points) * normals).sum(1)
    floor = vertices[:, 1].min() + 0.05
    signed = np.maximum(np.where(side < 0, -found.distances, found.distances), floor - nodes[:, 1])
    spline = spline_filter(signed.reshape((65,) * 3))
    return lambda p: map_coordinates(spline, (p.T + 0.5) * 64, order=3, prefilter=False, mode="nearest")


def embedded_network() -> tuple[Field, Field]:
    """Occupancy and prior of the astronaut's portrait."""
    import skimage

    from seif_core.fitting import fit_portrait
    from seif_core.implicit.compact import compact_networks
    from seif_core.implicit.head_field import HeadField
    from seif_core.implicit.head_surface import estimate_normals
    from seif_core.implicit.inputs import head_inputs, view_of
    from seif_core.portrait import read_portrait

    portrait = read_portrait(Path(skimage.__file__).parent / "data" / "astronaut.png")
    fit = fit_portrait(portrait, load_head_model("open"))
    inputs = head_inputs(portrait, fit, view_of(portrait, fit), 256)
    head = HeadField(compact_networks("cpu").implicit, inputs, estimate_normals(inputs, "cpu"), fit)
    return head.occupancy, head.prior


def with_prior(field: Field, near: Field) -> Callable[[], tuple[Field, Field]]:
    """A field that is made already."""
    return lambda: (field, near)


def head_of_width(width: float) -> Callable[[], tuple[Field, Field]]:
    """The Open head's occupancy and its own distance as prior."""
    return lambda: (sigmoid(open_head(), width), open_head())


FIELDS = {
    **{f"bumps, {width:g} voxels": with_prior(sigmoid(bumpy, width), prior) for width in (0.5, 1, 2.5, 5)},
    "grained, 2.5 voxels": with_prior(sigmoid(grained(1), 2.5), prior),
    "rough, 2.5 voxels": with_prior(sigmoid(grained(0), 2.5), prior),
    **{f"Open head, {width:g} voxels": head_of_width(width) for width in (1, 2.5)},
    "embedded network": embedded_network,
}
"""Makers of occupancy and prior."""


def timed(make: Callable[[], Surface]) -> tuple[Surface, float]:
    """What was made and the CPU seconds that it took."""
    start = time.process_time()
    made = make()
    return made, time.process_time() - start


def distances(surface: Surface, vertices: np.ndarray, triangles: np.ndarray) -> np.ndarray:
    """Of every third vertex of both to the other surface, voxels."""
    to_octree = SurfaceIndex(vertices, triangles).query(surface.vertices[::3]).distances
    to_ours = SurfaceIndex(surface.vertices, surface.triangles).query(vertices[::3]).distances
    return np.concatenate([to_octree, to_ours]) * SIZE


def compare(name: str, field: Field, prior: Field) -> str:
    """One line of the first table."""
    start = time.process_time()
    vertices, triangles, queries = octree_surface(field)
    octree_seconds = time.process_time() - start
    exact = extract_surface(field, prior, SurfaceSettings(tolerance=0)).queries
    ours, seconds = timed(lambda: extract_surface(field, prior))
    apart = distances(ours, *largest(vertices, triangles))
    return (
        f"{name:22}{queries:8d}{exact:8d}{ours.queries:8d}{queries / ours.queries:7.1f}{apart.max():7.2f}"
        f"{apart.mean():7.3f}{octree_seconds:10.1f}{seconds:8.1f}"
    )


def largest(vertices: np.ndarray, triangles: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """The component with most triangles, as ours keeps it."""
    import trimesh

    label = trimesh.graph.connected_component_labels(
        np.concatenate([triangles[:, :2], triangles[:, 1:]]), node_count=len(vertices)
    )
    keep = label == np.bincount(label[triangles[:, 0]]).argmax()
    return vertices[keep], (np.cumsum(keep) - 1)[triangles[keep[triangles[:, 0]]]]


def main() -> None:
    """Measure and print; names of fields (their beginnings) may be given."""
    print("cells  queries vertices seconds  peak MB")
    for resolution in (128, 256, 512):
        settings = SurfaceSettings(resolution=resolution)
        made, seconds = timed(lambda s=settings: extract_surface(sigmoid(bumpy, 2.5), prior, s))
        print(f"{resolution:5d}{made.queries:9d}{len(made.vertices):9d}{seconds:8.1f}{peak_memory() / 1e6:9.0f}")
    network = ImplicitNetwork(ORIGINAL_SEIF).eval()
    with torch.inference_mode():
        start = time.process_time()
        network.query(torch.zeros(1, 256, 128, 128), torch.zeros(1, 3, 32768), torch.zeros(1, 3, 32768))
        print(f"\nthe original's SeIF network: {32768 / (time.process_time() - start):.0f} points a second\n")
    print("field                   octree   exact    ours  ratio    max   mean  octree s  ours s")
    for name, make in FIELDS.items():
        if len(sys.argv) < 2 or any(name.startswith(a) for a in sys.argv[1:]):
            print(compare(name, *make()), flush=True)


if __name__ == "__main__":
    main()
