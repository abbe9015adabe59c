"""A head that was made of a picture in a photo (`portrait.surroundings`), told in the photo's own pixels.

Convention: as `fitting.roll`: a picture that lies turned clockwise in its photo is one whose camera was turned about
its axis. Worked number: of a picture pasted at (150, 200) the principal point (60, 80) is the photo's (210, 280).
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from .geometry.camera import Camera
from .portrait.cut_out import put_back

if TYPE_CHECKING:
    from .fitting import Fit
    from .implicit.head_surface import HeadSurface
    from .pipeline import Reconstruction
    from .portrait.surroundings import Picture
    from .uniformize import UniformFit


def in_whole_photo(done: Reconstruction) -> Reconstruction:
    """The reconstruction with all but the evidence in the photo, whose picture it was made of."""
    photo = done.portrait.photo
    if photo is None:
        return done
    fit, shape = fit_in_photo(done.fit, photo), done.shape
    surface = None if shape.surface is None else _surface(shape.surface, photo)
    uniform = None if shape.uniform is None else _uniform(shape.uniform, photo)
    placed = fit if uniform is None else uniform.fit
    head = replace(done.head, photo_camera=placed.camera, photo_pose=placed.pose, photo_translation=placed.translation)
    shape = replace(shape, surface=surface, uniform=uniform)
    return replace(done, portrait=put_back(done.portrait), fit=fit, shape=shape, head=head)


def fit_in_photo(fit: Fit, photo: Picture) -> Fit:
    """A fit to a picture as one to its photo, which is given as a picture in that one."""
    from .fitting.roll import rolled_fit

    return replace(rolled_fit(fit, -photo.angle), camera=_camera(fit.camera, photo))


def _camera(camera: Camera, photo: Picture) -> Camera:
    x, y = photo.places(np.array([[camera.cx, camera.cy]]))[0].tolist()
    return Camera(camera.focal, x, y, photo.pixels.shape[1], photo.pixels.shape[0])


def _surface(surface: HeadSurface, photo: Picture) -> HeadSurface:
    from .fitting.roll import turn_about_axis

    view, half = surface.view, surface.view.side / 2
    x, y = photo.places(np.array([[view.left + half, view.top + half]]))[0].tolist()
    placed = replace(
        view, camera=_camera(view.camera, photo), left=x - half, top=y - half, roll=view.roll - photo.angle
    )
    return replace(surface, vertices=turn_about_axis(surface.vertices, -photo.angle), view=placed)


def _uniform(uniform: UniformFit, photo: Picture) -> UniformFit:
    from .fitting.roll import turn_about_axis

    mesh = uniform.mesh
    vertices, fitted = (turn_about_axis(points, -photo.angle) for points in (mesh.vertices, mesh.fitted))
    return replace(uniform, fit=fit_in_photo(uniform.fit, photo), mesh=replace(mesh, vertices=vertices, fitted=fitted))
