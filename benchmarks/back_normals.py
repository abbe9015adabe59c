"""Whether an estimate of the normals on the head's far side would help the surface.

A network of the front estimator's kind is trained for the far side: photo, mask and the fitted 3DMM's far normals in,
far normals out. On held-back drawn heads with hair its error is compared with the errors of the fitted 3DMM and of the
surface that the implicit function already gives there. Only an estimate that is better than this surface could move it
to the better. Far normals are differences of the far depth (the last surface behind each pixel), on 96 pixels.

Run: ``python benchmarks/back_normals.py [HEADS_TO_LEARN_FROM] [STEPS] [HELD_BACK_HEADS]``

Last figures (one of two cores, x86_64, CPU, beside other work), mean degrees over 20 heads, 600 heads
learned from, 600 steps:

    fitted 3DMM             21.4
    implicit surface        20.6
    far-side network        18.7

So it could gain about two degrees on drawn hair, whose far side is drawn from the same rules as its front. None ships.
"""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np
import torch
from semantic_constraint import HELD_BACK, occupancy, surface
from torch.nn import functional as F  # noqa: N812 - torch's own documentation writes F

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from seif_core.headmodel import HeadModel, load_head_model
from seif_core.implicit.closed_skin import outer_skin
from seif_core.implicit.compact import compact_networks
from seif_core.implicit.depth_range import depth_range
from seif_core.implicit.normal_network import NormalNetwork, NormalSettings, normal_loss
from seif_core.implicit.refinement import follow_normals
from seif_core.training.synthetic import Scene, SyntheticHeads, SyntheticSettings, photographed, stack

SIDE = 96
SMALL = NormalSettings(widths=(32, 64, 128, 192))


def far_normals(back: torch.Tensor) -> torch.Tensor:
    """(3, SIDE, SIDE) normals of a far depth (H, W), inf where there is nothing; z is turned so that it faces us."""
    depth = back[None, None]
    known = torch.isfinite(depth).float()
    filled = torch.where(known > 0, depth, torch.zeros_like(depth))
    shrunk, share = (F.interpolate(p, size=(SIDE, SIDE), mode="area") for p in (filled, known))
    z = torch.where(share > 0.99, shrunk, torch.nan)[0, 0]
    across = (z[1:-1, 2:] - z[1:-1, :-2]) * SIDE / 2
    down = (z[2:, 1:-1] - z[:-2, 1:-1]) * SIDE / 2
    normals = F.normalize(torch.stack([across, -down, torch.ones_like(across)]), dim=0)
    return F.pad(torch.nan_to_num(normals), (1, 1, 1, 1))


def fitted_back(scene: Scene, model: HeadModel) -> torch.Tensor:
    """(H, W) far depth of the fitted 3DMM."""
    cube = torch.from_numpy(scene.view.to_cube(scene.fitted.numpy().astype(np.float64))).float()
    return depth_range(cube, torch.from_numpy(outer_skin(model)).long(), 2 * SIDE).back


def surface_back(scene: Scene, model: HeadModel, seed: int) -> torch.Tensor:
    """(H, W) far depth of the implicit function's level set, smoothed as the refinement smooths what no camera sees."""
    mesh = surface(occupancy(compact_networks("cpu").implicit, scene, model, seed))
    triangles = np.asarray(mesh.faces)[:, ::-1].astype(np.int32)
    placed = scene.view.to_camera(np.asarray(mesh.vertices, np.float64))
    nothing = np.zeros((8, 8, 3), np.float32)
    cube = scene.view.to_cube(follow_normals(placed, triangles, nothing, scene.view))
    return depth_range(torch.from_numpy(cube).float(), torch.from_numpy(triangles).long(), 2 * SIDE).back


def example(scene: Scene, model: HeadModel, generator: torch.Generator) -> tuple[torch.Tensor, ...]:
    """Photo, mask, the 3DMM's far normals and the true ones, SIDE pixels."""
    photo = photographed(stack([scene.sample]), generator)
    photo, mask = (F.interpolate(p, size=(SIDE, SIDE), mode="area") for p in (photo, scene.sample.mask[None]))
    mask = (mask > 0.5).float()
    return photo[0], mask[0], far_normals(fitted_back(scene, model)), far_normals(scene.true.back)


def train(examples: list[tuple[torch.Tensor, ...]], steps: int) -> NormalNetwork:
    """A far-side network."""
    torch.manual_seed(0)
    network = NormalNetwork(SMALL)
    optimiser = torch.optim.AdamW(network.parameters(), lr=1.2e-3)
    for step in range(steps):
        for group in optimiser.param_groups:
            group["lr"] = 1.2e-3 * (1 - step / steps)
        picked = torch.randint(len(examples), (8,)).tolist()
        photo, mask, guidance, target = (torch.stack(part) for part in zip(*(examples[i] for i in picked), strict=True))
        if torch.rand(()) < 0.5:
            mirror = torch.tensor([-1.0, 1, 1])[:, None, None]
            photo, mask, guidance, target = photo.flip(-1), mask.flip(-1), guidance.flip(-1), target.flip(-1)
            guidance, target = guidance * mirror, target * mirror
        with torch.autocast("cpu", torch.bfloat16):
            told = network(photo, guidance, mask)
        known = (target.square().sum(1, keepdim=True) > 0.5).float() * mask
        loss = normal_loss(told.float(), target, known)
        optimiser.zero_grad()
        loss.backward()
        optimiser.step()
    return network.eval()


def degrees(one: torch.Tensor, other: torch.Tensor, where: torch.Tensor) -> float:
    """Mean angle between two maps (3, S, S)."""
    cosine = (one * other).sum(0).clamp(-1, 1)[where]
    return float(torch.rad2deg(torch.arccos(cosine)).mean())


def main() -> None:
    """Print the table."""
    learn, steps, held = (int(a) for a in (sys.argv[1:] + ["600", "600", "20"][len(sys.argv) - 1 :]))
    model = load_head_model()
    settings = SyntheticSettings(size=2 * SIDE, bald=0.0)
    heads = SyntheticHeads(model, settings, "cpu", 5)
    generator = torch.Generator().manual_seed(5)
    network = train([example(heads.draw_scene(), model, generator) for _ in range(learn)], steps)
    rows: dict[str, list[float]] = {"fitted 3DMM": [], "implicit surface": [], "far-side network": []}
    fresh = SyntheticHeads(model, settings, "cpu", HELD_BACK)
    for number in range(held):
        scene = fresh.draw_scene()
        photo, mask, guidance, target = example(scene, model, generator)
        with torch.no_grad():
            told = network(photo[None], guidance[None], mask[None])[0]
        surface = far_normals(surface_back(scene, model, number))
        where = (target.square().sum(0) > 0.5) & (guidance.square().sum(0) > 0.5) & (surface.square().sum(0) > 0.5)
        for name, answer in zip(rows, (guidance, surface, told), strict=True):
            rows[name].append(degrees(answer, target, where))
    print(f"far normals, mean degrees over {held} heads ({learn} heads learned from, {steps} steps)")
    for name, values in rows.items():
        print(f"    {name:<20}{np.mean(values):8.1f}")


if __name__ == "__main__":
    main()
