"""Mutated photos through the portrait stage: `python benchmarks/fuzz.py photos [--count N] [--seed S]`.

Photos of a face in every format (JPEG plain and progressive, MPO, PNG of 8 and 16 bits, WebP, AVIF, HEIC, TIFF plain
and compressed, a raw file with a preview) are damaged: bytes overwritten, bits flipped, cut off, pieces removed,
doubled, exchanged, filled, lengths and sizes in the headers replaced by extreme ones. Each must end in a portrait or in
a typed error. They are read in child processes, so that a crash of a decoder is counted, too. Last figures:

    1000 photos, seed 2611: 200 portraits, 700 unreadable, 100 unsuitable, 0 faults
    memory grew by 450 MB at most, the slowest took 16.2 s (2 cores, load 10 to 18)
"""

from __future__ import annotations

import argparse
import io
import json
import queue
import random
import struct
import subprocess
import sys
import tempfile
import threading
import time
from collections import Counter
from pathlib import Path
from typing import Final

ROOT: Final = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

_BATCH: Final = 100
_SILENT_SECONDS: Final = 600.0
"""Of a child that answers nothing, after which it hangs; of one photo, for a hundred may take longer where much else
runs."""
_MEMORY: Final = 1_000_000_000
"""Bytes by which a child may grow while it reads pictures of 240 x 240 pixels that may declare up to 100 megapixels."""
_EXTREMES: Final = (0, 1, 0x7F, 0x80, 0xFF, 0x7FFF, 0x8000, 0xFFFF, 0x7FFFFFFF, 0x80000000, 0xFFFFFFFF, 20_000)


def sources() -> dict[str, bytes]:
    """A photo of a face in every format, by name."""
    import numpy as np
    import pillow_heif
    from PIL import Image, ImageCms
    from skimage.data import astronaut

    pillow_heif.register_heif_opener()
    face = Image.fromarray(astronaut()[0:240, 110:350])
    exif = Image.Exif()
    exif[0x010F], exif[0x0112] = "Maker", 1
    exif.get_ifd(0x8769)[0xA405] = 50
    profile = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    common = {"exif": exif.tobytes(), "icc_profile": profile}

    def saved(kind: str, picture: Image.Image = face, **options: object) -> bytes:
        stream = io.BytesIO()
        picture.save(stream, kind, **(common | options))
        return stream.getvalue()

    deep = Image.fromarray(np.asarray(face.convert("L")).astype(np.uint16) * 16)
    large = face.resize((480, 480))
    return {
        "jpeg": saved("JPEG", quality=90), "progressive": saved("JPEG", progressive=True),
        "mpo": saved("MPO", save_all=True, append_images=[face.resize((60, 60))]),
        "png": saved("PNG"), "png16": saved("PNG", deep), "webp": saved("WEBP"), "avif": saved("AVIF"),
        "heic": saved("HEIF", quality=80), "tiff": saved("TIFF"),
        "deflated": saved("TIFF", compression="tiff_deflate", exif=b""),
        "raw": b"FUJIFILMCCD-RAW 0201" + bytes(80) + saved("JPEG", large),
    }  # fmt: skip


def mutated(data: bytes, chance: random.Random) -> bytes:
    """One damaged copy."""
    changed = bytearray(data)
    for _ in range(chance.choice((1, 1, 2, 4))):
        chance.choice(_CHANGES)(changed, chance)
    return bytes(changed)


def _place(data: bytearray, chance: random.Random) -> int:
    """A place in the file, in its first kilobyte (headers) two times of three."""
    return chance.randrange(min(len(data), 1024) if chance.random() < 2 / 3 else len(data)) if data else 0


def _overwrite(data: bytearray, chance: random.Random) -> None:
    for _ in range(chance.randint(1, 16)):
        if data:
            data[_place(data, chance)] = chance.randrange(256)


def _flip(data: bytearray, chance: random.Random) -> None:
    for _ in range(chance.randint(1, 16)):
        if data:
            data[_place(data, chance)] ^= 1 << chance.randrange(8)


def _cut(data: bytearray, chance: random.Random) -> None:
    del data[chance.randrange(len(data) + 1) :]


def _piece(data: bytearray, chance: random.Random) -> tuple[int, int]:
    start = _place(data, chance)
    return start, min(len(data), start + int(2 ** chance.uniform(0, 12)))


def _remove(data: bytearray, chance: random.Random) -> None:
    start, stop = _piece(data, chance)
    del data[start:stop]


def _double(data: bytearray, chance: random.Random) -> None:
    start, stop = _piece(data, chance)
    data[stop:stop] = data[start:stop] * chance.choice((1, 3, 40))


def _exchange(data: bytearray, chance: random.Random) -> None:
    start, stop = _piece(data, chance)
    piece = data[start:stop]
    del data[start:stop]
    at = _place(data, chance)
    data[at:at] = piece


def _fill(data: bytearray, chance: random.Random) -> None:
    start, stop = _piece(data, chance)
    data[start:stop] = bytes([chance.choice((0, 255))]) * (stop - start)


def _number(data: bytearray, chance: random.Random) -> None:
    order, kind = chance.choice("<>"), chance.choice("BHI")
    size = struct.calcsize(kind)
    at = min(_place(data, chance), max(len(data) - size, 0))
    data[at : at + size] = struct.pack(order + kind, chance.choice(_EXTREMES) % 256**size)


_CHANGES: Final = (_overwrite, _flip, _cut, _remove, _double, _exchange, _fill, _number, _number)


def fuzz_photos(count: int = 1000, seed: int = 0) -> int:
    """Read so many damaged photos; print what came of them and return how many did what none may do."""
    chance = random.Random(seed)  # noqa: S311  (repeatable damage, no secret)
    good = sources()
    outcomes: Counter[str] = Counter()
    faults: list[str] = []
    growth, slowest = 0, 0.0
    with tempfile.TemporaryDirectory() as base:
        for first in range(0, count, _BATCH):
            folder = Path(base, f"{first}")
            folder.mkdir()
            for k in range(first, min(first + _BATCH, count)):
                kind = chance.choice(sorted(good))
                (folder / f"{k:06}_{kind}").write_bytes(mutated(good[kind], chance))
            for answer in _read_all(folder):
                outcomes[answer["outcome"]] += 1
                growth, slowest = max(growth, answer["growth"]), max(slowest, answer["seconds"])
                if answer["fault"] or answer["growth"] > _MEMORY:
                    faults.append(f"{answer['file']}: {answer['outcome']}, grown by {answer['growth'] / 1e6:.0f} MB")
            if left := sorted(p.name for p in folder.iterdir()):
                faults.append(f"left behind: {left}")
    for outcome, number in outcomes.most_common():
        print(f"{number:6} {outcome}")
    print(f"memory grew by {growth / 1e6:.0f} MB at most, the slowest took {slowest:.1f} s, {len(faults)} faults")
    for fault in faults:
        print(fault)
    return len(faults)


def _read_all(folder: Path) -> list[dict]:
    """What came of each file; a child that dies has said nothing of the file that killed it. Files are removed."""
    answers = []
    while files := sorted(folder.iterdir()):
        said, end = _said_of(folder)
        lines = [json.loads(line) for line in said if line.startswith("{")]
        answers += lines
        for file in files[: len(lines)]:
            file.unlink(missing_ok=True)
        if len(lines) < len(files):
            killer = files[len(lines)]
            killer.unlink()
            answers.append({"file": killer.name, "outcome": end, "fault": True, "growth": 0, "seconds": 0.0})
    return answers


def _said_of(folder: Path) -> tuple[list[str], str]:
    """What a child says of a folder's files, a line each, and how it ended."""
    command = [sys.executable, __file__, str(folder)]
    said, heard = [], queue.SimpleQueue[str]()
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True) as child:
        answers = child.stdout or ()

        def listen() -> None:
            for line in answers:
                heard.put(line)
            heard.put("")

        threading.Thread(target=listen, daemon=True).start()
        try:
            while line := heard.get(timeout=_SILENT_SECONDS):
                said.append(line)
        except queue.Empty:
            child.kill()
            return said, f"more than {_SILENT_SECONDS:.0f} s"
        return said, f"the process ended with {child.wait()}"


def _read(folder: Path) -> None:
    """In the child: read each photo of a folder, a line of JSON for each."""
    import resource

    from seif_core.errors import SeifError
    from seif_core.portrait import read_portrait

    unit = 1 if sys.platform == "darwin" else 1024
    files = sorted(folder.iterdir())
    before = 0
    for file in files:
        start, fault = time.perf_counter(), False
        try:
            read_portrait(file)
            outcome = "portrait"
        except SeifError as error:
            outcome = error.code
            fault = not str(error).endswith(".")
        except (Exception, RecursionError) as error:  # noqa: BLE001  (what is looked for)
            outcome, fault = f"{type(error).__name__}: {error}", True
        peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * unit
        before = before or peak  # the libraries and the first photo
        answer = {"file": file.name, "outcome": outcome, "fault": fault, "growth": peak - before,
                  "seconds": time.perf_counter() - start}  # fmt: skip
        print(json.dumps(answer), flush=True)


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The options of `fuzz.py photos`."""
    parser.add_argument("--count", type=int, default=1000, help="how many damaged photos")
    parser.add_argument("--seed", type=int, default=0, help="of the damage")


if __name__ == "__main__":
    _read(Path(sys.argv[1]))
