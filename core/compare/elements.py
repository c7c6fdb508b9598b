"""Two tensors element by element: how far apart they may be, and which elements are further apart than that.

What they may differ by is known best where a pass can be computed again (`core.compare.bounds`); else it is told by the
digits that are printed and by what rounding could do at such sizes.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from core.agreement import digits, ulps
from core.compare.verdict import Row

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from numpy.typing import NDArray

    from core.arrays import Float64Array, FloatArray
    from core.compare.bounds import Bounds
    from core.dat.reading import Tensor
    from core.experiment import Precision
    from core.rounding import Bounded

    Mask = NDArray[np.bool_]

SEEN = 1e-3
"""An error of this share of a number has to be visible, or the comparison says nothing of that number."""

MEASURED = 1e-4
"""A float32 number so near to its float64 reference, as a share of it, has no such error, whatever its bound."""

SEEN_IN_PRINT = 0.1
"""What has to be visible by the digits that are printed: two of them."""

UNIT_ROUNDOFF: Mapping[Precision, float] = {"float64": 2.0**-53, "float32": 2.0**-24}

OF_ITSELF, OF_LARGEST = 16, 32
"""What rounding is taken to do where no bound can be derived, in units of roundoff: so many of a number's own size, for
the products that it comes from, and so many of its tensor's largest, for sums that cancel. A 2-10-10-1 network in
float32 has about 1 and 1 of one sample; of 4 to 64, whose residuals cancel, 600 right pairs had up to 11 of the latter.
"""


@dataclass(frozen=True)
class Elements:
    """One tensor in both files, judged."""

    name: str
    a: Tensor
    b: Tensor
    allowed: Float64Array
    """How far apart its elements may be, for a reason that is known."""
    expected: tuple[FloatArray, FloatArray] | None = None
    """What a and b should be, where that can be derived."""
    shares: tuple[Float64Array, Float64Array] | None = None
    """How far they are from that, in shares of the bound."""
    blind: Mask | None = None
    """Where an error of a thousandth could not be found, if bounds tell."""

    @property
    def outside(self) -> Mask:
        """Which elements are further apart than that, or from what they should be."""
        if self.shares is not None:
            beyond: Mask = np.maximum(*self.shares) > 1
            return beyond
        return ~(self.distance <= self.allowed)

    @property
    def distance(self) -> Float64Array:
        """|a − b|; 0 where both are nan or the same infinity, inf where only one is."""
        a, b = np.float64(self.a.values), np.float64(self.b.values)
        with np.errstate(all="ignore"):
            apart: Float64Array = np.abs(a - b)
        same = (a == b) | (np.isnan(a) & np.isnan(b))
        return np.where(same, 0.0, np.nan_to_num(apart, nan=np.inf))

    @property
    def apart(self) -> Mask:
        """Which elements of a and b can't be the same, whatever they should be."""
        return ~(self.distance <= self.allowed)

    @property
    def unseen(self) -> Mask:
        """Which elements could be wrong without being found: by a thousandth, or if digits alone tell by a tenth.

        Zeros in both are none of them, unless they were rounded to that.
        """
        size = np.maximum(np.abs(self.a.values), np.abs(self.b.values))
        if self.blind is not None:
            return self.blind & (size > 0)
        rounded_away = (size == 0) & (np.maximum(self.a.unit, self.b.unit) > 0)
        with np.errstate(all="ignore"):
            hidden: Mask = rounded_away | ((size > 0) & ~(self.allowed < SEEN_IN_PRINT * size))
        return hidden

    @property
    def blurred(self) -> Mask:
        """Which of the unseen elements have their digits printed: what hides an error there is rounding."""
        size = np.maximum(np.abs(self.a.values), np.abs(self.b.values))
        shown: Mask = self.unseen & (printed(self.a, self.b) < SEEN_IN_PRINT * size)
        return shown

    @property
    def identical(self) -> bool:
        """Whether all bits are there, and the same."""
        a, b = self.a.values, self.b.values
        return self.a.exact and self.b.exact and np.array_equal(_bits(a), _bits(b))

    def row(self) -> Row:
        """Return the figures of it."""
        a, b = self.a.values, self.b.values
        shared = np.minimum(digits(a, b), np.minimum(self.a.significant, self.b.significant))
        told = shared[(a != 0) | (b != 0)] if ((a != 0) | (b != 0)).any() else shared
        worst = self._worst(shared)
        return Row(
            self.name,
            a.shape,
            (float(told.min()), float(np.median(told))),
            _largest_ulps(a, b) if self.a.exact and self.b.exact else None,
            None if self.shares is None else float(np.maximum(*self.shares).max()),
            worst,
            float(a[worst]),
            float(b[worst]),
            int(np.count_nonzero(self.outside)),
            int(np.count_nonzero(self.unseen)),
        )

    def _worst(self, shared: Float64Array) -> tuple[int, ...]:
        with np.errstate(all="ignore"):
            excess = np.maximum(*self.shares) if self.shares else np.nan_to_num(self.distance / self.allowed, nan=0.0)
        ties = excess == excess.max()
        at = np.argmin(np.where(ties, shared, np.inf))
        return tuple(int(each) for each in np.unravel_index(at, shared.shape))


def printed(a: Tensor, b: Tensor) -> Float64Array:
    """Return how far apart two numbers that are the same can be printed: half a unit of each one's last place."""
    least: Float64Array = (a.unit + b.unit) / 2 * (1 + 1e-6)
    return least


def by_sizes(name: str, a: Tensor, b: Tensor, precision: Precision) -> Elements:
    """Judge a tensor by its digits, and by what rounding could do at its sizes."""
    size = np.maximum(np.abs(np.float64(a.values)), np.abs(np.float64(b.values)))
    size = np.where(np.isfinite(size), size, 0.0)
    u = UNIT_ROUNDOFF[precision]
    return Elements(name, a, b, printed(a, b) + u * (OF_ITSELF * size + OF_LARGEST * size.max()))


def by_both_bounds(name: str, a: Tensor, b: Tensor, bounds: tuple[Bounds, Bounds]) -> Elements:
    """Judge each side by the bounds of its own pass."""
    from core.judge import shares  # noqa: PLC0415 - only dumps that can be computed again need it

    first, second = (each.bounded(name) for each in bounds)
    with np.errstate(all="ignore"):
        blind = _blind(a.values, first) | _blind(b.values, second)
    return Elements(
        name,
        a,
        b,
        first.error + second.error,
        (first.value, second.value),
        (shares(a.values, first), shares(b.values, second)),
        blind,
    )


def _blind(values: FloatArray, bounded: Bounded) -> Mask:
    """Return where the reference doesn't show an error of a thousandth.

    A float64 reference may be off by as much as a float64 engine; to a float32 engine it is a ruler, which shows how
    far off a number is even where its bound is wide.
    """
    seen = SEEN / 2 * np.abs(bounded.value)  # rounding may have moved the number as far the other way before
    if values.dtype == np.float64:
        hidden: Mask = ~(bounded.error < seen)
        return hidden
    finer = bounded.error * (UNIT_ROUNDOFF["float64"] / UNIT_ROUNDOFF["float32"])
    measured = np.abs(values - bounded.value) < MEASURED * np.abs(bounded.value)
    return ~(measured & (finer < seen) | (bounded.error < seen))


def by_one_bound(name: str, a: Tensor, b: Tensor, bounds: Bounds, other: Precision) -> Elements:
    """Judge a file that says no more than its numbers by the bounds of the other one, at the other's parameters."""
    own, others = bounds.bounded(name), bounds.bounded(name, other)
    with np.errstate(all="ignore"):
        allowed = own.error + others.error + np.abs(own.value - others.value)
    return Elements(name, a, b, printed(a, b) + np.where(np.isnan(allowed), np.inf, allowed))


def precision_of(tensors: Iterable[Tensor]) -> Precision:
    """Return what numbers seem to have been computed in: float64 if they have bits that float32 has not."""
    for each in tensors:
        if each.exact and each.values.dtype == np.float64:
            with np.errstate(over="ignore"):
                if (each.values.astype(np.float32) != each.values).any():
                    return "float64"
    return "float32"


def _bits(values: FloatArray) -> NDArray[np.uint8]:
    return np.ascontiguousarray(values).view(np.uint8)


def _largest_ulps(a: FloatArray, b: FloatArray) -> int:
    largest = int(ulps(a, b).max())
    return -1 if largest == np.iinfo(np.uint64).max else largest
