"""Selection: which tensor, which cell, as which engine has it; plain and immutable.

The epoch is not in it: the trainer is what walks through the epochs, and a View says where it stands.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from core.tensors import INPUT, TARGET, Part, Quantity, TensorName, tensor_names
from tui.shown import views_of

if TYPE_CHECKING:
    from tui.protocol import Matrix, View


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

    @property
    def tensor(self) -> TensorName:
        """The name of the selected tensor."""
        return TensorName(self.quantity, self.layer, self.part if self.quantity.of_parameters else "")

    def of(self, name: TensorName) -> Selection:
        """Select a tensor."""
        return replace(self, quantity=name.quantity, layer=name.layer, part=name.part or self.part)

    def next_tensor(self, by: int, depth: int) -> Selection:
        """Go `by` tensors on among those of the quantity, as far as there are any."""
        names = tensor_names(self.quantity, depth)
        return self.of(names[min(max(names.index(self.tensor) + by, 0), len(names) - 1)])

    def next_quantity(self, depth: int) -> Selection:
        """Go on to the next quantity, in the same layer; from x to the first layer, from y to the last."""
        quantities = list(Quantity)
        layer = {INPUT: 1, TARGET: depth}.get(self.tensor, self.layer)
        following = quantities[(quantities.index(self.quantity) + 1) % len(quantities)]
        return replace(self, quantity=following, layer=layer)

    def next_shown(self, engines: tuple[str, ...]) -> Selection:
        """Go on to the next engine, then to the differences, the digits and the shares of what rounding can do."""
        views = views_of(engines)
        at = views.index(self.shown) + 1 if self.shown in views else 0
        return replace(self, shown=views[at % len(views)])

    def at(self, row: int, column: int) -> Selection:
        """Select a cell."""
        return replace(self, row=row, column=column)


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
