"""Smooth random fields in space: octaves of trilinearly sampled random lattices, on any device.

Source: Perlin, An image synthesizer, SIGGRAPH 1985 (value-noise variant).
"""

from __future__ import annotations

import torch
from torch.nn import functional as F  # noqa: N812 - torch's own documentation writes F

from ...shapes import Float


class NoiseField:
    """A periodic random field over 3D space, values about -1..1; the same object answers the same everywhere.

    Args:
        wavelength: size of the largest features, in the points' units.
        octaves: how many halvings of the wavelength are added, each with half the amplitude.
        generator: source of randomness; its device is the field's.
        lattice: nodes per axis before the field repeats.
    """

    def __init__(self, wavelength: float, octaves: int, generator: torch.Generator, lattice: int = 24) -> None:
        self.wavelength, self.octaves, self.lattice = wavelength, octaves, lattice
        device = generator.device
        values = torch.rand((lattice,) * 3, generator=generator, device=device) * 2 - 1
        self._values = F.pad(values[None, None], (0, 1) * 3, mode="circular")
        self._shifts = torch.rand((octaves, 3), generator=generator, device=device) * lattice

    def __call__(self, points: Float[torch.Tensor, "*N 3"]) -> Float[torch.Tensor, " *N"]:
        """Values at points (*N, 3)."""
        flat = points.reshape(-1, 3).float() / self.wavelength
        total = torch.zeros(len(flat), device=points.device)
        for octave in range(self.octaves):
            where = (flat * 2**octave + self._shifts[octave]) % self.lattice
            grid = (where / self.lattice * 2 - 1).view(1, -1, 1, 1, 3)
            total = total + F.grid_sample(self._values, grid, align_corners=True).view(-1) * 0.5**octave
        return total.view(points.shape[:-1]) * 1.6

    def gradient(self, points: Float[torch.Tensor, "*N 3"]) -> Float[torch.Tensor, "*N 3"]:
        """Finite-difference gradient (*N, 3), per unit of the points."""
        step = self.wavelength / 2**self.octaves * 0.5
        here = self(points)
        shifts = torch.eye(3, device=points.device) * step
        return torch.stack([(self(points + shift) - here) / step for shift in shifts], dim=-1)
