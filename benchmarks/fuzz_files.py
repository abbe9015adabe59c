"""Mutated head, FLAME, weight and scan files: `python benchmarks/fuzz.py files [--count N]`.

Each file is a good one of its kind with bytes flipped, a piece cut off, doubled or zeroed, or numbers made huge; of
zips mostly
the entries, with checksums that are right again. Each kind is read by one process of its own, whose memory is
limited. Expected is a result or a typed error; anything else (another
exception, a crash, more memory, a file left behind) counts as a failure, and ends the command with exit code 1.

Last figures (2 cores, x86_64), seed 2611: 200 files, 13 or 14 of each kind: 0 failures, largest process 0.6 GB; seeds 0
and 7 before, likewise.
With the entries
of zips mutated too, characters that do not exist in a head's texts were found, and are refused since.
"""

from __future__ import annotations

import argparse
import io
import json
import multiprocessing
import pickle
import resource
import sys
import tempfile
import time
import traceback
import zipfile
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any, Final

import numpy as np

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from seif_core.errors import SeifError

COUNT: Final = 200
SECONDS: Final = 60.0
"""One file may take this long, on a busy machine; usual is below one second."""
MEMORY: Final = 3 << 30
"""Bytes that a process may take: libraries and the head model take one gigabyte of it."""

_VERTICES, _FACES = 5023, 9976


def head_file(path: Path) -> None:
    """A small head.npz with all that belongs to one."""
    from seif_core.geometry.camera import Camera
    from seif_core.head import Head

    rng, count = np.random.default_rng(0), 60
    faces = np.stack([rng.permutation(count)[:4] for _ in range(80)]).astype(np.int32)
    vertices = (rng.normal(size=(count, 3)) * 0.05).astype(np.float32)
    deltas = np.zeros((3, count, 3), np.float32)
    Head(
        name="x",
        model_name="open",
        model_title="x",
        model_licence="CC0-1.0",
        attribution="x",
        vertices=vertices,
        faces=faces,
        face_part=np.zeros(len(faces), np.uint8),
        uvs=rng.random((count, 2)).astype(np.float32),
        uv_faces=faces,
        joints=vertices[np.linspace(0, count - 1, 5).astype(int)].astype(np.float32),
        skin_weights=np.full((count, 5), 0.2, np.float32),
        key_names=("a", "b", "c"),
        key_deltas=deltas,
        expression_deltas=deltas,
        pose_deltas=np.zeros((36, count, 3), np.float32),
        regions={"face": np.ones(count, bool)},
        texture=np.zeros((4, 4, 3), np.uint8),
        photo_name="x.jpg",
        photo_sha256="0",
        photo_camera=Camera(900.0, 1.0, 1.0, 2, 2),
        photo_pose=np.zeros((5, 3), np.float32),
        photo_translation=np.zeros(3, np.float32),
        photo_shape=np.zeros(3, np.float32),
        photo_expression=np.zeros(3, np.float32),
        photo_key_weights=np.zeros(3, np.float32),
        photo_delta=np.zeros((count, 3), np.float32),
    ).save(path)


def flame_arrays() -> dict[str, np.ndarray]:
    """What a FLAME file holds, of random numbers."""
    rng = np.random.default_rng(0)
    return {
        "v_template": rng.uniform(-0.15, 0.15, (_VERTICES, 3)),
        "f": np.stack([rng.permutation(_VERTICES)[:3] for _ in range(_FACES)]).astype(np.uint32),
        "shapedirs": np.full((_VERTICES, 3, 150), 1e-3, np.float32),
        "posedirs": np.zeros((_VERTICES, 3, 36), np.float32),
        "J_regressor": np.full((5, _VERTICES), 1 / _VERTICES, np.float32),
        "weights": np.full((_VERTICES, 5), 0.2, np.float32),
        "kintree_table": np.array([[-1, 0, 1, 1, 1], [0, 1, 2, 3, 4]]),
    }


def flame_pickle(path: Path) -> None:
    """A FLAME pickle."""
    path.write_bytes(pickle.dumps(flame_arrays(), 2))


def flame_npz(path: Path) -> None:
    """The same, deflated."""
    np.savez_compressed(path, **flame_arrays())


def small_network() -> Any:  # noqa: ANN401 - torch is loaded where it is needed alone
    """A network of the published networks' kind, which the reader is told to take for one, small enough to be quick."""
    from seif_core.implicit import weights
    from seif_core.implicit.encoder import EncoderSettings
    from seif_core.implicit.network import ImplicitNetwork, ImplicitSettings

    settings = ImplicitSettings(EncoderSettings(stacks=2, width=16, depth=1, stem=8, groups=4), (8, 8))
    weights.ORIGINAL = {"semantic": settings}  # type: ignore[misc]
    return ImplicitNetwork(settings)


def checkpoint(path: Path) -> None:
    """A checkpoint as today's torch writes it."""
    import torch

    torch.save({"state_dict": small_network().state_dict()}, path)


def old_checkpoint(path: Path) -> None:
    """A checkpoint as torch wrote it before 1.6."""
    import torch

    torch.save({"state_dict": small_network().state_dict()}, path, _use_new_zipfile_serialization=False)


def imported_weights(path: Path) -> None:
    """Weights as they lie in the user's folder after the import."""
    from seif_core.workshop.training.weights_file import save_weights

    save_weights(small_network(), path, metadata={"network": "semantic"})


def landmark_file(path: Path) -> None:
    """Seven landmarks, in the format of the suffix."""
    points = np.random.default_rng(0).normal(size=(7, 3))
    if path.suffix == ".npy":
        np.save(path, points)
    elif path.suffix == ".json":
        path.write_text(json.dumps(points.tolist()), encoding="utf-8")
    else:
        told = "".join(f'<point x="{x}" y="{y}" z="{z}" active="1"/>' for x, y, z in points)
        path.write_text(f"<!DOCTYPE PickedPoints><PickedPoints>{told}</PickedPoints>", encoding="utf-8")


def scan_file(path: Path) -> None:
    """A ball of a head's size, in the format of the suffix."""
    import trimesh

    trimesh.creation.icosphere(subdivisions=3, radius=0.12).export(path)


def scan_npz(path: Path) -> None:
    """The same as NPZ."""
    import trimesh

    ball = trimesh.creation.icosphere(subdivisions=3, radius=0.12)
    np.savez(path, vertices=ball.vertices, faces=ball.faces)


def read_head(path: Path) -> None:
    """Load a head."""
    from seif_core.head import Head

    Head.load(path)


def read_flame_file(path: Path) -> None:
    """Read a FLAME file as far as its own content goes."""
    from seif_core.headmodel.flame import read_flame

    read_flame(path)


def import_weights(path: Path) -> None:
    """Import a checkpoint."""
    from seif_core.cli_weights import import_weights as taken

    small_network()
    with tempfile.TemporaryDirectory() as folder:
        taken(path, Path(folder))


def read_imported(path: Path) -> None:
    """Load imported weights into their network."""
    from seif_core.network_files import load_weights

    load_weights(small_network(), path)


def read_landmark_file(path: Path) -> None:
    """Read landmarks."""
    from seif_core.evaluation.scan_files import read_landmarks

    read_landmarks(path)


def read_scan(path: Path) -> None:
    """Read a scan."""
    from seif_core.evaluation.scan_files import read_surface

    read_surface(path)


KINDS: Final[dict[str, tuple[str, Callable[[Path], None], Callable[[Path], None]]]] = {
    "head": ("head.npz", head_file, read_head),
    "FLAME pickle": ("flame.pkl", flame_pickle, read_flame_file),
    "FLAME npz": ("flame.npz", flame_npz, read_flame_file),
    "checkpoint": ("new.pth", checkpoint, import_weights),
    "checkpoint before 1.6": ("old.pth", old_checkpoint, import_weights),
    "imported weights": ("weights.safetensors", imported_weights, read_imported),
    **{f"landmarks {kind}": (f"points.{kind}", landmark_file, read_landmark_file) for kind in ("pp", "json", "npy")},
    **{f"scan {kind}": (f"scan.{kind}", scan_file, read_scan) for kind in ("obj", "ply", "stl", "off", "glb")},
    "scan npz": ("scan.npz", scan_npz, read_scan),
}
"""File name, who writes it, who reads it."""


def mutated(data: bytes, rng: np.random.Generator) -> bytes:
    """The file with one to four kinds of damage, most often near its beginning, where sizes are told."""
    content = bytearray(data)
    for _ in range(int(rng.integers(1, 5))):
        place = int(len(content) * rng.random() ** (4 if rng.random() < 0.6 else 1))
        length = int(rng.integers(1, 64))
        match int(rng.integers(7)):
            case 0:
                for _ in range(length // 8 + 1):
                    content[int(rng.integers(len(content)))] = int(rng.integers(256))
            case 1:
                content[place : place + 8] = rng.bytes(8)
            case 2:
                content[place : place + 4] = b"\xff\xff\xff\x7f"
            case 3:
                content = content[: max(1, place)]
            case 4:
                content[place:place] = content[place : place + length]
            case 5:
                content[place : place + length] = bytes(length)
            case _:
                del content[place : place + length]
        content = content or bytearray(b"\0")
    return bytes(content)


def damaged(data: bytes, rng: np.random.Generator) -> bytes:
    """A mutated file; of a zip, mostly one whose entries are mutated and whose checksums are right again."""
    if data[:2] != b"PK" or rng.random() < 0.3:
        return mutated(data, rng)
    packed = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(data)) as old, zipfile.ZipFile(packed, "w") as new:
        names = old.namelist()
        chosen = set(rng.choice(names, min(len(names), int(rng.integers(1, 4))), replace=False))
        for info in old.infolist():
            content = old.read(info)
            if info.filename in chosen:
                content = mutated(content, rng) if rng.random() < 0.5 else values_changed(content, rng)
            new.writestr(info.filename, content, compress_type=info.compress_type)
    return packed.getvalue()


def values_changed(content: bytes, rng: np.random.Generator) -> bytes:
    """An array file whose header stays, and of whose values some are changed."""
    start = min(len(content), 128)
    changed = bytearray(content)
    for _ in range(int(rng.integers(1, 9))):
        place = int(rng.integers(start, max(start + 1, len(content))))
        changed[place : place + 4] = rng.bytes(4)[: max(0, len(content) - place)]
    return bytes(changed)


def _read_all(kind: str, folder: str, paths: list[str], answers: Any) -> None:  # noqa: ANN401 - a queue
    """Read mutated files one after the other, and tell how each ended; runs in a process of its own."""
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    reader = KINDS[kind][2]
    tempfile.tempdir = folder
    for path in paths:
        answers.put(("begun", path))
        start = time.monotonic()
        try:
            reader(Path(path))
            outcome = "result"
        except SeifError:
            outcome = "typed error"
        except BaseException:  # noqa: BLE001 - what else there may be is what is looked for
            outcome = traceback.format_exc()
        taken = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024
        answers.put((outcome, time.monotonic() - start, taken))


def run_kind(kind: str, count: int, seed: int) -> tuple[Counter[str], int, list[str]]:
    """Outcomes of so many mutated files of a kind, the process's largest memory, and what went wrong."""
    import queue

    name, write, _ = KINDS[kind]
    context = multiprocessing.get_context("spawn")
    outcomes: Counter[str] = Counter()
    wrong, largest = [], 0
    with tempfile.TemporaryDirectory() as place, tempfile.TemporaryDirectory() as scratch:
        folder = Path(place)
        write(folder / name)
        good, paths = (folder / name).read_bytes(), []
        rng = np.random.default_rng([seed, *kind.encode()])
        for number in range(count):
            path = folder / f"{number}-{name}"
            path.write_bytes(damaged(good, rng))
            paths.append(str(path))
        intact = folder / f"intact-{name}"
        intact.write_bytes(good)
        before = sorted(p.name for p in folder.iterdir())
        answers = context.Queue()
        process = context.Process(target=_read_all, args=(kind, scratch, [str(intact), *paths], answers))
        process.start()
        current = "start"
        while sum(outcomes.values()) < count:
            try:
                answer = answers.get(timeout=SECONDS if current != "start" else 10 * SECONDS)
            except queue.Empty:
                wrong.append(f"{current}: crashed or took more than {SECONDS:.0f} s (exit code {process.exitcode})")
                break
            if answer[0] == "begun":
                current = Path(answer[1]).name
                continue
            outcome, _, taken = answer
            largest = max(largest, taken)
            if current == intact.name:
                if outcome != "result":  # or each damaged file would be refused for nothing that was done to it
                    wrong.append(f"{current}: not read: {outcome}")
                continue
            if outcome not in {"result", "typed error"}:
                wrong.append(f"{current}: {outcome}")
                outcome = "another error"
            outcomes[outcome] += 1
        if process.is_alive() and sum(outcomes.values()) < count:
            process.kill()
        process.join()
        if largest > MEMORY:
            wrong.append(f"{kind}: the process took {largest / 1e9:.1f} GB")
        left = [p.name for p in Path(scratch).iterdir()]
        if left or sorted(p.name for p in folder.iterdir()) != before:
            wrong.append(f"{kind}: files were left behind {left}")
    return outcomes, largest, wrong


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the options of ``files``."""
    parser.add_argument("--count", type=int, default=COUNT, help="files in all (default: %(default)s)")
    parser.add_argument("--seed", type=int, default=0, help="default: %(default)s")
    parser.add_argument("--kind", choices=tuple(KINDS), help="one kind alone")


def fuzz_files(options: argparse.Namespace) -> bool:
    """Run all kinds, and print a table; True where something ended otherwise than expected."""
    kinds = [options.kind] if options.kind else list(KINDS)
    failures: list[str] = []
    for place, kind in enumerate(kinds):
        count = options.count // len(kinds) + (place < options.count % len(kinds))
        start = time.monotonic()
        outcomes, largest, wrong = run_kind(kind, count, options.seed) if count else (Counter(), 0, [])
        told = ", ".join(f"{number} {name}" for name, number in sorted(outcomes.items()))
        print(f"{kind:<22} {told}; {largest / 1e9:.1f} GB, {time.monotonic() - start:.0f} s", flush=True)
        failures += wrong
    for text in failures:
        print(text, file=sys.stderr)
    print(f"{len(failures)} failures")
    return bool(failures)


if __name__ == "__main__":
    alone = argparse.ArgumentParser(description="mutated head, FLAME, weight and scan files")
    add_arguments(alone)
    sys.exit(fuzz_files(alone.parse_args()))
