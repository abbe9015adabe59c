"""`seif evaluate normals`: reconstruct photos and compare their normals with reference normal maps."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Final

import numpy as np
import torch

from ..errors import PhotoError, SettingsError
from ..fitting.fit import Fit
from ..geometry.camera import Camera
from ..geometry.rasterizer import interpolate, rasterize_view
from ..geometry.sampling import sample
from ..hair.space import HairSpace
from ..hair_layer import HairMesh
from ..headmodel.model import triangulate
from ..headmodel.topology import PART_NAMES
from ..implicit.paste import paste_normals
from ..pipeline import Reconstruction, ReconstructionSettings, reconstruct
from ..portrait.portrait import Portrait
from ..preview.surface import Surface
from ..preview.views import render_normals
from ..progress import Progress
from ..shapes import Bool, Float, UInt8
from .normals import (
    NormalsRow,
    NormalsTable,
    ReferencePhoto,
    angular_error,
    collect,
    decode_normals,
    find_references,
    read_picture,
)

_OPAQUE: Final = 127.5
"""Alpha, of 255, from which hair hides what is behind it."""


def evaluate_normals(
    reference_dir: Path, settings: ReconstructionSettings | None = None, *, progress: Progress | None = None
) -> NormalsTable:
    """Reconstruct every ``NAME.png`` that has a ``NAME_normal.png``, and compare normals.

    Inside the face: pixels where the fitted model shows the skin of its face region. Inside the oval: the hull of the
    detected landmarks, eyes and mouth included. Inside the head: ``NAME_mask.png``, or all that the
    reference covers. Own: all that the reference covers inside the portrait's own mask. All are cut to the pixels that
    reference and prediction cover.

    Args:
        reference_dir: folder of photos and references.
        settings: how heads are made; no texture is baked whatever they say.
        progress: told the stages of each photo; may cancel.

    Raises:
        SettingsError: the folder holds nothing to compare, or a reference of another size than its photo.
    """
    wanted = replace(settings or ReconstructionSettings(), texture_size=0)
    return collect(_rows(find_references(reference_dir), wanted, progress))


def _rows(
    references: list[ReferencePhoto], settings: ReconstructionSettings, progress: Progress | None
) -> Iterator[NormalsRow | tuple[str, str]]:
    for reference in references:
        try:
            done = reconstruct(reference.photo, settings, progress)
        except PhotoError as error:
            yield reference.photo.stem, str(error)
        else:
            yield compare_normals(done, reference)


def compare_normals(done: Reconstruction, reference: ReferencePhoto) -> NormalsRow:
    """Compare one reconstruction with its reference."""
    theirs = read_picture(reference.normals)
    fit_map = render_normals(Surface.of_fit(done.fit), done.fit.camera)
    mesh_map = render_normals(Surface.of_head_in_photo(done.head), done.head.photo_camera)
    if theirs.shape[:2] != mesh_map.shape[:2]:
        raise SettingsError(
            f"{reference.normals.name} has {theirs.shape[1]}x{theirs.shape[0]} pixels, its photo "
            f"{mesh_map.shape[1]}x{mesh_map.shape[0]}; they must have one size."
        )
    network = None if done.surface is None else paste_normals(done.surface.normals, done.surface.view)
    haired = _haired(done)
    face = face_mask(done.fit)
    covered = head = decode_normals(theirs)[1]
    own = covered & (done.portrait.mask > 127)
    if reference.mask is not None:
        mask = read_picture(reference.mask)
        head = (mask if mask.ndim == 2 else mask.max(axis=-1)) > np.iinfo(mask.dtype).max // 2
    return NormalsRow(
        reference.photo.stem,
        mesh_face=angular_error(mesh_map, theirs, face & head),
        mesh_oval=angular_error(mesh_map, theirs, face_oval(done.portrait) & head),
        mesh_head=angular_error(mesh_map, theirs, head),
        mesh_own=angular_error(mesh_map, theirs, own),
        fit_face=angular_error(fit_map, theirs, face & head),
        fit_head=angular_error(fit_map, theirs, head),
        network_face=None if network is None else angular_error(network, theirs, face & head),
        network_head=None if network is None else angular_error(network, theirs, head),
        network_own=None if network is None else angular_error(network, theirs, own),
        hair_head=None if haired is None else angular_error(haired, theirs, head),
        hair_own=None if haired is None else angular_error(haired, theirs, own),
        landmark_error=done.fit.landmark_error,
    )


def _haired(done: Reconstruction) -> UInt8[np.ndarray, "H W 3"] | None:
    """Normal map of the head and the shell of its hair layer, whichever is seen; None without a layer.

    Where the shell lies before the head and is transparent (less than half of its alpha, as files with an alpha mask
    cut it), the head is seen.
    """
    hair, parsing = done.head.hair, done.portrait.parsing
    if hair is None or parsing is None or done.uniform is None:
        return None
    head, fit = Surface.of_head_in_photo(done.head), done.uniform.fit
    shell = HairSpace.of(fit, parsing).to_camera(hair.shell.vertices.astype(np.float64))
    faces = hair.shell.faces
    beyond = np.where(faces >= 0, faces + len(head.vertices), -1).astype(np.int32)
    both = replace(
        head,
        vertices=np.concatenate([head.vertices, shell]).astype(np.float32),
        faces=np.concatenate([head.faces, beyond]),
        face_part=np.append(head.face_part, np.full(len(beyond), PART_NAMES.index("skin"), np.uint8)),
        lining=None,
        uv_faces=np.concatenate([head.uv_faces, np.where(beyond >= 0, 0, -1).astype(np.int32)]),
    )
    camera = done.head.photo_camera
    through = _transparent(shell, hair.shell, camera)
    return np.where(through[..., None], render_normals(head, camera), render_normals(both, camera))


def _transparent(vertices: Float[np.ndarray, "V 3"], mesh: HairMesh, camera: Camera) -> Bool[np.ndarray, "H W"]:
    """Pixels at which a mesh of hair, its vertices in camera space, lets through what is behind it."""
    corners, uv_corners = (torch.from_numpy(triangulate(f)[0].astype(np.int64)) for f in (mesh.faces, mesh.uv_faces))
    raster = rasterize_view(torch.from_numpy(vertices.astype(np.float32)), corners, camera, cull_back=True)
    uv = interpolate(raster, uv_corners, torch.from_numpy(mesh.uvs)).numpy()
    height, width = mesh.texture.shape[:2]
    x, y = uv[..., 0] * width - 0.5, (1 - uv[..., 1]) * height - 0.5
    alpha = sample(mesh.texture[..., 3:], np.clip(x, 0, width - 1).ravel(), np.clip(y, 0, height - 1).ravel())
    return (raster.triangle.numpy() >= 0) & (alpha.reshape(x.shape) < _OPAQUE)


def face_oval(portrait: Portrait) -> Bool[np.ndarray, "H W"]:
    """(H, W) bool: the convex hull of the detected face landmarks."""
    import cv2

    hull = cv2.convexHull(np.rint(portrait.landmarks[:468, :2]).astype(np.int32))
    drawn = np.zeros(portrait.pixels.shape[:2], np.uint8)
    cv2.fillConvexPoly(drawn, hull, (1,))
    return drawn > 0


def face_mask(fit: Fit) -> Bool[np.ndarray, "H W"]:
    """(H, W) bool: pixels of the photo where the fitted model shows the skin of its face region."""
    model = fit.model
    triangles = model.triangles
    part = np.concatenate([model.face_part, model.face_part[model.faces[:, 3] >= 0]])
    in_face = model.regions["face"][triangles].all(axis=1) & (part == PART_NAMES.index("skin"))
    raster = rasterize_view(torch.from_numpy(fit.posed), torch.from_numpy(triangles).long(), fit.camera, cull_back=True)
    shown = raster.triangle.numpy()
    return (shown >= 0) & in_face[np.maximum(shown, 0)]
