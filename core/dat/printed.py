"""Numbers as they were printed: their values, and what their last place is worth."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Sequence

    from core.arrays import Float64Array

FULL = 16
"""Significant digits from which on float64 numbers have all their bits: the shortest text that gives them back has 16
or 17, where there are a few of them.
"""


def printed(words: Sequence[str]) -> tuple[Float64Array, Float64Array]:
    """Return the values, shape (n,), and the unit in the last place that was printed of each.

    Numbers that are printed together share their places: NumPy and C leave zeros at the end out or put blanks there. So
    a number in fixed notation has as many decimals as the longest of them; one with an exponent, as many behind its
    point. Units are 0 where a number has 16 significant digits: nothing was rounded away. The unit of a zero that
    stands for nothing but zeros, `0.`, is nan: they say nothing of where they were rounded.
    """
    words = [word.lower().replace("d", "e") for word in words]  # Fortran's exponents of double precision
    with np.errstate(over="ignore"):
        values = np.array([float(word) for word in words], np.float64)
    decimals, exponents, significant = (np.array(each) for each in zip(*map(_places, words), strict=True))
    fixed = np.isnan(exponents)
    places = np.full(len(words), np.nan)
    if fixed.any():
        places[fixed] = -decimals[fixed].max()
    if not fixed.all():
        places[~fixed] = exponents[~fixed] - decimals[~fixed].max()
    if significant.max() >= FULL:
        return values, np.zeros(len(words))
    return values, _units(values, places, fixed)


def _units(values: Float64Array, places: Float64Array, fixed: np.ndarray) -> Float64Array:
    with np.errstate(all="ignore"):
        units: Float64Array = np.power(10.0, np.clip(places, -330, 330))
    zero = values == 0
    if zero.all():
        units[places >= 0] = np.nan
    elif (zero & ~fixed).any():
        units[zero & ~fixed] = units[~zero].min()  # 0.e+00 has the exponent of no number
    return units


def fill_unknown(units: Sequence[Float64Array]) -> None:
    """Give zeros of unknown places, in place, the smallest unit that the file's other numbers have."""
    known = [each[each > 0].min() for each in units if (each > 0).any()]
    least = min(known, default=0.0)
    for each in units:
        each[np.isnan(each)] = least


def _places(word: str) -> tuple[int, float, int]:
    """Return a number's decimals, its exponent (nan where none is printed) and its significant digits."""
    mantissa, _, exponent = word.partition("e")
    if not mantissa[-1].isdigit() and mantissa[-1] != ".":  # nan, inf
        return 0, np.nan, 0
    whole, _, decimals = mantissa.lstrip("+-").partition(".")
    significant = len((whole + decimals).lstrip("0"))
    return len(decimals), float(exponent) if exponent else np.nan, significant
