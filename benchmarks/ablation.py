"""What each term and each correction is worth: `python benchmarks/ablation.py SCRATCH [--rows NAME...]`.

SCRATCH keeps drawn heads and unrefined surfaces between runs. Heads of known shape (`known_heads`) tell places, photos
with reference normal maps (``--photos FOLDER``) degrees, any photos (``--portraits FOLDER``) outlines of the mesh that
has the hair's shape (``--hair merged``). *At*: corresponding points, aligned rigidly; *scaled*: with scale; *near*: to
the nearest point of the mesh; millimetres, means over the inner face and over the eyes.

Last figures (2 cores, x86_64, CPU, shared with much other work; ``--quick``: surfaces not untangled). 20 drawn heads,
128 cells:

    row            at: fit  mesh   eyes: fit  mesh   scaled: fit  mesh   near: fit  surface  mesh   eyes: fit  mesh
    before           4.265 4.418       3.448 3.632         2.798 3.007       1.837    1.948 1.839       1.748 1.667
    as shipped       4.265 4.273       3.448 3.447         2.798 2.844       1.837    1.859 1.809       1.748 1.737

With skin returning half, and a later fit: at 4.034 and 4.054, scaled 2.639 and 2.703, near 1.805 and 1.779; ears under
hair then stood 7 mm below it, so a third stays.

12 heads of ICT-FaceKit, surface alone, near: fit 2.22, before 2.35, as shipped 2.28, a skin length of 2 mm 2.27.

Row by row, 4 drawn heads and two photos with a reference, 128 cells, quick; the rows are differences from what ships:

    row                              at   eyes  scaled   near   eyes   degrees: face   head
    fit                           3.059  2.698  1.935  1.461  1.031          9.95  14.35
    as shipped                    3.130  2.682  1.997  1.474  0.988          9.78  13.68
    coarse is the surface's       +0.010  -0.023  -0.024  -0.030  +0.014          -0.02  -0.01
    skin length 4 mm              +0.002  +0.009  +0.004  +0.012  +0.019          +0.03  +0.02
    skin length 16 mm             -0.006  -0.012  -0.010  -0.019  -0.014          -0.03  -0.02
    coarse mesh is the surface's  +0.025  -0.010  +0.028  +0.003  -0.024          +0.06  +0.05
    coarse mesh is half the fit's +0.006  -0.003  +0.006  +0.001  -0.009          -0.01  -0.00
    coarse mesh is the fit's      -0.008  +0.009  -0.005  +0.001  +0.013          +0.08  +0.03
    skin returns half             -0.013  -0.006  -0.018  +0.000  -0.006          -0.00  -0.00
    skin returns wholly           +0.031  +0.029  +0.022  +0.027  +0.000          -0.00  -0.01
    skin slides freely            +0.070  +0.015  +0.109  -0.009  -0.024          +0.01  +0.01
    no depth shift                +0.117  +0.006  +0.048  +0.011  +0.026          +0.79  +0.49
    no hull                       +0.001  -0.001  +0.001  +0.000  -0.002          +0.00  -0.17
    no hole filling               -0.007  -0.007  -0.011  -0.001  -0.003          +0.00  +0.00
    no held places                -0.009  +0.003  -0.010  +0.000  +0.000          -0.05  -0.03
    no mirror averaging           +0.007  +0.008  +0.010  +0.000  +0.003          +0.01  -0.00
    no mixing of normals          +0.002  +0.001  +0.002  -0.006  -0.005          -0.01  +0.02
    no far side                   -0.011  -0.000  -0.009  -0.003  -0.003          +0.00  +0.01
    no normal following           +0.046  -0.030  -0.001  -0.033  +0.004          +0.28  +0.35
    one pass                      +0.010  +0.006  +0.006  -0.004  +0.002          +0.03  +0.04
    no smoothing                  -0.025  +0.003  -0.017  -0.020  +0.008          +0.04  +0.01
    no loose smoothing            -0.014  +0.003  -0.007  -0.013  +0.009          +0.04  -0.03
    no codes                      +0.015  +0.006  +0.020  +0.001  -0.007          -0.00  -0.00
    no robust weights             -0.016  -0.014  -0.016  -0.013  -0.008          +0.00  -0.03
    no own-skin weights           +0.019  +0.001  +0.021  -0.002  -0.009          -0.02  +0.00
    no prior                      +0.006  +0.002  +0.008  -0.002  -0.003          +0.00  +0.03
    no ear hold                   +0.000  +0.000  +0.000  +0.000  +0.000          +0.00  -0.03
    no flat ears                  -0.000  +0.000  -0.000  +0.000  +0.000          +0.00  +0.00
    no stiffness                  +0.006  +0.002  +0.008  -0.002  -0.002          +0.04  -0.03
    finer plate                   +0.002  +0.010  -0.003  +0.010  +0.006          +0.03  -0.05
    no eye ties                   -0.000  -0.008  +0.004  -0.008  -0.004          +0.01  +0.00

Differences of 0.02 mm are less than what four heads tell. That of the depth shift, of the skin's return, of sliding and
of following normals are more. Robust weights, held places, the far side and loose smoothing cost 0.01 mm here: the
first three are meant for what these heads lack (things before the face, hair that hides the back); without the last the
face's normals are worse. With held places left out a fourth more triangles of the face crossed (8 heads, before).

With the dense points, 6 drawn heads, quick (mesh; fit at 3.616, eyes 3.072, scaled 1.837, near 1.471, eyes 1.188) and
degrees of the first two of the three photos (face / head; network 9.48 / 13.12, fit 9.95 / 14.35):

    row                       at  eyes  scaled  near  eyes     face    head
    as shipped             3.663 3.062   1.887 1.459 1.147    9.784  13.684
    no held places         3.651 3.054   1.881 1.459 1.160    9.732  13.652
    no robust weights      3.650 3.068   1.883 1.448 1.151    9.787  13.654
    no eye ties            3.658 3.056   1.888 1.453 1.148    9.794  13.684
    no far side            3.655 3.061   1.879 1.458 1.146    9.785  13.690

and of the first four of the heads (shipped: at 3.130, scaled 1.997, near 1.474):

    skin slides freely     3.200         2.106 1.464          9.796  13.689
    no depth shift         3.247         2.045 1.485         10.575  14.171
    no normal following    3.177         1.996 1.440         10.061  14.039
    no codes               3.145         2.017 1.475          9.781  13.680
    no own-skin weights    3.150         2.018 1.471          9.767  13.684
    no mirror averaging    3.137         2.007 1.474          9.790  13.681
    no loose smoothing     3.116         1.990 1.460          9.819  13.651
    no hole filling        3.123         1.986 1.473          9.784  13.684
    no hull                3.132         1.998 1.474          9.785  13.515
    no mixing of normals   3.133         1.999 1.467          9.778  13.707
    no stiffness           3.136         2.005 1.471          9.825  13.649
    no prior               3.136         2.005 1.472          9.787  13.715
    no flat ears, no ear hold: as shipped

So only the depth shift, following the normals and returning skin are worth much on these; the four rows of the first
table cost nothing and bring nothing here, a hundredth of a millimetre either way. What they are for shows on six
portraits of public domain that nobody developed on (``--portraits``, 128 cells, quick, percent: the mesh's outline
against the mask, how far edges of the neck and of the face are stretched, the face's distance from the surface in head
heights):

    row                 outline   neck   face   distance
    as shipped           96.750  11.46  4.030      0.220
    no held places       96.580  11.03  4.663      0.247
    no robust weights    96.759  13.39  4.051      0.220
    no far side          96.591  11.04  4.010      0.220
    no ear hold          96.626  11.46  4.030      0.220
    no eye ties          96.756  11.42  4.086      0.204

Eye ties, which nothing speaks for in any of the tables, were taken out.

What the table does not show: mixing is worth 0.33 degrees to the network's own map (face 9.66 against 9.99), hole
filling the mask that long hair covers (7.5 % of it missing, 2.5 % with), flat ears and own-skin weights heads with
covered ears and with collars, of which there are none here; the hull costs
0.15 degrees of the head, and what it is worth to silhouettes has not been measured.

Three photos, 128 cells, face / head in degrees, the mesh's coarse shape the surface's 10.34 / 14.63, two thirds the
fit's (as shipped) 10.39 / 14.61. What it is worth in places: `benchmarks/places.py`.

Rows whose cases are not among these heads, on those that have them (128 cells, merged): flat ears on 3 heads with both
ears under hair: the ear's skin lies 1.51 mm from the surface with, 2.66 without (nine tenths of it within 3.6 and 6.6
mm).
Hole filling on 2 heads with long hair: the surface misses 2.8 % of the mask with, 12.6 % without. Hull on the same two:
1.3 % of the mask's size lies beyond the mask with, 3.3 % without (1.2 and 5.4): rarely needed, and then much.

Three photos, 256 cells, face / head in degrees: fit 10.41 / 15.45, network 9.66 / 13.84, mesh before 10.16 / 14.45 and
skin returning half 10.26 / 14.57 with today's fit. The longer the waves that are the fit's, the worse the normals: skin
length 1 mm 10.43, 2 mm 10.39, 4 mm 10.33, 8 mm 10.29, none 10.21.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable, Iterator
from concurrent.futures import ProcessPoolExecutor
from dataclasses import replace
from functools import lru_cache
from pathlib import Path
from typing import Final, NamedTuple

import numpy as np
import torch

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from fit_scans import Ict
from known_heads import Truth, carried, corresponding, drawn_head, ict_head, stamp, to_surface

from seif_core.assembly import assemble_head
from seif_core.errors import PhotoError, RegistrationError
from seif_core.evaluation.normals import ReferencePhoto, angular_error, find_references, read_picture
from seif_core.evaluation.normals_of_photos import compare_normals, face_mask
from seif_core.evidence.ear_occlusion import EarOcclusion
from seif_core.evidence.photo_evidence import look_at_photo
from seif_core.fitting import Fit, fit_portrait
from seif_core.geometry.edges import unique_edges
from seif_core.geometry.rasterizer import rasterize_view
from seif_core.geometry.self_intersection import crossing_pairs
from seif_core.headmodel import HeadModel, load_head_model
from seif_core.headmodel.anatomy import anatomy_of
from seif_core.implicit.head_surface import (
    HeadSurface,
    HeadSurfaceSettings,
    UnrefinedSurface,
    refined_surface,
    unrefined_surface,
)
from seif_core.implicit.surface import SurfaceSettings
from seif_core.pipeline import Reconstruction
from seif_core.portrait import Portrait, read_portrait
from seif_core.preview.surface import Surface
from seif_core.preview.views import render_normals
from seif_core.progress import Progress
from seif_core.settings import ReconstructionSettings
from seif_core.shaping import Shape
from seif_core.uniformize import TargetSurface, UniformizeSettings, uniform_fit
from seif_core.uniformize.settings import PHOTO_COARSE_FIT
from seif_core.uniformize.skin_mesh import SkinMesh


class Settings(NamedTuple):
    """Of both stages."""

    surface: HeadSurfaceSettings = HeadSurfaceSettings()
    uniform: UniformizeSettings = UniformizeSettings(coarse_fit=PHOTO_COARSE_FIT)


Change = Callable[[Settings], Settings]


def corrections(**changes: bool) -> Change:
    """Other `FieldSettings`."""
    return lambda s: s._replace(surface=replace(s.surface, corrections=replace(s.surface.corrections, **changes)))


def surface(**changes: object) -> Change:
    """Other `HeadSurfaceSettings`."""
    return lambda s: s._replace(surface=replace(s.surface, **changes))


def refinement(**changes: object) -> Change:
    """Other `RefinementSettings`."""
    return lambda s: s._replace(surface=replace(s.surface, refinement=replace(s.surface.refinement, **changes)))


def uniform(**changes: object) -> Change:
    """Other `UniformizeSettings`."""
    return lambda s: s._replace(uniform=replace(s.uniform, **changes))


ROWS: Final[dict[str, Change]] = {
    "as shipped": lambda s: s,
    "coarse is the surface's": refinement(skin_length=None),
    **{f"skin length {mm} mm": refinement(skin_length=mm / 1000) for mm in (0.5, 1, 1.5, 2, 3, 4, 6, 8, 12, 16)},
    "before": lambda s: uniform(skin_return=0.0, coarse_fit=0.0)(refinement(skin_length=None)(s)),
    "coarse mesh is the surface's": uniform(coarse_fit=0.0),
    "coarse mesh is half the fit's": uniform(coarse_fit=0.5),
    "coarse mesh is the fit's": uniform(coarse_fit=1.0),
    "skin returns half": uniform(skin_return=0.5),
    "skin returns wholly": uniform(skin_return=1.0),
    "skin slides freely": uniform(skin_return=0.0),
    "no depth shift": corrections(depth_shift=False),
    "no hull": corrections(hull=False),
    "no hole filling": corrections(holes=False),
    "no held places": corrections(held=False),
    "no mirror averaging": surface(mirrored=False),
    "no mixing of normals": surface(mixed=False),
    "no far side": surface(far=None),
    "no normal following": refinement(passes=0),
    "one pass": refinement(passes=1),
    "no smoothing": refinement(smoothing=0, loose_smoothing=0),
    "no loose smoothing": refinement(loose_smoothing=0),
    "no untangling": refinement(untangled=False),
    "no codes": uniform(codes=False),
    "no robust weights": uniform(robust=False),
    "no own-skin weights": uniform(own_skin=False),
    "no prior": uniform(prior=0.0),
    "no ear hold": uniform(ear_hold=False),
    "no flat ears": uniform(flat_ears=False),
    "no stiffness": uniform(stiffness=1.0),
    "stiffness 60": uniform(stiffness=60.0),
    "finer plate": uniform(wavelengths=(0.25, 0.1, 0.04, 0.015, 0.006, 0.003)),
}


class Subject(NamedTuple):
    """A head to be reconstructed, with what is known of it."""

    name: str
    photo: Path
    truth: Truth | None = None
    reference: ReferencePhoto | None = None


class Prepared(NamedTuple):
    """What no row changes."""

    portrait: Portrait
    fit: Fit
    ears: EarOcclusion


@lru_cache(maxsize=1)
def open_head() -> HeadModel:
    """The head model, once."""
    return load_head_model("open")


def subjects(options: argparse.Namespace) -> Iterator[Subject]:
    """All heads that are asked for."""
    for number in range(options.drawn):
        photo, truth = drawn_head(open_head(), number, options.scratch)
        yield Subject(f"drawn {number}", photo, truth)
    if options.ict:
        ict = Ict(options.ict)
        for number in range(options.ict_count):
            photo, truth = ict_head(ict, number, options.scratch)
            yield Subject(f"ict {number}", photo, truth)
    if options.portraits:
        for photo in sorted(options.portraits.iterdir()):
            if photo.suffix in {".jpg", ".png"} and not photo.stem.endswith(("_mask", "_normal")):
                yield Subject(f"portrait {photo.stem}", photo)
    if options.photos:
        for reference in find_references(options.photos):
            yield Subject(f"photo {reference.photo.stem}", reference.photo, reference=reference)


def prepared(subject: Subject) -> Prepared:
    """Portrait, fit and ears of a subject.

    Raises:
        PhotoError: no face is found.
    """
    portrait = read_portrait(subject.photo)
    fit = fit_portrait(portrait, open_head())
    evidence = look_at_photo(portrait, fit)
    return Prepared(portrait, fit, EarOcclusion() if evidence is None else evidence.ear_occlusion)


def unrefined(subject: Subject, known: Prepared, s: HeadSurfaceSettings, scratch: Path) -> UnrefinedSurface:
    """The implicit function's surface, kept on the disk: most of a row's time."""
    asked = (s.size, s.surface, s.corrections, s.mirrored, s.mixed, known.fit.posed.tobytes())
    path = scratch / f"{subject.name.replace(' ', '_')}_{stamp(asked)}.pt"
    arrays = ("cube", "triangles", "codes", "known", "front", "far")
    if not path.exists():
        found = unrefined_surface(known.portrait, known.fit, s, progress=Progress())
        kept = {name: torch.as_tensor(getattr(found, name)) for name in arrays}
        torch.save(kept | {"queries": found.queries}, path)
    from seif_core.implicit.inputs import view_of

    told = torch.load(path, weights_only=True)
    numbers = [told[name] if name in ("front", "far") else told[name].numpy() for name in arrays]
    return UnrefinedSurface(*numbers, view_of(known.portrait, known.fit), told["queries"])


def measure(subject: Subject, known: Prepared, s: Settings, options: argparse.Namespace) -> dict[str, float]:
    """One row's figures of one head; those of the fit too."""
    fit, model = known.fit, known.fit.model
    told: dict[str, float] = {}
    made = refined_surface(unrefined(subject, known, s.surface, options.scratch), fit, s.surface)
    if options.surface_only:
        return {} if subject.truth is None else places(subject.truth, fit, made, None)
    target = TargetSurface(made.vertices, made.triangles, made.codes)
    try:
        shaped = uniform_fit.uniform_fit(fit, target, s.uniform, occlusion=known.ears)
    except RegistrationError:
        return {"failed": 1.0}
    skin, mesh = SkinMesh.of(shaped.mesh.model), shaped.mesh
    for name in ("face", "scalp"):
        told[f"{name} %"] = float(
            mesh.distance[model.regions[name][skin.ids]].mean() / anatomy_of(model).head_height * 100
        )
    told |= {"flips": mesh.flips, "crossings": mesh.crossings, "failed": 0.0}
    told["self"] = len(crossing_pairs(made.vertices, made.triangles)) if not options.quick else np.nan
    if subject.truth is not None:
        told |= places(subject.truth, known.fit, made, shaped.fit)
    if subject.truth is None and subject.reference is None:
        told |= outlines(known, made, shaped.fit)
    if subject.reference is not None:
        told |= normals(subject.reference, known, made, shaped)
    return told


def places(truth: Truth, fit: Fit, made: HeadSurface, shaped: Fit | None) -> dict[str, float]:
    """Figures of fit, surface and mesh against a truth."""
    told = {}
    moved = carried(truth, fit.model, fit.posed)
    skin = anatomy_of(fit.model).outer_skin_triangles
    meshes = [("fit", fit.posed, skin), ("surface", made.vertices, made.triangles)]
    if shaped is not None:
        meshes.append(("mesh", shaped.posed, skin))
    for name, vertices, triangles in meshes:
        found = to_surface(moved, vertices.astype(np.float64), triangles)
        told |= {f"{name} near {key}": value for key, value in found._asdict().items()}
        if len(truth.ids) and name != "surface":
            for way, with_scale in (("at", False), ("scaled", True)):
                found = corresponding(truth, vertices, with_scale=with_scale)
                told |= {f"{name} {way} {key}": value for key, value in found._asdict().items()}
    return told


def outlines(known: Prepared, made: HeadSurface, shaped: Fit) -> dict[str, float]:
    """How far surface and mesh cover what the mask shows, per cent of the union above the chin, and what was stretched.

    Stretch: edges of a region against the fit's, root mean square of the logarithm, per cent.
    """
    camera, model = known.fit.camera, known.fit.model
    chin = camera.project(known.fit.posed[model.regions["face"]].astype(np.float64))[:, 1].max()
    wanted = known.portrait.mask[: int(chin)] > 127
    told = {}
    skin = anatomy_of(model).outer_skin_triangles
    for name, vertices, triangles in (("surface", made.vertices, made.triangles), ("mesh", shaped.posed, skin)):
        placed = torch.from_numpy(vertices.astype(np.float64))
        shown = rasterize_view(placed, torch.from_numpy(triangles).long(), camera).triangle.numpy()[: int(chin)] >= 0
        told[f"{name} outline %"] = 100 * float((shown & wanted).sum() / (shown | wanted).sum())
    edges = unique_edges(skin)
    before, after = (np.linalg.norm(v[edges[:, 0]] - v[edges[:, 1]], axis=1) for v in (known.fit.posed, shaped.posed))
    stretch = np.log(after / before) ** 2
    for name in ("ears", "neck", "face"):
        told[f"{name} stretch %"] = 100 * float(np.sqrt(stretch[model.regions[name][edges].all(1)].mean()))
    return told


def normals(
    reference: ReferencePhoto, known: Prepared, made: HeadSurface, shaped: uniform_fit.UniformFit
) -> dict[str, float]:
    """Degrees of fit, network and mesh against a reference normal map."""
    head = assemble_head(known.portrait, shaped.fit, None)
    shape = Shape(made, shaped)
    done = Reconstruction(known.portrait, known.fit, None, shape, head, ReconstructionSettings(), "cpu", {}, ())
    row = compare_normals(done, reference)
    names = [f"{what}_{where}" for what in ("fit", "network", "mesh") for where in ("face", "head")]
    drawn = render_normals(Surface.of_triangles(made.vertices, made.triangles), known.fit.camera)
    error = angular_error(drawn, read_picture(reference.normals), face_mask(known.fit))
    told = {f"{name} deg": getattr(row, name).mean_deg for name in names}
    return told | {"surface_face deg": error.mean_deg}


def one_head(subject: Subject, options: argparse.Namespace) -> list[tuple[str, str, dict[str, float]]]:
    """All rows of one head."""
    torch.set_num_threads(1)
    try:
        known = prepared(subject)
    except PhotoError as error:
        print(f"{subject.name}: {error}", file=sys.stderr)
        return []
    told = []
    for row in options.rows:
        s = Settings()
        if options.quick:
            s = refinement(untangled=False)(s)
        s = ROWS[row](surface(surface=SurfaceSettings(resolution=options.resolution))(s))
        figures = measure(subject, known, s, options)
        told.append((subject.name, row, figures))
        said = ", ".join(f"{name} {figures.get(name, np.nan):.3f}" for name in COLUMNS[subject.name.split()[0]])
        print(f"{subject.name}, {row}: {said}", file=sys.stderr, flush=True)
    return told


COLUMNS: Final = {
    "drawn": ("fit at mean", "mesh at mean", "fit at eyes", "mesh at eyes", "fit scaled mean", "mesh scaled mean",
              "fit scaled eyes", "mesh scaled eyes", "fit near mean", "surface near mean", "mesh near mean",
              "fit near eyes", "surface near eyes", "mesh near eyes"),
    "ict": ("fit near mean", "surface near mean", "mesh near mean", "fit near eyes", "surface near eyes",
            "mesh near eyes"),
    "photo": ("fit_face deg", "network_face deg", "surface_face deg", "mesh_face deg", "fit_head deg",
              "network_head deg", "mesh_head deg"),
    "portrait": ("surface outline %", "mesh outline %", "ears stretch %", "neck stretch %", "face stretch %"),
}  # fmt: skip
SOUND: Final = ("face %", "scalp %", "flips", "crossings", "self", "failed")


def table(kind: str, found: dict[tuple[str, str], dict[str, float]], rows: list[str]) -> str:
    """One kind's means over its heads."""
    heads = sorted({head for head, _ in found if head.startswith(kind)})
    if not heads:
        return ""
    columns = (*COLUMNS[kind], *SOUND)
    lines = [f"{kind}, {len(heads)} heads", " " * 24 + "".join(f"{c:>18}" for c in columns)]
    for row in rows:
        values = np.array([[found[head, row].get(c, np.nan) for head in heads] for c in columns])
        told = [v[np.isfinite(v)].mean() if np.isfinite(v).any() else np.nan for v in values]
        lines.append(f"{row:24}" + "".join(f"{mean:18.3f}" for mean in told))
    return "\n".join(lines)


def main() -> None:
    """Print the tables."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("scratch", type=Path, help="folder for what is kept between runs")
    parser.add_argument("--drawn", type=int, default=24, help="how many drawn heads")
    parser.add_argument("--ict", type=Path, help="ict_facekit_packed.npz")
    parser.add_argument("--ict-count", type=int, default=12)
    parser.add_argument("--photos", type=Path, help="folder of photos with reference normals")
    parser.add_argument("--portraits", type=Path, help="folder of photos without: their outlines")
    parser.add_argument("--rows", nargs="*", help="names of rows; all if left out")
    parser.add_argument("--resolution", type=int, default=256)
    parser.add_argument("--surface-only", action="store_true", help="places of the surface, without the mesh")
    parser.add_argument("--quick", action="store_true", help="surfaces that may pass through themselves, not counted")
    parser.add_argument("--jobs", type=int, default=1)
    options = parser.parse_args()
    options.scratch.mkdir(parents=True, exist_ok=True)
    options.rows = rows = options.rows or list(ROWS)
    torch.set_num_threads(1)
    found: dict[tuple[str, str], dict[str, float]] = {}
    with ProcessPoolExecutor(options.jobs) as pool:
        for told in pool.map(one_head, *zip(*((s, options) for s in subjects(options)), strict=True)):
            for head, row, figures in told:
                found[head, row] = figures
    for kind in COLUMNS:
        print(table(kind, found, rows), flush=True)


if __name__ == "__main__":
    main()
