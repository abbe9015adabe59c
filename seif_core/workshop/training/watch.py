"""What a normal network does on real portraits: a picture of all, and degrees where a reference normal map lies beside.

The domain gap is what limits networks trained on synthetic heads; so every checkpoint is looked at here. Nothing is
learned from these photos.
"""

from __future__ import annotations

from pathlib import Path
from typing import NamedTuple

import cv2
import numpy as np
import torch

from ...errors import PhotoError
from ...evaluation.normals import angular_error
from ...evaluation.normals_of_photos import face_mask
from ...fitting import fit_portrait
from ...headmodel import load_head_model
from ...implicit.inputs import HeadInputs, head_inputs, view_of
from ...portrait import read_portrait
from ...portrait.crop import Crop, Pyramid
from ...shapes import Bool

_GREY = 4
"""Reference pixels nearer than this to (128, 128, 128) show nothing."""
_PHOTOS = (".png", ".jpg", ".jpeg", ".webp")


class _Watched(NamedTuple):
    name: str
    inputs: HeadInputs
    reference: np.ndarray | None
    face: Bool[np.ndarray, "S S"]


class Watch:
    """Portraits of a folder, fitted once.

    Args:
        folder: photos, and for some of them ``NAME_normal.png`` of the same size.
        size: side of the pictures, pixels.
    """

    def __init__(self, folder: Path, size: int) -> None:
        self.size = size
        self._watched: list[_Watched] = []
        photos = [p for p in sorted(folder.iterdir()) if p.suffix.lower() in _PHOTOS]
        for photo in photos:
            if photo.stem.endswith(("_normal", "_mask")):
                continue
            try:
                self._watched.append(self._prepared(photo))
            except PhotoError:
                continue  # no face in it: nothing to look at

    def _prepared(self, photo: Path) -> _Watched:
        portrait = read_portrait(photo)
        fit = fit_portrait(portrait, load_head_model())
        view = view_of(portrait, fit)
        crop = Crop(view.left + view.side / 2, view.top + view.side / 2, view.side)
        normals = photo.with_name(f"{photo.stem}_normal.png")
        reference = None
        if normals.is_file():
            picture = cv2.imread(str(normals))[..., ::-1]
            reference = Pyramid(np.ascontiguousarray(picture)).sample(crop, self.size)
            shown = cv2.imread(str(photo.with_name(f"{photo.stem}_mask.png")))
            reference = reference * (Pyramid(shown).sample(crop, self.size) > 127) if shown is not None else reference
        face = np.repeat(face_mask(fit)[..., None].astype(np.uint8) * 255, 3, axis=2)
        inside = Pyramid(face).sample(crop, self.size)[..., 0] > 127
        return _Watched(photo.stem, head_inputs(portrait, fit, view, self.size), reference, inside)

    @torch.no_grad()
    def look(self, network: torch.nn.Module, picture: Path, device: str) -> str:
        """Draw all portraits and tell the angular errors, face / head, in degrees."""
        rows, words = [], []
        for one in self._watched:
            given = [part[None].to(device) for part in (one.inputs.photo, one.inputs.guidance, one.inputs.mask)]
            normals = network(*given)[0].cpu()
            shown = [one.inputs.photo, (one.inputs.guidance + 1) / 2, (normals + 1) / 2]
            if one.reference is not None:
                shown.append(torch.from_numpy(one.reference.astype(np.float32) / 255).permute(2, 0, 1))
                words.append(f"{one.name} {self._degrees(normals, one, one.reference)}")
            else:
                shown.append(torch.zeros_like(normals))
            rows.append(torch.cat(shown, 2))
        columns = [
            torch.cat(rows[i::3] + [torch.zeros_like(rows[0])] * (-len(rows[i::3]) % -(-len(rows) // 3)), 1)
            for i in range(3)
        ]
        sheet = (torch.cat(columns, 2).permute(1, 2, 0).clamp(0, 1).numpy() * 255).astype(np.uint8)
        cv2.imwrite(str(picture), cv2.cvtColor(sheet, cv2.COLOR_RGB2BGR))
        return "; ".join(words) or "no reference normals there"

    @staticmethod
    def _degrees(normals: torch.Tensor, one: _Watched, reference: np.ndarray) -> str:
        ours = ((normals.permute(1, 2, 0).numpy() + 1) / 2 * 255).round().astype(np.uint8)
        head = (one.inputs.mask[0].numpy() > 0) & (np.abs(reference.astype(int) - 128).max(2) > _GREY)
        face = angular_error(ours, reference, one.face & head).mean_deg
        return f"{face:.2f} / {angular_error(ours, reference, head).mean_deg:.2f}"
