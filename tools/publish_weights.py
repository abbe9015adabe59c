"""Turn the checkpoints of `seif train` into the weights that ship, and write their checksums where they are checked.

    python tools/publish_weights.py [--normals RUN/checkpoint.pt] [--back ...] [--implicit ...] [--parsing ...]
        [--points RUN/measured.pt]

The running averages are what ships. Checksums go into `seif_core/implicit/compact.py` and
`seif_core/portrait/parsing.py`, `points.py`; the model card beside the weights is written by hand.
"""

from __future__ import annotations

import argparse
import re
import sys
from pathlib import Path

import torch

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

from seif_core.implicit.network import COMPACT, ImplicitNetwork  # noqa: E402 - after the path is set
from seif_core.implicit.normal_network import FAR, NormalNetwork  # noqa: E402
from seif_core.portrait.parsing_network import ParsingNetwork  # noqa: E402
from seif_core.portrait.points import POINTS  # noqa: E402
from seif_core.portrait.points_network import PointsNetwork, PointsSettings  # noqa: E402
from seif_core.workshop.training.weights_file import save_weights  # noqa: E402

NETWORKS = {
    "normals": NormalNetwork,
    "back": lambda: NormalNetwork(FAR),
    "implicit": lambda: ImplicitNetwork(COMPACT),
    "parsing": ParsingNetwork,
    "points": lambda: PointsNetwork(PointsSettings(POINTS)),
}
HALF = ("parsing", "points")
"""Networks that ship as float16."""
COMPACT_FILE = ROOT / "seif_core" / "implicit" / "compact.py"
PORTRAIT_FILES = {kind: ROOT / "seif_core" / "portrait" / f"{kind}.py" for kind in ("parsing", "points")}


def publish(kind: str, checkpoint: Path) -> str:
    """Write one network's weights; returns their sha256."""
    network = NETWORKS[kind]()
    state = torch.load(checkpoint, map_location="cpu", weights_only=True)
    network.load_state_dict(state["averaged"])
    name = f"compact_{kind}.safetensors"
    facts = {"network": f"compact {kind}", "steps": str(state["step"])}
    sha256 = save_weights(network, ROOT / "vendor" / "weights" / name, metadata=facts, half=kind in HALF)
    module = PORTRAIT_FILES.get(kind, COMPACT_FILE)
    code = module.read_text(encoding="utf-8")
    code, count = re.subn(rf'("{re.escape(name)}",\s*")[0-9a-f]*"', rf'\g<1>{sha256}"', code)
    if count != 1:
        raise SystemExit(f"{module.name} names {name} {count} times; once was expected.")
    module.write_text(code, encoding="utf-8")
    return sha256


def main() -> None:
    """Publish what was named."""
    parser = argparse.ArgumentParser(allow_abbrev=False, description=__doc__)
    for kind in NETWORKS:
        parser.add_argument(f"--{kind}", type=Path)
    options = parser.parse_args()
    for kind in NETWORKS:
        checkpoint = getattr(options, kind)
        if checkpoint is not None:
            sys.stdout.write(f"{kind} {publish(kind, checkpoint)}\n")


if __name__ == "__main__":
    main()
