"""Settings of the capture: noise of tracked landmarks, what expressions are likely, smoothing."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from ..errors import SettingsError

IDENTITIES: Final = ("video", "head")
"""Whose neutral the movements are measured from: the person's, estimated from the video, or the given head's."""
NEUTRALS: Final = ("quiet", "none")
"""How the person's neutral is calibrated besides a frame's number: by the quietest frames, or not."""
RATES: Final = (1.0, 1000.0)
"""Frames a second that may be chosen, or that a file may tell; what else a file tells is taken for 24."""
USUAL_RATE: Final = 24.0
"""Frames a second where nobody tells: cinema's."""


def checked_rate(rate: float) -> float:
    """Frames a second that a user chose.

    Raises:
        SettingsError: outside of `RATES`, or no number.
    """
    low, high = RATES
    if not low <= rate <= high:
        raise SettingsError(f"{rate:g} frames a second make no sense; choose a number from {low:g} to {high:g}.")
    return rate


@dataclass(frozen=True)
class CaptureSettings:
    """How a video becomes weights; lengths in metres.

    The noise was chosen on drawn videos whose weights are known (`benchmarks/capture.py`).

    Attributes:
        identity: ``video`` estimates the person's neutral from several frames jointly, ``head`` takes the given head's
            (for a video of the head's own person).
        neutral: ``quiet`` takes the frames of least expression for nearly neutral, ``none`` calibrates nothing, a
            number (as text) names the frame, counted from 0, that shows the neutral face.
        smoothing: how strongly noise is taken out of the curves; 0 leaves them as they were found, 1 is usual.
        identity_frames: frames from which the identity is estimated.
        landmark_noise: standard deviation of a tracked landmark after the person's neutral was calibrated.
        soft_noise: the same where a face has no edges, on cheeks, forehead and outline.
        iris_noise: the same for an iris between its lids.
        depth_share: weight of the detector's depth relative to the image (squared residuals).
        spread: standard deviation of a key's weight.
        sparsity: cost of a weight of 1, in units of the energy: most keys are still most of the time.
        gaze_spread: standard deviation of the weights that turn the eyes.
        likely_bias: weight below which what the quietest frames show is taken for the person's own neutral.
        rounds: rounds of the search; outliers and the neutral are found anew in each.
        steps: Gauss-Newton steps in a round.
    """

    identity: str = "video"
    neutral: str = "quiet"
    smoothing: float = 1.0
    identity_frames: int = 6
    landmark_noise: float = 0.002
    soft_noise: float = 0.006
    iris_noise: float = 0.001
    depth_share: float = 0.05
    spread: float = 1.0
    sparsity: float = 4.0
    gaze_spread: float = 0.25
    likely_bias: float = 0.3
    rounds: int = 3
    steps: int = 3

    def __post_init__(self) -> None:
        """Check what users choose.

        Raises:
            SettingsError: unknown identity or neutral, negative smoothing.
        """
        if self.identity not in IDENTITIES:
            raise SettingsError(f"There is no identity '{self.identity}'; choose one of: {', '.join(IDENTITIES)}.")
        if self.neutral not in NEUTRALS and not self.neutral.isdecimal():
            raise SettingsError(
                f"The neutral is '{self.neutral}'; choose {', '.join(NEUTRALS)} or the number of a frame from 0."
            )
        if not 0 <= self.smoothing <= 100:
            raise SettingsError(f"The smoothing is {self.smoothing:g}; choose a number from 0 to 100.")

    @property
    def neutral_frame(self) -> int | None:
        """The frame that shows the neutral face, None where none is named."""
        return int(self.neutral) if self.neutral.isdecimal() else None
