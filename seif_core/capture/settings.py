"""Settings of the capture: what expressions are likely, smoothing."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from ..errors import SettingsError

IDENTITIES: Final = ("video", "head")
"""Whose neutral the movements are measured from: the person's, estimated from the video, or the given head's."""
NEUTRALS: Final = ("quiet", "none")
"""How the person's neutral is calibrated besides a frame's number: by the frames in which keys rest, or not."""
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

    Costs were chosen on drawn videos whose weights are known (`benchmarks/capture.py`).

    Attributes:
        identity: ``video`` estimates the person's neutral from several frames jointly, ``head`` takes the given head's
            (for a video of the head's own person).
        neutral: ``quiet`` takes every key to rest in some frames, ``none`` calibrates nothing, a
            number (as text) names the frame, counted from 0, that shows the neutral face.
        smoothing: how strongly noise is taken out of the curves; 0 leaves them as they were found, 1 is usual.
        identity_frames: frames from which the identity is estimated.
        spread: standard deviation of a key's weight.
        sparsity: cost of a weight of 1, in units of the energy: most keys are still most of the time.
        reweighting: weight at which, once found, a weight costs half as much.
        gaze_spread: standard deviation of the weights that turn the eyes.
        rest_share: share of the frames in which every key is taken to rest.
        likely_bias: weight up to which what a key shows even then is taken for the person's own neutral.
        rounds: rounds of the search; outliers, the neutral and costs are found anew in each.
        steps: Gauss-Newton steps in a round.
    """

    identity: str = "video"
    neutral: str = "quiet"
    smoothing: float = 1.0
    identity_frames: int = 6
    spread: float = 1.0
    sparsity: float = 60.0
    reweighting: float = 0.1
    gaze_spread: float = 0.25
    rest_share: float = 0.2
    likely_bias: float = 0.3
    rounds: int = 5
    steps: int = 2

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
