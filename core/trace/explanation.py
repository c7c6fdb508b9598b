"""Explanation: where a number comes from, as plain data that travels from one process to another."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Literal, TypeAlias

import numpy as np

from core.trace.exact import Exact, nearest

if TYPE_CHECKING:
    from collections.abc import Mapping

    from core.trace.names import Address, Cells

Order: TypeAlias = Literal["size", "index"]
Pair: TypeAlias = tuple[str, str]
"""Two engines."""


@dataclass(frozen=True)
class Operand:
    """A number that another one is made of; a link to where it lives."""

    address: Address
    values: Mapping[str, float]
    """By engine; an engine that does not have it is left out."""
    leaf: bool
    """Whether it is made of nothing: x, y, a parameter, or what the optimizer kept."""

    @property
    def text(self) -> str:
        """How it is written: `a1[0,7]`."""
        return str(self.address)


@dataclass(frozen=True)
class Term:
    """One term of a sum, or the only one of what is no sum."""

    place: int
    """Its place in the sum, from 0, in the order of the indices."""
    text: str
    """With names: `a1[0,7]·W2[3,7]`."""
    operands: tuple[Operand, ...]
    """Its factors, or what the function takes."""
    values: Mapping[str, Exact]
    """By engine; products are exact."""
    shares: Mapping[str, float | None]
    """What part of the engine's own number it is; None where that is 0."""
    running: Mapping[str, Exact]
    """The sum of the terms as far as this one, in the order shown."""


@dataclass(frozen=True)
class Closing:
    """How the terms and an engine's own number come together: shown + left out + rounding = result, exactly."""

    result: float
    """The engine's own number."""
    precision: str
    """What it is in: float64 or float32. The loss may be in float64 where all else is in float32."""
    total: Exact
    """The sum of all terms, without rounding."""
    left_out: Exact
    """What the terms that are not shown add up to."""
    rounding: Exact
    """result − total."""
    allowed: float
    """How large it may be if the engine computes this formula."""
    holder: str
    """Who has the number, as a sentence begins: `scratch has`, `your file returned`."""

    @property
    def reproduced(self) -> bool:
        """Whether the formula gives the engine's number, but for rounding."""
        if isinstance(self.total, float):
            return True  # where a run has left the finite numbers, nothing can be said
        if isinstance(self.rounding, float):
            return self._may_overflow
        return nearest(abs(self.rounding)) <= self.allowed

    @property
    def label(self) -> str:
        """What result − total is called."""
        return "rounding" if self.reproduced else "what remains"

    @property
    def _may_overflow(self) -> bool:
        """Whether what is added up may be too large for a number on the way to a finite total."""
        limits = np.finfo(self.precision)
        largest = float(limits.max)
        return abs(nearest(self.total)) > largest or not self.allowed <= float(limits.eps) * largest


@dataclass(frozen=True)
class Cause:
    """Through which operand a difference between two engines comes in, and how much of it."""

    operand: Operand | None
    """None for what arises here: the engines round differently, or one computes another formula."""
    amount: float
    share: float | None
    """Of the difference; None where there is none."""


@dataclass(frozen=True)
class Difference:
    """What two engines' numbers differ by, and why: Σ causes + left_out = amount, up to rounding of the amounts."""

    amount: float
    """The first engine's number minus the second's."""
    causes: tuple[Cause, ...]
    """The largest first."""
    left_out: float
    """What the causes that are not listed add up to."""
    path: tuple[Address, ...]
    """The way to where it first came: from this number along the largest cause each time."""
    arises: bool
    """Whether it arises at the path's end; else that is a leaf, whose difference is older than this pass."""
    text: str
    """In a sentence."""


@dataclass(frozen=True)
class Explanation:
    """Where a number comes from: its formula, with the actual operands, in every engine that has it."""

    address: Address
    formula: str
    """`z2[0,3] = Σⱼ a1[0,j]·W2[3,j] + b2[3]`; of a leaf, what it is."""
    numbers: Mapping[str, str]
    """The formula with numbers, by engine; with ≠ before the engine's own where the formula does not give it."""
    terms: tuple[Term, ...]
    """Those that are shown."""
    count: int
    """How many there are."""
    order: Order
    operands: tuple[Operand, ...]
    """Every number that the terms shown are made of, each once: the links."""
    more_operands: int
    """How many operands of a function are not listed."""
    closings: Mapping[str, Closing]
    """By engine that has the number and all of its operands."""
    results: Mapping[str, float]
    """By engine that has the number."""
    beside: tuple[Operand, ...]
    """Numbers worth seeing beside it: a weight before and after its update."""
    used_by: tuple[Cells, ...]
    """What it feeds into."""
    differences: Mapping[Pair, Difference] = field(default_factory=dict)
    """Between the first engine and each other one, where they differ."""
    remarks: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    """By engine: which numbers are not its own, in sentences without their capital and full stop."""

    @property
    def leaf(self) -> bool:
        """Whether it is made of nothing: x, y, a parameter, or what the optimizer kept."""
        return not self.count

    @property
    def of_sum(self) -> bool:
        """Whether it is a sum of several terms."""
        return self.count > 1

    @property
    def left_out(self) -> int:
        """How many terms are not shown."""
        return self.count - len(self.terms)
