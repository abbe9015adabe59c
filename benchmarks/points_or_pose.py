"""What do dense points change: the shape, or the pose? Normals of the fit, parts exchanged.

Run: ``python benchmarks/points_or_pose.py FOLDER``; FOLDER as in `fit_normals`, photos with references alone are used.

Rows: the fit from landmarks, from dense points, from both; then the shape and expression of one in the pose of the
other. Angular error of the fitted model's normals, face / head, degrees, under the landmarks' face mask for all; *nod*
is the head's turn about X against the landmarks' fit, degrees, positive downwards.

Last figures:

                                    seif_demo_1            seif_demo_12           seif_demo_5        mean
                                    face / head   nod      face / head   nod      face / head   nod
    landmarks                      11.59 / 14.29   0.0    8.70 / 14.87   0.0   11.49 / 17.55   0.0   10.59 / 15.57
    dense                          12.11 / 14.77  -2.2    8.46 / 15.02  -3.4   10.97 / 16.47  -0.6   10.52 / 15.42
    both                           12.01 / 14.74  -1.1    8.98 / 15.25  -2.5   11.23 / 16.52  -0.9   10.74 / 15.50
    dense shape, landmarks' pose   11.84 / 14.03   0.0   10.51 / 16.08   0.0   10.60 / 16.60   0.0   10.98 / 15.57
    landmarks' shape, dense pose   12.23 / 15.40  -2.2   10.19 / 16.53  -3.4   13.56 / 18.54  -0.6   11.99 / 16.82

So neither the shape nor the pose is at fault: each goes with the other, and the dense fit alone is as good as the
landmarks'. The surface stage brings the landmarks' fit from 10.59 / 15.57 to 10.26 / 15.18 and the dense fit, from
10.52 / 15.42, to 10.60 / 15.32: it gains nothing on a fit of another kind than its networks were chosen on.
"""

from __future__ import annotations

import argparse
import sys
from dataclasses import replace
from pathlib import Path

import cv2
import numpy as np
import torch
from fit_normals import PHOTOS
from scipy.spatial.transform import Rotation

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from seif_core.evaluation.normals import angular_error
from seif_core.evaluation.normals_of_photos import face_mask
from seif_core.fitting import Fit, fit_portrait
from seif_core.fitting.settings import FitSettings
from seif_core.headmodel import load_head_model
from seif_core.headmodel.skinning import pose_vertices
from seif_core.portrait import PortraitSettings, read_portrait
from seif_core.preview import Surface, render_normals


def in_pose_of(shape: Fit, pose: Fit) -> Fit:
    """The shape and expression of one fit in the pose and place of another."""
    model = shape.model
    posed = pose_vertices(shape.expressed, shape.rest_joints, model.skin_weights, pose.pose) + pose.translation
    return replace(shape, posed=posed.astype(np.float32), camera=pose.camera, pose=pose.pose)


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path)
    folder = parser.parse_args().folder
    torch.set_num_threads(1)
    model, rows = load_head_model("open"), {}
    for photo in sorted(p for p in folder.iterdir() if p.suffix.lower() in PHOTOS):
        paths = [photo.with_name(f"{photo.stem}_{kind}.png") for kind in ("normal", "mask")]
        if not all(path.is_file() for path in paths):
            continue
        theirs, mask = cv2.imread(str(paths[0]))[..., ::-1], cv2.imread(str(paths[1]), cv2.IMREAD_GRAYSCALE) > 127
        portrait = read_portrait(photo, settings=PortraitSettings(dense_points=True))
        fits = {
            kind: fit_portrait(portrait, model, settings=FitSettings(measured=kind))
            for kind in ("landmarks", "dense", "both")
        }
        fits["dense shape, landmarks' pose"] = in_pose_of(fits["dense"], fits["landmarks"])
        fits["landmarks' shape, dense pose"] = in_pose_of(fits["landmarks"], fits["dense"])
        face = face_mask(fits["landmarks"]) & mask
        base = Rotation.from_rotvec(fits["landmarks"].pose[0])
        for kind, fit in fits.items():
            ours = render_normals(Surface.of_fit(fit), fit.camera)
            turn = (Rotation.from_rotvec(fit.pose[0]) * base.inv()).as_rotvec(degrees=True)
            found = angular_error(ours, theirs, face).mean_deg, angular_error(ours, theirs, mask).mean_deg
            rows.setdefault(kind, []).append((*found, float(turn[0])))
    for kind, values in rows.items():
        cells = "".join(f"{face:8.2f} /{head:6.2f}{nod:6.1f}" for face, head, nod in values)
        face, head, _ = np.mean(values, axis=0)
        print(f"{kind:<30}{cells}    mean{face:7.2f} /{head:6.2f}")


if __name__ == "__main__":
    main()
