"""Selection: which tensor, which cell, as which engine has it; plain and immutable.

The epoch is not in it: the trainer is what walks through the epochs, and a View says where it stands.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Literal, TypeVar

from core.tensors import INPUT, TARGET, Part, Quantity, TensorName, tensor_names
from tui.protocol import Explain
from tui.shown import MINE, is_derived, views_of

if TYPE_CHECKING:
    from collections.abc import Mapping

    from core.trace import Address
    from tui.protocol import Matrix, View

Found = TypeVar("Found")
FEW_TERMS, MORE = 12, 4
"""Terms of a sum that are listed at first, and how many times as many each time that more are wanted."""


@dataclass(frozen=True)
class Selection:
    """What the screen looks at."""

    quantity: Quantity = Quantity.GRADIENT
    layer: int = 1
    part: Part = "W"
    """Weights or biases; kept while a quantity of units is shown."""
    shown: str = "scratch"
    """An engine, or `difference` or `digits`."""
    row: int = 0
    column: int = 0
    explained: Address | None = None
    """The number that is explained, where it was come to by a link; None: that of the cell."""
    trail: tuple[Selection, ...] = ()
    """The way to it: what was selected before each link was followed, each without a trail of its own."""
    order: Literal["size", "index"] = "size"
    """How the terms of a sum are sorted."""
    most: int = FEW_TERMS
    """How many terms of a sum are listed."""

    @property
    def tensor(self) -> TensorName:
        """The name of the selected tensor."""
        return TensorName(self.quantity, self.layer, self.part if self.quantity.of_parameters else "")

    @property
    def engine(self) -> str:
        """The engine whose numbers pictures show: scratch where what is shown is told of engines, and is none."""
        return "scratch" if is_derived(self.shown) else self.shown

    def of(self, name: TensorName) -> Selection:
        """Select a tensor."""
        return replace(
            self, quantity=name.quantity, layer=name.layer, part=name.part or self.part, explained=None, trail=()
        )

    def next_tensor(self, by: int, depth: int) -> Selection:
        """Go `by` tensors on among those of the quantity, as far as there are any."""
        names = tensor_names(self.quantity, depth)
        return self.of(names[min(max(names.index(self.tensor) + by, 0), len(names) - 1)])

    def next_quantity(self, depth: int) -> Selection:
        """Go on to the next quantity, in the same layer; from x to the first layer, from y to the last."""
        quantities = list(Quantity)
        layer = {INPUT: 1, TARGET: depth}.get(self.tensor, self.layer)
        following = quantities[(quantities.index(self.quantity) + 1) % len(quantities)]
        return replace(self, quantity=following, layer=layer, explained=None, trail=())

    def next_shown(self, engines: tuple[str, ...]) -> Selection:
        """Go on to the next engine, then to the differences, the digits and the shares of what rounding can do."""
        views = views_of(engines)
        at = views.index(self.shown) + 1 if self.shown in views else 0
        return replace(self, shown=views[at % len(views)])

    def at_worst_of_yours(self, view: View | None) -> Selection:
        """Select the cell where the user's gradient is farthest from what it should be, as their engine has it."""
        mark = view.marks.get(self.tensor) if view is not None else None
        row, column = (*(mark.worst if mark else ()), 0, 0)[:2]
        return replace(self.at(row, column), shown=MINE)

    def at(self, row: int, column: int) -> Selection:
        """Select a cell."""
        return replace(self, row=row, column=column, explained=None, trail=())

    @property
    def asked(self) -> Explain:
        """What is to be explained."""
        if self.explained is not None:
            return Explain(self.explained.tensor, self.explained.cell, self.order, self.most)
        cell = (self.row,) if self.tensor.part == "b" else (self.row, self.column)
        return Explain(self.tensor, cell, self.order, self.most)

    def explaining(self, address: Address) -> Selection:
        """Select a number by its address, and its cell where a pane shows it."""
        if not isinstance(address.tensor, TensorName):
            return replace(self, explained=address, trail=())
        row, column = (*address.cell, 0)[:2]
        return replace(self.of(address.tensor).at(row, column), explained=address)

    def follow(self, start: Address, link: Address) -> Selection:
        """Follow a link from the number that is explained to another one."""
        left = replace(self, explained=start, trail=())
        return replace(self.explaining(link), trail=(*self.trail, left))

    def back(self) -> Selection:
        """Return to where the last link was followed; stay where there was none."""
        if not self.trail:
            return self
        return replace(self.trail[-1], trail=self.trail[:-1], shown=self.shown, order=self.order, most=self.most)

    def resorted(self) -> Selection:
        """Sort terms the other way."""
        return replace(self, order="index" if self.order == "size" else "size")

    def with_more(self, count: int) -> Selection:
        """List more terms of a sum of so many; of one whose terms are all listed, few again."""
        return replace(self, most=FEW_TERMS if self.most >= count else self.most * MORE)


def cell_of(selection: Selection, matrix: Matrix | None) -> tuple[int, int]:
    """Return the selected cell, within the matrix."""
    if matrix is None:
        return selection.row, selection.column
    return min(selection.row, matrix.rows - 1), min(selection.column, matrix.columns - 1)


def worst_of(view: View | None) -> tuple[TensorName, tuple[int, ...]] | None:
    """Return where an engine is off most, by rounding's measure; else where two engines agree least.

    None where nothing is judged and nothing can be compared.
    """
    if view is None:
        return None
    judged = [(name, each) for of_engine in view.judgements.values() for name, each in of_engine.items()]
    if judged:
        name, judgement = max(judged, key=lambda each: each[1].share)
        return name, judgement.worst
    if view.agreements:
        name, agreement = min(view.agreements.items(), key=lambda each: each[1].digits)
        return name, agreement.worst
    return None


def nothing_is_off(view: View | None, tensor: TensorName | None = None) -> bool:
    """Whether all that is judged or else compared is right to the last bit: of one tensor, or of the quantity."""
    if view is None:
        return False
    judged = [each for of_engine in view.judgements.values() for each in _of(of_engine, tensor)]
    if judged:
        return all(each.share == 0 for each in judged)
    compared = _of(view.agreements, tensor)
    return bool(compared) and all(each.ulps == 0 for each in compared)


def _of(found: Mapping[TensorName, Found], tensor: TensorName | None) -> list[Found]:
    """Return what was found of one tensor, or of all."""
    return [each for name, each in found.items() if tensor in (None, name)]
