"""One equation at one cell, with the numbers that an engine has for it."""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np

from core.trace.doubt import doubt_of_function, doubt_of_sum
from core.trace.equations import equation
from core.trace.exact import Exact, added, dot, exact, less, multiplied, nearest
from core.trace.names import Aside, Kind

if TYPE_CHECKING:
    from collections.abc import Mapping

    from core.arrays import Float64Array, FloatArray
    from core.trace.equation import Bound, Equation, Function, Product, Ref
    from core.trace.names import Address
    from core.trace.network import Network
    from core.trace.values import Values

NUDGE = 1e-6
"""By how much of itself an operand is moved, to see what its rounding does to a function."""

_DERIVED = (Kind.SLOPE, Kind.TERM)
"""What engines compute in ways of their own, and keep nowhere: their errors are relative to 1."""


@dataclass(frozen=True, eq=False)
class Part:
    """One product of an equation, summed over its free letters."""

    product: Product
    bound: Bound
    shape: tuple[int, ...]
    """How many values each free letter takes."""
    free: str

    @property
    def count(self) -> int:
        """How many terms it has."""
        return math.prod(self.shape)

    def at(self, place: int) -> dict[str, int]:
        """Say what all letters stand for in one of its terms."""
        where = np.unravel_index(place, self.shape) if self.shape else ()
        return {**self.bound, **{letter: int(at) for letter, at in zip(self.free, where, strict=True)}}


def parts(network: Network, made: Equation, bound: Bound) -> list[Part]:
    """Return the products of an equation at a cell."""
    found = []
    for product in made.products:
        sizes: dict[str, int] = {}
        for ref in product.factors:
            shape = dict(zip(ref.letters, network.shape(ref.name), strict=True))
            sizes |= {letter: shape[letter] for letter in ref.free(bound)}
        found.append(Part(product, bound, tuple(sizes.values()), "".join(sizes)))
    return found


@dataclass(frozen=True, eq=False)
class Reading:
    """What an engine has on both sides of an equation at a cell."""

    values: Values
    made: Equation
    bound: Bound
    result: float
    arrays: Mapping[Ref, FloatArray]
    """The operands, with an axis for each free letter."""

    @property
    def eps(self) -> float:
        """The distance from 1 to the next number."""
        return float(np.finfo(self._dtype).eps)

    @property
    def _dtype(self) -> np.dtype[np.floating[Any]]:
        return self.values.precision(self.made.left.name)

    @property
    def precision(self) -> str:
        """What the number is in: the engine's precision, or float64 where it is a wider number than that has."""
        dtype = self._dtype
        with np.errstate(all="ignore"):
            same = float(dtype.type(self.result)) == self.result or not math.isfinite(self.result)
        return str(dtype) if same else "float64"

    def columns(self, part: Part) -> list[Float64Array]:
        """Return the factors of a product, each as a column of its terms or as a single number, in float64."""
        return [self._wide[ref] for ref in part.product.factors]

    @cached_property
    def _wide(self) -> dict[Ref, Float64Array]:
        return {ref: np.asarray(array, np.float64).ravel() for ref, array in self.arrays.items()}

    def sizes(self, part: Part, *, derived: bool = True) -> Float64Array:
        """Return the magnitudes of a product's terms, to rounding; without the factors that engines keep nowhere."""
        size = np.full(part.count, abs(float(part.product.coefficient)))
        for ref, column in zip(part.product.factors, self.columns(part), strict=True):
            if derived or not (isinstance(ref.name, Aside) and ref.name.kind in _DERIVED):
                size = size * np.abs(column)
        return size

    def total_of(self, part: Part) -> Exact:
        """Return the sum of a product's terms, without rounding."""
        pairs = list(zip(part.product.factors, self.columns(part), strict=True))
        summed = [column for ref, column in pairs if ref.free(self.bound)]
        common = [exact(float(column[0])) for ref, column in pairs if not ref.free(self.bound)]
        return multiplied([part.product.coefficient, *common, *([dot(summed)] if summed else [])])

    def term(self, part: Part, place: int) -> Exact:
        """Return one term of a product, without rounding."""
        factors = (column[place if len(column) > 1 else 0] for column in self.columns(part))
        return multiplied([part.product.coefficient, *(exact(float(each)) for each in factors)])

    def function_value(self) -> Exact:
        """Return what the function gives in the engine's precision."""
        function = self._function()
        with np.errstate(all="ignore"):
            return exact(function.value([self.arrays[ref] for ref in function.operands], self.bound))

    def allowed(self, found: list[Part]) -> float:
        """Return how far rounding may take the engine's number from the formula's."""
        tiny = float(np.finfo(self._dtype).tiny)
        beside = sum(abs(self.values.of(ref.at(self.bound)) or 0.0) for ref in (*self.made.beside, *self.made.near))
        with np.errstate(all="ignore"):
            own = self._of_function() if self.made.function is not None else self._of_sum(found)
        return self.eps * (own + 2 * beside) + tiny * (1 + sum(part.count for part in found)) + self._doubt()

    def _doubt(self) -> float:
        """Return what parts the operands that are lent from those that the number was made of."""
        if self.made.function is not None:
            return doubt_of_function(self.values, self.made, self.bound)
        return doubt_of_sum(self.values, self.made, self.bound, self._wide)

    def _of_sum(self, found: list[Part]) -> float:
        """(n + 4)·Σ|terms|: Higham, *Accuracy and Stability of Numerical Algorithms*, eq. 3.5, in any order."""
        roundings = sum(part.count for part in found) + 4
        size = sum(float(self.sizes(part).sum()) for part in found)
        loose = sum(float(self.sizes(part, derived=False).sum()) for part in found) if self.made.slack else 0.0
        return roundings * size + self.made.slack * (size + loose) + sum(self._of_steps(part) for part in found)

    def _of_steps(self, part: Part) -> float:
        """Return what the rounding of an update rule's earlier steps, which engines keep nowhere, does to a term."""
        factors = [ref for ref in part.product.factors if _is_step(ref)]
        sizes = [abs(float(self.arrays[ref])) for ref in part.product.factors] if factors else []
        rest = {ref: math.prod(sizes) / abs(float(self.arrays[ref]) or 1.0) for ref in factors}
        coefficient = abs(float(part.product.coefficient))
        return sum(coefficient * rest[ref] * self._error(ref) for ref in factors)

    def _error(self, ref: Ref) -> float:
        """Return how far an engine's own number may be from a step of its update rule as it is read, in eps."""
        step = read(self.values, ref.at(self.bound))
        return 0.0 if step is None else step.allowed(parts(self.values.network, step.made, step.bound)) / self.eps

    def _of_function(self) -> float:
        function = self._function()
        own = function.slack * abs(nearest(self.function_value())) + function.floor
        return own + (8 * self._condition(function) if function.conditioned else 0.0)

    def _condition(self, function: Function) -> float:
        """Σ |x·∂f/∂x| over the operands, by differences in float64; of a step of the rule, its own error for x."""
        arrays = [np.array(self.arrays[ref], np.float64) for ref in function.operands]
        start, size = function.value(arrays, self.bound), 0.0
        for ref, array in zip(function.operands, arrays, strict=True):
            error = self._error(ref) if _is_step(ref) else 0.0
            for at in np.ndindex(array.shape):
                kept = array[at]
                moved = NUDGE * max(float(abs(kept)), error)
                array[at] = kept + moved
                size += abs(function.value(arrays, self.bound) - start) / NUDGE
                array[at] = kept
        return size

    def _function(self) -> Function:
        assert self.made.function is not None
        return self.made.function


def _is_step(ref: Ref) -> bool:
    return isinstance(ref.name, Aside) and ref.name.kind is Kind.LOCAL


def read(values: Values, address: Address) -> Reading | None:
    """Return an engine's reading of the equation at an address; None where it is a leaf, or the engine has it not."""
    made = equation(values.network, address.tensor)
    result = values.of(address)
    if made is None or result is None:
        return None
    bound = made.left.bind(address.cell)
    arrays: dict[Ref, FloatArray] = {}
    for ref in made.refs:
        array = values.along(ref, bound)
        if array is None:
            return None
        arrays[ref] = array
    return Reading(values, made, bound, result, arrays)


def rounding(reading: Reading, total: Exact) -> Exact:
    """Return result − total, without rounding; 0 where both are the same inf, or both nan."""
    result = exact(reading.result)
    if isinstance(result, float) and (str(result) == str(nearest(total))):
        return 0.0
    return less(result, total)


def total(reading: Reading, found: list[Part]) -> Exact:
    """Return what the right side of an equation gives, without rounding if it is a sum."""
    if reading.made.function is not None:
        return reading.function_value()
    return added(reading.total_of(part) for part in found)
