"""How far rounding alone can move a number: a running error analysis, to first order, in an engine's precision.

A `Bounded` is a value with a bound on the absolute error of each of its elements. An `Arithmetic` has the operations
that a forward and a backward pass consist of; each gives its result in float64, with the error that it inherits and the
error that it adds. With u the unit roundoff, every rounding multiplies by 1 + ε, |ε| ≤ u (Higham, *Accuracy and
Stability of Numerical Algorithms*, 2nd ed., eq. 2.4; running error analysis: section 3.3).

Products of two errors are kept, as they are what is left where a value has cancelled; powers of u are dropped.

Measured by `tests/campaigns/rounding.py` on 10,000 random correct networks, half of them in float32, 2.8e8
comparisons, and with strict bounds on 3,000 more: no number was beyond its bound. Where no derivative jumps, as those
of relu and mae do, gradients were off by up to 0.27 of it, δ by 0.45, and z by 0.92: in sums of two terms, roundings
can't even out. At a jump, the difference is the jump, and so is the bound. The median of bound/error was 330 to 490
in float32 and 600 to 750 in float64, for networks of up to five layers; for gradients of the notebook's network, at
each of its first ten epochs, 95 to 160 in float32 and 174 to 311 in float64, where the reference's own rounding
doubles the bound.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING, Literal, NamedTuple

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Callable

    from core.arrays import FloatArray

Precision = Literal["float64", "float32"]

LAMBDA = 8.0
"""λ of the probabilistic bound: the chance that one sum of n terms leaves it is at most 2n·e^(−λ²/2) = n·2.5e-14.

Higham and Mary, *A New Approach to Probabilistic Rounding Error Analysis*, SIAM J. Sci. Comput. 41 (2019), theorems
2.4 and 3.1: roundings that are independent and of mean zero add up to λ√n·u where n·u is the most that is possible.
"""

FUNCTION_ROUNDINGS = 8
"""How many roundings a function's evaluation counts as, of the largest number that it adds up on the way or returns.

Vectorised exponentials and hyperbolic tangents are right to 4 units in the last place at worst, which is 8 roundings
(NumPy's SIMD loops: NumPy 1.22 release notes; SLEEF, which PyTorch uses: 1 ulp; Intel's VML in high accuracy: 1 ulp).
"""

PRODUCT_ROUNDINGS = 3
"""How many roundings a product of two numbers counts as: its own, and those of a constant factor such as 2/N."""

NEAR = 1 / 64
"""Errors of an argument up to here move a function as its ends show; a larger one may reach past a bend of it."""

BENDS = np.arange(-6.0, 6.25, 0.25)
"""Where functions of one variable with a scale of 1 bend; what lies in between differs by 2 % of a move at most."""


class Bounded(NamedTuple):
    """A value and, both in float64, how far at most rounding has moved each element of what an engine computed."""

    value: FloatArray
    error: FloatArray
    """Absolute, of the value's shape; inf or nan where an element may have become anything."""


@dataclass(frozen=True)
class Arithmetic:
    """The operations of a pass, each with its error; made by `probable` or `strict`."""

    unit: float
    """u: what one rounding changes at most, relative; the engine's and that of float64, in which the value is made."""
    tiny: float
    """The smallest normal number: what an operation's underflow changes at most, even if it flushes to zero."""
    largest: float
    """The largest finite number."""
    growth: Callable[[int], float]
    """The error of a sum of n products, in units of u·Σ|terms|."""

    def exact(self, value: FloatArray) -> Bounded:
        """Return numbers that were given to the engine as they are."""
        wide = np.asarray(value, np.float64)
        return Bounded(wide, np.zeros(wide.shape))

    def affine(self, a: Bounded, W: FloatArray, sizes: FloatArray, b: FloatArray) -> Bounded:
        """Z = a Wᵀ + b, for a of shape (N, inputs) and W (outputs, inputs); `sizes` is |W|.

        n products and b make n + 1 terms: |Δz| ≤ Δa|W|ᵀ + growth(n + 1)·u·(|a||W|ᵀ + |b|). Higham, eq. 3.5.
        """
        terms = len(sizes[0]) + 1
        rounding = self.growth(terms) * self.unit
        value = a.value @ W.T
        value += b
        error = self._carried(a, rounding) @ sizes.T
        error += rounding * np.abs(b) + terms * self.tiny
        return self.within_range(value, error, rounding)

    def weighed(self, delta: Bounded, W: FloatArray, sizes: FloatArray) -> Bounded:
        """δ W, for δ of shape (N, outputs): |Δ| ≤ (Δδ + growth(n)·u·|δ|)|W|. Higham, eq. 3.13."""
        terms = len(W)
        rounding = self.growth(terms) * self.unit
        error = self._carried(delta, rounding) @ sizes
        error += terms * self.tiny
        return self.within_range(delta.value @ W, error, rounding)

    def correlated(self, delta: Bounded, a: Bounded) -> Bounded:
        """δᵀ a over N samples: |Δ| ≤ (Δδ + growth(N)·u·|δ|)ᵀ(|a| + Δa) + |δ|ᵀΔa. Higham, eq. 3.13."""
        terms = len(delta.value)
        rounding = self.growth(terms) * self.unit
        error = self._carried(delta, rounding).T @ (np.abs(a.value) + a.error)
        error += np.abs(delta.value).T @ a.error
        error += terms * self.tiny
        return self.within_range(delta.value.T @ a.value, error, rounding)

    def total(self, delta: Bounded) -> Bounded:
        """Σ δ over N samples: |Δ| ≤ Σ Δδ + growth(N)·u·|δ|. Higham, eq. 4.4."""
        terms = len(delta.value)
        rounding = self.growth(terms) * self.unit
        error = self._carried(delta, rounding).sum(axis=0)
        error += terms * self.tiny
        return self.within_range(delta.value.sum(axis=0), error, rounding)

    def product(self, p: Bounded, q: Bounded) -> Bounded:
        """Multiply element by element, p ⊙ q: |Δ| ≤ |p|Δq + |q|Δp + ΔpΔq + u·|pq|, u for each of a few roundings."""
        value = p.value * q.value
        error = (np.abs(p.value) + p.error) * q.error
        error += np.abs(q.value) * p.error
        error += PRODUCT_ROUNDINGS * self.unit * np.abs(value)
        error += self.tiny
        return Bounded(value, error)

    def evaluated(self, value: FloatArray, moved: FloatArray, magnitude: FloatArray | float) -> Bounded:
        """Return a function's value with its error: as far as its argument's error moves it, and its evaluation's own.

        The latter is absolute, and counted in the largest number that its formulas add up or return, `magnitude`:
        0.5(1 + tanh(z/2)) is as right a sigmoid as any, and wrong by u where the sigmoid is nearly 0.
        """
        return Bounded(value, moved + (FUNCTION_ROUNDINGS * self.unit * magnitude + self.tiny))

    def within_range(self, value: FloatArray, error: FloatArray, rounding: float) -> Bounded:
        """Let an element be anything if it, or its terms in between, may have been beyond all numbers.

        `rounding` is what its error has of its terms' sizes at least, so that they are at most error/rounding.
        """
        if not error.max() <= self.largest * rounding:
            error = np.where(error <= self.largest * rounding, error, np.inf)
        return Bounded(value, error)

    def _carried(self, p: Bounded, rounding: float) -> FloatArray:
        """Δp + rounding·(|p| + Δp): each term of a sum, with its own error and its part of the sum's."""
        carried: FloatArray = np.abs(p.value)
        carried += p.error
        carried *= rounding
        carried += p.error
        return carried


def moves(values: FloatArray) -> FloatArray:
    """How far a function moves from its first value to any of the others; along the first axis."""
    changes = values[1:] - values[0]
    largest: FloatArray = np.abs(changes, changes).max(axis=0)
    return largest


def reached(z: Bounded) -> FloatArray:
    """Return z and the points within its error where a function of it may be most different, along a new first axis.

    They are the ends of the interval; if it is wide, also the points in it nearest to each bend.
    """
    low, high = z.value - z.error, z.value + z.error
    if z.error.max() <= NEAR:
        return np.array((z.value, low, high))
    bends = np.clip(BENDS.reshape(-1, *[1] * z.value.ndim), low, high)
    return np.concatenate((np.array((z.value, low, high)), bends))


def moved_by_each_column(f: Callable[[FloatArray], FloatArray], z: Bounded) -> FloatArray:
    """How far f(z), whose rows depend each on a whole row of z, moves: the sum of what the columns move it by alone."""
    moved = np.zeros(1)
    for column in range(z.value.shape[1]):
        error = np.zeros_like(z.error)
        error[:, column] = z.error[:, column]
        moved = moved + moves(np.array([f(each) for each in reached(Bounded(z.value, error))]))
    return moved


@cache
def probable(precision: Precision) -> Arithmetic:
    """Return the arithmetic where sums of n terms err by λ√n·u, or n·u where that is less.

    It is wrong about once in 10¹³ sums, see `LAMBDA`.
    """
    return _arithmetic(precision, lambda n: min(n, LAMBDA * math.sqrt(n)))


@cache
def strict(precision: Precision) -> Arithmetic:
    """Return the arithmetic where sums of n terms err by γ_n = n·u/(1 − n·u), however they round. Higham, lemma 3.1."""
    unit = _unit(precision)
    return _arithmetic(precision, lambda n: n / (1 - n * unit) if n * unit < 1 else math.inf)


def _arithmetic(precision: Precision, growth: Callable[[int], float]) -> Arithmetic:
    info = np.finfo(precision)
    return Arithmetic(_unit(precision), float(info.tiny), float(info.max), growth)


def _unit(precision: Precision) -> float:
    """Return u of the engine and u of float64: what is judged and what it is judged by both round.

    First-order bounds are linear in u, so the bound of the sum is the sum of the bounds. For a float64 engine that is
    twice its own. An extended precision would halve it, but has no BLAS and is not to be had on every machine.
    """
    return float(np.finfo(precision).eps + np.finfo(np.float64).eps) / 2
