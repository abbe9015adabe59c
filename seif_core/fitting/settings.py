"""Settings of the fit: noise of the measurements, priors, effort."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from ..errors import SettingsError

MEASURED: Final = ("dense", "landmarks", "both")
"""What a fit may take from a photo."""


@dataclass(frozen=True)
class FitSettings:
    """What the fit believes before it sees a photo; lengths in metres, angles in radians.

    The noise was chosen by simulated scans, the contour's values on drawn heads of known shape, the eyes' and the
    distance's by eye on the sample portraits; `benchmarks/fit_normals.py` measures what they do to photos.

    Attributes:
        detector_noise: standard deviation of a landmark's position in one photo, besides the embedding's own sigma.
        noise_correlation: share of a landmark's error that it has in common with its close neighbours, 0 to below 1.
        noise_reach: distance over which the errors of two landmarks lose their likeness.
        depth_weight: weight of the detector's depth relative to the image coordinates (squared residuals).
        robust_scale: residual, in standard deviations, at which a landmark starts to count as an outlier.
        first_laxness: how many times larger that scale is in the first round; it is halved from round to round.
        contour_noise: standard deviation of a contour landmark across the silhouette that it slides along.
        contour_slide: how many times less a contour landmark is held along its contour than across it.
        shape_prior: standard deviation of the identity coefficients, 1 for a calibrated model.
        expression_prior: standard deviation of the expression coefficients of a model without named keys.
        key_prior: standard deviation of the weights of a model's named keys, which stay in 0..1.
        portrait_smile: how freely the keys of a smile go together besides (`key_prior`): 1 as measured, 0 not at all.
        jaw_prior: standard deviation of the jaw's opening angle.
        jaw_side_prior: standard deviation of the jaw's turn to the side and about the view axis.
        eye_prior: standard deviation of an eye's rotation from straight ahead.
        iris_noise: standard deviation of an iris' position between its lids.
        eye_coupling: standard deviation of the difference between the two eyes' rotations from eyes that meet at the
            camera's distance.
        distance: most likely distance between camera and head.
        distance_spread: standard deviation of the logarithm of the distance.
        exif_spread: standard deviation of the logarithm of a focal length read from EXIF.
        measured: what the fit takes from a photo, one of `MEASURED`: the detector's "landmarks"; the "dense" points,
            each with a doubt of its own, and with them of the detector lids and lips, which it sees finely; or "both"
            of them whole, dense points in the second half of the rounds. Without dense points
            (`PortraitSettings.dense_points`), and on other head models than the Open head, it is the landmarks.
        doubt: factor on the doubts that the dense points come with.
        rounds: outer rounds; each finds contour points and outliers anew.
        steps: Levenberg-Marquardt steps in a round.
    """

    detector_noise: float = 0.0015
    noise_correlation: float = 0.95
    noise_reach: float = 0.01
    depth_weight: float = 0.1
    robust_scale: float = 3.0
    first_laxness: float = 4.0
    contour_noise: float = 0.003
    contour_slide: float = 6.0
    shape_prior: float = 1.0
    expression_prior: float = 1.0
    key_prior: float = 0.3
    portrait_smile: float = 1.0
    jaw_prior: float = 0.2
    jaw_side_prior: float = 0.03
    eye_prior: float = 0.25
    iris_noise: float = 0.0007
    eye_coupling: float = 0.02
    distance: float = 1.2
    distance_spread: float = 0.35
    exif_spread: float = 0.05
    measured: str = "dense"
    doubt: float = 1.0
    rounds: int = 4
    steps: int = 4

    def __post_init__(self) -> None:
        """Refuse values that make no sense.

        Raises:
            SettingsError: there is nothing of that name to measure.
        """
        if self.measured not in MEASURED:
            raise SettingsError(f"A fit cannot take '{self.measured}'; choose one of {', '.join(MEASURED)}.")
