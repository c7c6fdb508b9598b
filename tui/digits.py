"""Digits of agreement as text, the same wherever they stand. Nothing here imports NumPy, Rich or Textual."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable

ALMOST_ALL = 15.9
"""The most digits that different float64 numbers are said to share: 1 ulp leaves 15.65 to 15.95 of them."""


def digits_text(digits: float | None, *, same: bool) -> str:
    """Write digits of agreement: `10.5`; a dash where nothing can be compared.

    `16` says that float64 numbers are the same to the last bit; of those that aren't, no more than 15.9 is said.
    """
    if digits is None or math.isnan(digits):
        return "–"
    return "16" if same and digits > ALMOST_ALL else f"{min(digits, ALMOST_ALL):.1f}"


def are_same(values: Iterable[float | None]) -> bool:
    """Whether numbers are all the same, to the last bit."""
    return len(set(map(repr, values))) == 1
