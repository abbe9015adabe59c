"""One generator's draws, in the few forms that synthetic heads need."""

from __future__ import annotations

import torch

from ...shapes import Float


class Randomness:
    """Draws from one seeded generator on one device."""

    def __init__(self, generator: torch.Generator) -> None:
        self.generator = generator

    def uniform(self, low: float, high: float) -> float:
        """A number between two others."""
        return low + (high - low) * torch.rand((), generator=self.generator, device=self.generator.device).item()

    def chance(self, share: float) -> bool:
        """True in this share of draws."""
        return self.uniform(0, 1) < share

    def index(self, count: int) -> int:
        """A whole number from 0 to count - 1."""
        return min(count - 1, int(self.uniform(0, count)))

    def normal(self, *size: int) -> Float[torch.Tensor, "..."]:
        """Standard normal numbers."""
        return torch.randn(size, generator=self.generator, device=self.generator.device)
