"""How far two tensors agree: the digits that every element shares, the largest distance in ulps, the worst element."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Mapping

    from core.arrays import Float64Array, FloatArray

FULL_DIGITS = {"float64": 15.95, "float32": 7.22}
"""The decimal digits of a full significand: 53 and 24 bits."""
_FULL = {np.dtype(precision): full for precision, full in FULL_DIGITS.items()}


@dataclass(frozen=True)
class Agreement:
    """What two tensors of one shape share."""

    digits: float
    """The fewest that any element shares."""
    ulps: int
    """The largest distance in units in the last place, of the coarser precision; −1 where one of the two is nan."""
    difference: float
    """a − b at the worst element."""
    worst: tuple[int, ...]
    """The element that shares the fewest digits."""


def digits(a: FloatArray, b: FloatArray) -> Float64Array:
    """Return the digits that a and b share, element by element.

    min(15.95 for float64 or 7.22 for float32, −log₁₀(|a − b| / max(|a|, |b|))), not below 0. Equal numbers and two nans
    count as full, one nan or unequal infinities as 0. Where the precisions differ, the coarser one sets the limit.
    """
    full = _FULL[_coarser(a, b)]
    wide_a, wide_b = np.asarray(a, np.float64), np.asarray(b, np.float64)
    with np.errstate(all="ignore"):
        relative = np.abs(wide_a - wide_b) / np.maximum(np.abs(wide_a), np.abs(wide_b))
        shared = np.minimum(np.maximum(0.0 - np.log10(relative), 0.0), full)  # none is 0, and not −0
    undefined = np.isnan(shared)
    if not undefined.any():
        return np.asarray(shared)
    same = (wide_a == wide_b) | (np.isnan(wide_a) & np.isnan(wide_b))
    result: Float64Array = np.where(same, full, np.where(undefined, 0.0, shared))
    return result


def ulps(a: FloatArray, b: FloatArray) -> np.ndarray[tuple[int, ...], np.dtype[np.uint64]]:
    """Count the floating-point numbers from a to b, element by element, in the coarser precision of the two.

    Two nans are 0 apart; what a nan is from a number means nothing, and is the largest count there is.
    """
    coarser = _coarser(a, b)
    with np.errstate(over="ignore"):
        a, b = np.asarray(a, coarser), np.asarray(b, coarser)
    first, second = _ordered(a), _ordered(b)
    with np.errstate(over="ignore"):
        distance = np.where(first > second, first - second, second - first)
    either = np.isnan(a) | np.isnan(b)
    if not either.any():
        return distance
    both = np.isnan(a) & np.isnan(b)
    most = np.iinfo(np.uint64).max
    return np.where(both, np.uint64(0), np.where(either, np.uint64(most), distance))


def agreement(a: FloatArray, b: FloatArray) -> Agreement:
    """Compare two tensors of the same shape, with at least one element.

    Raises:
        ValueError: their shapes differ.
    """
    if a.shape != b.shape:
        raise ValueError(f"shapes {a.shape} and {b.shape} can't be compared")
    shared = digits(a, b)
    worst = tuple(int(i) for i in np.unravel_index(np.argmin(shared), shared.shape))
    with np.errstate(all="ignore"):
        difference = float(np.float64(a[worst]) - np.float64(b[worst]))
    largest = int(ulps(a, b).max())
    unknown = largest == np.iinfo(np.uint64).max
    return Agreement(float(shared[worst]), -1 if unknown else largest, difference, worst)


def loss_digits(losses: Mapping[str, FloatArray], precisions: Mapping[str, str]) -> Float64Array | None:
    """Return the digits that all engines' losses share, epoch by epoch; None where there are fewer than two engines.

    `losses` are of the same epochs, an array an engine; they are compared in the precision that the engine computes in.
    """
    known = [np.asarray(values).astype(precisions[name]) for name, values in losses.items()]
    if len(known) < 2:
        return None
    shared: Float64Array = np.minimum.reduce([digits(known[0], other) for other in known[1:]])
    return shared


def _coarser(a: FloatArray, b: FloatArray) -> np.dtype[np.floating]:
    return min(a.dtype, b.dtype, key=lambda dtype: dtype.itemsize)


def _ordered(a: FloatArray) -> np.ndarray[tuple[int, ...], np.dtype[np.uint64]]:
    """Map floats to integers that count them in order; −0.0 and 0.0 fall on one."""
    bits = a.view(np.int32 if a.dtype.itemsize == 4 else np.int64).astype(np.int64)
    lowest = np.int64(-(2**31)) if a.dtype.itemsize == 4 else np.iinfo(np.int64).min
    with np.errstate(over="ignore"):
        in_order = np.where(bits < 0, lowest - bits, bits)
        return in_order.astype(np.uint64) + np.uint64(2**63)
