"""Exact arithmetic on floating-point numbers: every finite one is a fraction."""

from __future__ import annotations

import math
from fractions import Fraction
from typing import TYPE_CHECKING, TypeAlias

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from core.arrays import FloatArray

Exact: TypeAlias = Fraction | float
"""A number without rounding; a float where it is not finite, or where nothing better is to be had."""

_SIGNIFICAND = 53


def exact(value: float) -> Exact:
    """Return a floating-point number as a fraction; an inf or a nan as it is."""
    return Fraction(value) if math.isfinite(value) else float(value)


def added(values: Iterable[Exact]) -> Exact:
    """Add without rounding; with an inf or a nan among the values, as floats do."""
    total: Exact = Fraction(0)
    for value in values:
        total = total + value if _both(total, value) else _float(total) + _float(value)
    return total


def multiplied(values: Iterable[Exact]) -> Exact:
    """Multiply without rounding; with an inf or a nan among the values, as floats do."""
    product: Exact = Fraction(1)
    for value in values:
        product = product * value if _both(product, value) else _float(product) * _float(value)
    return product


def less(a: Exact, b: Exact) -> Exact:
    """Subtract b from a without rounding."""
    return a - b if _both(a, b) else _float(a) - _float(b)


def divided(a: Exact, b: Exact) -> float | None:
    """Return a/b to the nearest float; None where it means nothing."""
    if isinstance(a, Fraction) and isinstance(b, Fraction) and b:
        return _float(a / b)
    return None


def dot(columns: Sequence[FloatArray]) -> Exact:
    """Return Σ_j of the product of the columns' elements j, without rounding; the columns have one shape, (n,).

    A float is m·2^e with a whole number m of at most 53 bits, so it is all done in whole numbers.
    """
    if not all(np.isfinite(column).all() for column in columns):
        with np.errstate(all="ignore"):
            return float(np.prod([np.asarray(column, np.float64) for column in columns], axis=0).sum())
    if not len(columns[0]):
        return Fraction(0)
    parts = [np.frexp(np.asarray(column, np.float64)) for column in columns]
    exponents = np.sum([exponent.astype(np.int64) for _, exponent in parts], axis=0) - _SIGNIFICAND * len(parts)
    wholes = [np.ldexp(mantissa, _SIGNIFICAND).astype(np.int64).tolist() for mantissa, _ in parts]
    lowest = int(exponents.min())
    shifts = (exponents - lowest).tolist()
    total = sum(math.prod(factors) << shift for shift, *factors in zip(shifts, *wholes, strict=True))
    return Fraction(total) * Fraction(2) ** lowest


def _both(a: Exact, b: Exact) -> bool:
    return isinstance(a, Fraction) and isinstance(b, Fraction)


def nearest(value: Exact) -> float:
    """Return the nearest float; an inf where it is too large for one."""
    return _float(value)


def _float(value: Exact) -> float:
    try:
        return float(value)
    except OverflowError:
        return math.inf if value > 0 else -math.inf
