"""How a performance is played on a head: jaw and eyes by keys or by bones, the head's turn by which bone.

The one place that decides it, so that no exporter opens a mouth twice. Numpy alone: Blender reads it too.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np

from ..errors import SettingsError
from ..shapes import Float32
from .performance import Performance, columns

HEAD_BONES: Final = ("neck", "root", "none")
"""What turns with the head: ``neck`` alone, all of it (``root``), or nothing."""
_ROOT, _NECK, _JAW, _EYES = 0, 1, 2, (3, 4)


@dataclass(frozen=True)
class Playback:
    """Choices.

    Attributes:
        bones: turn jaw and eyes by their bones and leave their keys at 0; else the keys do it and the bones rest.
        head: what turns with the head, one of `HEAD_BONES`.
    """

    bones: bool = False
    head: str = "neck"

    def __post_init__(self) -> None:
        """Check the values.

        Raises:
            SettingsError: unknown bone.
        """
        if self.head not in HEAD_BONES:
            raise SettingsError(f"Nothing is called '{self.head}' that turns; choose one of: {', '.join(HEAD_BONES)}.")

    def of(self, performance: Performance) -> Played:
        """What of the performance is played.

        Raises:
            SettingsError: bones were asked for, and the performance tells no turns of jaw and eyes.
        """
        if self.bones and not performance.has_bones:
            raise SettingsError(
                f"{performance.source} tells no turns of the jaw's and the eyes' bones; play it by its keys instead."
            )
        return Played(performance, self)


@dataclass(frozen=True)
class Played:
    """A performance and how it is played; see `Playback.of`."""

    performance: Performance
    playback: Playback

    @property
    def weights(self) -> Float32[np.ndarray, "F K"]:
        """(F, K) weights of the performance's keys."""
        return self.performance.bone_weights() if self.playback.bones else self.performance.weights

    def for_keys(self, names: tuple[str, ...]) -> Float32[np.ndarray, "F N"]:
        """(F, N) weights of a head's keys by their canonical names."""
        return columns(self.performance.key_names, self.weights, names)

    def joint_turns(self) -> dict[int, Float32[np.ndarray, "F 3"]]:
        """Axis-angle (F, 3) of each joint that turns, by its number; joints that rest all the time are left out."""
        performance = self.performance
        turns: dict[int, np.ndarray] = {}
        if self.playback.bones and performance.jaw_rotation is not None and performance.eye_rotations is not None:
            turns[_JAW] = performance.jaw_rotation
            turns |= {joint: performance.eye_rotations[:, k] for k, joint in enumerate(_EYES)}
        if self.playback.head != "none" and performance.head_rotation.any():
            turns[_NECK if self.playback.head == "neck" else _ROOT] = performance.head_rotation
        return turns
