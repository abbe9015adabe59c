"""`report.json`: what was done, with what, how well. docs/format-report.md describes it field by field."""

from __future__ import annotations

import json
import re
from dataclasses import asdict
from pathlib import Path
from typing import Any, Final

import numpy as np

from .confidence import region_confidence
from .info import CODE_LICENCE, peak_memory, versions
from .pipeline import Reconstruction

FORMAT_VERSION: Final = 1
"""Of report.json: goes up when a field changes its meaning or goes."""
_SURROGATES: Final = re.compile("[\ud800-\udfff]")
"""Bytes of a file's name that are not UTF-8, as Python hands them on (PEP 383); no encoder takes them."""


def build_report(done: Reconstruction, outputs: dict[str, int] | None = None) -> dict[str, Any]:
    """The report of one reconstruction, ready for JSON.

    Args:
        done: what `reconstruct` returned.
        outputs: file name -> size in bytes of what was written.
    """
    portrait, fit, head = done.portrait, done.fit, done.head
    height, width = portrait.pixels.shape[:2]
    return {
        "format_version": FORMAT_VERSION,
        "versions": versions(),
        "settings": asdict(done.settings),
        "device": done.device,
        "photo": {
            "name": portrait.name,
            "sha256": portrait.sha256,
            "width": width,
            "height": height,
            "cut": None if portrait.picture is None else np.round(portrait.picture.matrix, 6).tolist(),
            "faces": portrait.face_count,
            "face": portrait.face_index,
            "face_box": [round(float(x), 1) for x in portrait.box],
            "confidence": round(float(portrait.confidence), 4),
            "roll_degrees": round(float(np.degrees(portrait.roll)), 2),
        },
        "fit": {
            "landmarks": portrait.landmark_scheme,
            "landmark_error_percent": round(float(fit.landmark_error), 3),
            "focal_px": round(float(fit.camera.focal), 2),
            "focal_source": "EXIF" if portrait.focal_px is not None else "estimated",
            "distance_m": round(float(-fit.translation[2]), 3),
            "pose_degrees": {
                name: [round(float(a), 2) for a in np.degrees(fit.pose[joint])]
                for joint, name in enumerate(("head", "neck", "jaw", "eye_left", "eye_right"))
            },
        },
        "same_person": [
            {
                "name": other.portrait.name,
                "sha256": other.portrait.sha256,
                "turn_degrees": round(other.fit.turn, 1),
                "landmark_error_percent": round(float(other.fit.landmark_error), 3),
            }
            for other in done.others
        ],
        "surface": done.shape.figures() or None,
        "head": {
            "model": head.model_name,
            "title": head.model_title,
            "vertices": len(head.vertices),
            "faces": len(head.faces),
            "keys": len(head.key_names),
            "height_m": round(float(np.ptp(head.vertices[:, 1])), 4),
            "texture_px": 0 if head.texture is None else int(head.texture.shape[0]),
        },
        "confidence": {name: _rounded(shares) for name, shares in region_confidence(head).items()},
        "seconds": {name: round(value, 3) for name, value in done.seconds.items()},
        "peak_memory_mb": round(peak_memory() / 1e6, 1),
        "warnings": list(done.warnings),
        "licence": {"head": head.model_licence, "attribution": head.attribution, "code": CODE_LICENCE},
        "outputs": [{"name": name, "bytes": size} for name, size in sorted((outputs or {}).items())],
    }


def _rounded(shares: dict[str, float]) -> dict[str, float]:
    return {name: round(value, 3) for name, value in shares.items()}


def write_report(path: Path, report: dict[str, Any]) -> None:
    """Write a report as indented JSON; the caller handles OSError. What is no text in a path becomes U+FFFD."""
    text = json.dumps(report, indent=2, ensure_ascii=False, allow_nan=False)
    path.write_text(_SURROGATES.sub("\ufffd", text) + "\n", encoding="utf-8")
