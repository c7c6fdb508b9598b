"""Equation: how the numbers of one tensor are made from those of others, in index notation.

`dL/dW2[i,j] = Σₙ dL/dz2[n,i]·a1[n,j]` is a `Product` of two `Ref`s whose letters are `ni` and `nj`, on the right of one
with the letters `ij`. An index that stands on the right alone is summed over; reading the same letters from the right
to the left says what a number feeds into.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from fractions import Fraction
from typing import TYPE_CHECKING, Any, TypeAlias

from core.trace.names import Address, Cells, written

if TYPE_CHECKING:
    from core.trace.names import Name

Bound: TypeAlias = Mapping[str, int]
"""The numbers that letters stand for."""

SUBSCRIPTS = {"n": "ₙ", "i": "ᵢ", "j": "ⱼ", "m": "ₘ"}


@dataclass(frozen=True)
class Ref:
    """A tensor with a letter for each of its indices: n a sample, i, j and m units; none for a single number."""

    name: Name
    letters: str = ""

    def bind(self, cell: tuple[int, ...]) -> dict[str, int]:
        """Say what the letters stand for at a cell."""
        return dict(zip(self.letters, cell, strict=True))

    def free(self, bound: Bound) -> str:
        """Return the letters that stand for no number yet."""
        return "".join(letter for letter in self.letters if letter not in bound)

    def at(self, bound: Bound) -> Address:
        """Return the address, where every letter stands for a number."""
        return Address(self.name, tuple(bound[letter] for letter in self.letters))

    def cells(self, bound: Bound) -> Cells:
        """Return all cells that are meant, the others' indices being free."""
        return Cells(self.name, tuple(bound.get(letter) for letter in self.letters))

    def text(self, bound: Bound) -> str:
        """Write it; free indices as letters."""
        return written(self.name, tuple(str(bound.get(letter, letter)) for letter in self.letters))


@dataclass(frozen=True)
class Product:
    """A coefficient times factors, summed over the letters that are free."""

    factors: tuple[Ref, ...]
    coefficient: Fraction = Fraction(1)
    written: str = ""
    """The coefficient's size, where it is not written as a number."""


@dataclass(frozen=True)
class Function:
    """Any function of some numbers."""

    operands: tuple[Ref, ...]
    value: Callable[[list[Any], Bound], float]
    """The result, given an array for each operand (its free letters are its axes) and what the letters stand for."""
    written: Callable[[Callable[[Ref, Mapping[str, str]], str], Bound], str]
    """The text, given what writes an operand with some letters renamed."""
    slack: float = 2.0
    """What engines may differ by from it, in units of eps, relative to its value …"""
    floor: float = 0.0
    """… and beyond that in units of eps itself."""
    conditioned: bool = False
    """Whether they may differ by what a few roundings of its operands make of it, too."""


@dataclass(frozen=True)
class Equation:
    """The right side of one tensor's equation: a sum of products, or a function."""

    left: Ref
    products: tuple[Product, ...] = ()
    function: Function | None = None
    whole: str = ""
    """The equation of the whole tensor, in matrices: `z2 = a1·W2ᵀ + b2`."""
    note: str = ""
    """What a name on the right side stands for: `h(r) = …`; written behind it."""
    spelled: str = ""
    """What the right side is when its terms are written out, where they have names of their own."""
    assigns: bool = False
    """Whether the left side is the same parameter's next value, written `W2[3,7] ← …`."""
    beside: tuple[Ref, ...] = ()
    """Numbers worth seeing beside it, whose rounding it shares: a weight before and after its update."""
    near: tuple[Ref, ...] = ()
    """Other numbers whose rounding it shares: v ← v + (1 − ρ)(g − v) rounds v − v too, where ρ is small."""
    slack: float = 0.0
    """For sums: how far factors may be from those that the engine used, in units of eps, relative to each."""

    @property
    def refs(self) -> tuple[Ref, ...]:
        """All that stands on the right."""
        if self.function is not None:
            return self.function.operands
        return tuple(factor for product in self.products for factor in product.factors)
