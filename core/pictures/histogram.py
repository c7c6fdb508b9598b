"""Histogram: how the numbers of a tensor are distributed."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from core.pictures.scales import share_of

if TYPE_CHECKING:
    from core.arrays import FloatArray


@dataclass(frozen=True)
class Histogram:
    """Counts of equal parts of a range; what is not finite is counted apart."""

    low: float
    """The least finite value; nan where there is none."""
    high: float
    counts: tuple[int, ...]
    not_finite: int = 0

    @property
    def total(self) -> int:
        """How many numbers there are."""
        return sum(self.counts) + self.not_finite


def histogram(values: FloatArray, bins: int) -> Histogram:
    """Count the values of a tensor of any shape; a range's upper end belongs to its last part.

    Where all are the same, they are counted in the middle.
    """
    flat = np.asarray(values, np.float64).ravel()
    finite = flat[np.isfinite(flat)]
    missing = len(flat) - len(finite)
    if not len(finite):
        return Histogram(np.nan, np.nan, (0,) * bins, missing)
    low, high = float(finite.min()), float(finite.max())
    if low == high:
        counts = [0] * bins
        counts[bins // 2] = len(finite)
        return Histogram(low, high, tuple(counts), missing)
    places = (share_of(finite, low, high) * bins).astype(np.intp)
    counts = np.bincount(np.minimum(places, bins - 1), minlength=bins).tolist()
    return Histogram(low, high, tuple(counts), missing)
