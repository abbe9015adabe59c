"""How long the Blender object takes to build from a `Head`: `python benchmarks/build_object.py [HEAD.npz]`.

Without a file, the sample head of the tests is repeated to the size of a real one. Last figures (bpy 5.0.1,
best of 7, 2 quiet cores; most of it is the texture's PNG):

    head                               vertices  keys  texture  build ms  of which texture ms
    sample                                 6688    52  2048 px       135                  121
    astronaut                              8698    52  2048 px       125                  105

With a normal map, 52 keys, the Open head's 45 components and hair (bpy 5.0.1, least of four, processor time of the
thread, busy machine): planning 229 ms and building 39 ms without strands (266 and 41, another portrait, while
textures were looked through for runs of equal bytes), 344 ms and 85 ms with them, before that. 300 and 600 ms were
asked. Planning and building at one go, another portrait: 489 ms with strands, 286 with shell and cards alone, 248
bald (processor time of the thread, least of five, very busy machine). The add-on plans in a thread. Most of planning
is the pictures' PNGs, in zlib. Later, another portrait in full quality, 52 keys, all 45 components, corrections, hair,
real-time priority, least of five: 370 ms with strands, 261 with shell and cards alone, 200 bald; with 100 components
instead 379, 267 and 208.
"""

from __future__ import annotations

import dataclasses
import sys
import time
from pathlib import Path

import numpy as np

ROOT = Path(__file__).resolve().parent.parent
sys.path[:0] = [str(ROOT), str(ROOT / "tests" / "support")]

from seif_core.head import Head  # noqa: E402  (after the path is set)

REPEATS = 7


def large_head() -> Head:
    """The sample head with each face repeated so that counts are those of a real head (geometry is irrelevant here)."""
    from sample_head import sample_head

    head = sample_head()
    n, v, u = 8, len(head.vertices), len(head.uvs)

    def shifted(faces: np.ndarray, step: int) -> np.ndarray:
        return np.concatenate([np.where(faces >= 0, faces + i * step, -1) for i in range(n)]).astype(np.int32)

    def tiled(array: np.ndarray, axis: int = 0) -> np.ndarray:
        return np.concatenate([array] * n, axis=axis)

    grain = np.random.default_rng(0).integers(-3, 4, (2048, 2048, 3))  # a photo's noise, to be fair to the PNG
    skin = np.clip(head.texture.repeat(32, 0).repeat(32, 1) + grain, 0, 255).astype(np.uint8)
    return dataclasses.replace(
        head,
        vertices=tiled(head.vertices),
        faces=shifted(head.faces, v),
        face_part=tiled(head.face_part),
        uvs=tiled(head.uvs),
        uv_faces=shifted(head.uv_faces, u),
        skin_weights=tiled(head.skin_weights),
        key_deltas=tiled(head.key_deltas, 1),
        expression_deltas=tiled(head.expression_deltas, 1),
        pose_deltas=tiled(head.pose_deltas, 1),
        regions={k: tiled(m) for k, m in head.regions.items()},
        photo_delta=tiled(head.photo_delta),
        texture=skin,
    )


def best(head: Head) -> float:
    """Milliseconds of the fastest of several builds, each in an empty scene."""
    import bpy

    from seif_blender.build.head_object import build_head

    times = []
    for _ in range(REPEATS):
        bpy.ops.wm.read_homefile(use_empty=True, use_factory_startup=True)
        start = time.perf_counter()
        build_head(head)
        times.append(time.perf_counter() - start)
    return 1000 * min(times)


def main() -> None:
    """Measure and print one row."""
    head = Head.load(Path(sys.argv[1])) if len(sys.argv) > 1 else large_head()
    whole = best(head)
    bare = best(dataclasses.replace(head, texture=None))
    size = "none" if head.texture is None else f"{head.texture.shape[1]} px"
    row = f"{head.name:<33} {len(head.vertices):>9} {len(head.key_names):>5} {size:>8}"
    print(f"{row} {whole:>9.0f} {whole - bare:>20.0f}")


if __name__ == "__main__":
    main()
