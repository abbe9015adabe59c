"""How near the Open head's keys are to scanned expressions: ICT-FaceKit's, which they are learned from, and GNM's.

    python benchmarks/keys_against_scans.py DATA_FOLDER [--model open_head.npz...]

DATA_FOLDER holds `heads/ict_facekit_packed.npz` and `gnm/gnm_partial.npz`. Over the face of the mean head, for each
expression (GNM's labels against the sums of keys of `LABELS`): *cosine* of all offsets; *extent*, the key's length by
the expression's; *region*, overlap of what moves by more than a fifth of its largest offset (intersection by union);
*distance*, root mean square of the difference by that of the expression.

Last figures (mean over expressions; 1.0 had MakeHuman's units, 1.1 the learned keys, 1.2 their lips made sound;
1.3 has the means of 1.2; 1.4 has 0.99, 0.97, 0.93, 0.12 and 0.71, 0.97, 0.61, 0.69, and so has 1.6, 2026-11-30):

                          1.0                      1.1                      1.2
                 cosine extent region dist.  the same                 the same
    ICT, 51 keys    0.77  0.87  0.68  0.72    0.99  0.98  0.94  0.09    0.99  0.97  0.93  0.12
    GNM, 15 labels  0.60  0.79  0.53  0.79    0.70  0.98  0.61  0.69    0.70  0.97  0.60  0.69
"""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import Final

import numpy as np

from seif_core.expressions.arkit import ARKIT_52
from seif_core.headmodel.model import read_open_head
from seif_core.resources import vendor_path
from seif_core.workshop.openhead.key_calibration import scanned_key
from seif_core.workshop.openhead.scan_expressions import carry_gnm, carry_ict

LABELS: Final[dict[str, tuple[str, ...]]] = {
    "funneler": ("mouthFunnel",),
    "pucker": ("mouthPucker",),
    "smile_wide": ("mouthSmileLeft", "mouthSmileRight"),
    "corners_down": ("mouthFrownLeft", "mouthFrownRight"),
    "mouth_left": ("mouthLeft",),
    "mouth_right": ("mouthRight",),
    "snarl": ("noseSneerLeft", "noseSneerRight"),
    "platysma": ("mouthStretchLeft", "mouthStretchRight"),
    "blow": ("mouthPucker",),
    "stretch_face": ("jawOpen",),
    "squint": ("eyeSquintLeft", "eyeSquintRight"),
    "wink_left": ("eyeBlinkLeft",),
    "wink_right": ("eyeBlinkRight",),
    "lips_roll_in": ("mouthRollLower", "mouthRollUpper"),
    "surprise": ("browInnerUp", "browOuterUpLeft", "browOuterUpRight"),
}
"""Labels of GNM's sampler and the ARKit keys that say the same; the other five are whole grimaces."""
_MOVES: Final = 0.2


def compared(key: np.ndarray, aim: np.ndarray) -> np.ndarray:
    """Cosine, extent, region and distance of a key's offsets (N, 3) against an expression's."""
    long, wanted = np.linalg.norm(key), np.linalg.norm(aim)
    moves = [length > _MOVES * length.max() for length in (np.linalg.norm(a, axis=1) for a in (key, aim))]
    overlap = (moves[0] & moves[1]).sum() / max((moves[0] | moves[1]).sum(), 1)
    return np.array([(key * aim).sum() / (long * wanted), long / wanted, overlap, np.linalg.norm(key - aim) / wanted])


def main() -> None:
    """The command."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--model", type=Path, nargs="*", default=[vendor_path("open_head", "open_head.npz")])
    options = parser.parse_args()
    models = [read_open_head(path) for path in options.model]
    template, face = models[0].template.astype(np.float64), models[0].regions["face"]
    ict, gnm = carry_ict(options.folder, template), carry_gnm(options.folder, template)
    pairs = [(f"ict {name}", (name,), scanned_key(name, ict)) for name in ARKIT_52]
    pairs += [(f"gnm {label}", keys, gnm.offsets[gnm.names.index(label)]) for label, keys in LABELS.items()]
    rows: dict[str, list[np.ndarray]] = {}
    for title, keys, aim in pairs:
        if aim is None:
            continue
        found = [
            compared(sum(model.key_basis[ARKIT_52.index(k)] for k in keys)[face].astype(np.float64), aim[face])
            for model in models
        ]
        rows.setdefault(title[:3], []).append(np.stack(found))
        print(f"{title:24}", "   ".join(" ".join(f"{v:5.2f}" for v in figures) for figures in found))
    for title, figures in rows.items():
        mean = np.mean(figures, axis=0)
        print(
            f"{title} mean of {len(figures):2}         ", "   ".join(" ".join(f"{v:5.3f}" for v in row) for row in mean)
        )


if __name__ == "__main__":
    main()
