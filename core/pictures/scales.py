"""Scales: where the axes of pictures begin and end, the same on the screen and in files."""

from __future__ import annotations

import math
from typing import TypeVar

from core.arrays import Float64Array

HIGHEST_FLOOR = 0.9
FINE_FROM = 0.75
"""From here on an axis of accuracies begins at a tenth, below it at a quarter."""


def accuracy_floor(least: float) -> float:
    """Return where an axis of accuracies, which ends at 1, begins: at a round number that is not above the least."""
    if not least > 0:
        return 0.0
    parts = 10 if least >= FINE_FROM else 4
    return min(math.floor(least * parts + 1e-9) / parts, HIGHEST_FLOOR)


Number = TypeVar("Number", float, Float64Array)


def share_of(values: Number, low: float, high: float) -> Number:
    """Return where numbers lie in a range, 0 at `low`, 1 at `high`; it may be wider than the largest float."""
    low, high = float(low), float(high)
    if math.isfinite(high - low):
        return (values - low) / (high - low)
    return (values / 2 - low / 2) / (high / 2 - low / 2)


def decades(first: float, last: float, most: int) -> list[int]:
    """Return exponents of ten from `first` to `last`, each so many-th one, at most so many of them."""
    low, high = math.ceil(first - 1e-9), math.floor(last + 1e-9)
    for step in (1, 2, 3, 5, 10, 20, 30, 50, 100, 200, 500):
        found = [each * step for each in range(-(-low // step), high // step + 1)]
        if len(found) <= max(most, 1):
            return found
    return []
