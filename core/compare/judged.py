"""Two passes side by side, before there is a verdict on them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from core.compare.explain import downward

if TYPE_CHECKING:
    from core.compare.elements import Elements
    from core.dat.reading import Found
    from core.experiment import Precision


@dataclass(frozen=True)
class Judged:
    """Two passes with the gradients that both have."""

    a: Found
    b: Found
    elements: tuple[Elements, ...]
    basis: str
    by_bounds: bool
    """Whether both sides were judged by the bounds of their own passes."""
    precision: Precision
    """The coarser one that the two seem to have been computed in."""
    notes: tuple[str, ...] = ()
    """Why no bounds could be derived, and which gradients one side lacks."""

    @property
    def outside(self) -> list[Elements]:
        """The tensors with elements that can't be explained, from the loss downward."""
        found = {each.name: each for each in self.elements if each.outside.any()}
        return [found[name] for name in downward(list(found))]

    @property
    def count(self) -> int:
        """How many numbers are compared."""
        return sum(each.a.values.size for each in self.elements)
