"""What the estimate of the far side's normals is worth: `python benchmarks/back_normals.py [HEADS]`.

On held-back drawn heads with hair, the far side's normals of the fitted 3DMM, of the implicit function's surface, of
the far side's network, and of the surface after it follows the network, against the truth. Far normals are differences
of the far depth (the last surface behind each pixel), on 128 pixels.

Last figures (2 cores, x86_64, CPU), mean degrees over 8 heads:

    fitted 3DMM                 21.2
    implicit surface            20.5
    far-side network            17.2
    surface that follows it     18.8

How far the map is followed hardly matters: from 0.06 to 0.2 of `FarSettings.length` it is 18.0 to 18.2 on six others.
"""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np
import torch
import trimesh
from semantic_constraint import HELD_BACK, occupancy, surface
from torch.nn import functional as F  # noqa: N812 - torch's own documentation writes F

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from seif_core.headmodel import HeadModel, load_head_model
from seif_core.implicit.compact import CompactNetworks, compact_networks
from seif_core.implicit.depth_range import last_surface
from seif_core.implicit.far_side import far_normals, follow_far_normals
from seif_core.implicit.head_surface import both_ways
from seif_core.workshop.training.synthetic import Scene, SyntheticHeads, SyntheticSettings, photographed, stack

ROWS = ("fitted 3DMM", "implicit surface", "far-side network", "surface that follows it")


def told(networks: CompactNetworks, scene: Scene, generator: torch.Generator) -> torch.Tensor:
    """(3, S, S) what the network says of a head's far side."""
    size = scene.sample.far_guidance.shape[-2:]
    photo = F.interpolate(photographed(stack([scene.sample]), generator), size=size, mode="area")[0]
    mask = (F.interpolate(scene.sample.mask[None], size=size, mode="area")[0] > 0.5).float()
    with torch.no_grad():
        return both_ways(networks.back, photo * mask, scene.sample.far_guidance * mask, mask)


def smoothed(mesh: trimesh.Trimesh) -> trimesh.Trimesh:
    """The level set as the refinement leaves what no camera sees: without the steps of its grid."""
    return trimesh.smoothing.filter_laplacian(mesh.copy(), lamb=0.5, iterations=8)


def maps(scene: Scene, model: HeadModel, networks: CompactNetworks, seed: int) -> list[torch.Tensor]:
    """The far normals (3, S, S) of each row."""
    generator = torch.Generator().manual_seed(seed)
    size = scene.sample.far_guidance.shape[-1]
    mesh = surface(occupancy(networks.implicit, scene, model, seed))
    triangles = np.asarray(mesh.faces)[:, ::-1].astype(np.int32)
    network = told(networks, scene, generator)
    followed = follow_far_normals(np.asarray(mesh.vertices, np.float64), triangles, network)
    pair = []
    for vertices in (np.asarray(mesh.vertices), followed):
        calm = smoothed(trimesh.Trimesh(vertices, mesh.faces, process=False))
        cube = torch.from_numpy(np.asarray(calm.vertices)).float()
        pair.append(far_normals(last_surface(cube, torch.from_numpy(triangles).long(), size)))
    return [scene.sample.far_guidance, pair[0], network, pair[1]]


def main() -> None:
    """Print the table."""
    count = int(sys.argv[1]) if len(sys.argv) > 1 else 20
    model, networks = load_head_model(), compact_networks("cpu")
    heads = SyntheticHeads(model, SyntheticSettings(size=256, bald=0.0), "cpu", HELD_BACK)
    found: list[list[float]] = [[] for _ in ROWS]
    for number in range(count):
        scene = heads.draw_scene()
        answers, target = maps(scene, model, networks, number), scene.sample.far_target
        where = torch.stack([*answers, target]).square().sum(1).gt(0.5).all(0)
        for values, answer in zip(found, answers, strict=True):
            cosine = (answer * target).sum(0).clamp(-1, 1)[where]
            values.append(float(torch.rad2deg(torch.arccos(cosine)).mean()))
    print(f"far normals, mean degrees over {count} heads")
    for name, values in zip(ROWS, found, strict=True):
        print(f"    {name:<24}{np.mean(values):8.1f}")


if __name__ == "__main__":
    main()
