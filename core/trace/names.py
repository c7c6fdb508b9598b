"""Addresses: where a number lives. A tensor's name, or a name that only explanations have, and the cell in it."""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import Enum
from typing import TypeAlias

from core.tensors import Part, TensorName


class Kind(Enum):
    """Numbers that no pane shows."""

    LOSS = "loss"
    """The loss of the batch; no cell."""
    TERM = "loss term"
    """One term of the loss, before it is divided: sample, output."""
    OUTPUT_GRADIENT = "dL/dŷ"
    """∂L/∂ŷ: sample, output."""
    SLOPE = "slope"
    """f′(z): sample, unit."""
    NEXT = "next parameter"
    """A parameter after the update."""
    KEPT = "kept"
    """What the optimizer kept of a parameter before the update."""
    NEXT_KEPT = "next kept"
    """What it keeps after the update."""
    STEP = "step"
    """How many updates the optimizer had made before; no cell."""
    NEXT_STEP = "next step"
    LOCAL = "local"
    """What an update rule computes on its way, such as the gradient with weight decay."""


_FORMS = {
    Kind.LOSS: "L{}",
    Kind.TERM: "L{}",
    Kind.OUTPUT_GRADIENT: "dL/da{layer}{}",
    Kind.SLOPE: "{symbol}′(z{layer}{})",
    Kind.NEXT: "next {part}{layer}{}",
    Kind.KEPT: "{symbol}({part}{layer}{})",
    Kind.NEXT_KEPT: "next {symbol}({part}{layer}{})",
    Kind.STEP: "t{}",
    Kind.NEXT_STEP: "next t{}",
    Kind.LOCAL: "{symbol}({part}{layer}{})",
}


@dataclass(frozen=True)
class Aside:
    """A name for numbers that no pane shows: they are only explained."""

    kind: Kind
    layer: int = 0
    part: Part = ""
    symbol: str = ""

    def __str__(self) -> str:
        return self.at("")

    def at(self, cell: str) -> str:
        """Write it with a cell."""
        return _FORMS[self.kind].format(cell, layer=self.layer, part=self.part, symbol=self.symbol)


Name: TypeAlias = TensorName | Aside


def written(name: Name, cell: tuple[str, ...]) -> str:
    """Write a name with a cell: `z2[0,3]`, `σ′(z2[0,3])`, `W2[3,j]`."""
    text = f"[{','.join(cell)}]" if cell else ""
    return name.at(text) if isinstance(name, Aside) else f"{name}{text}"


@dataclass(frozen=True)
class Address:
    """Where a number lives: which tensor, which cell.

    The cell of a weight is (output, input), of a bias (output,), of a unit's quantity (sample, unit); the sample counts
    within the batch of the frame. The loss has no cell.
    """

    tensor: Name
    cell: tuple[int, ...] = ()

    def __str__(self) -> str:
        return written(self.tensor, tuple(map(str, self.cell)))

    @property
    def shown(self) -> bool:
        """Whether a pane shows it; where not, it can only be explained."""
        return isinstance(self.tensor, TensorName)


@dataclass(frozen=True)
class Cells:
    """Some cells of one tensor: those with the given indices; None stands for all, as in `z2[·,3]`."""

    tensor: Name
    cell: tuple[int | None, ...] = ()

    def __str__(self) -> str:
        return written(self.tensor, tuple("·" if each is None else str(each) for each in self.cell))

    def first(self, near: int = 0) -> Address:
        """Return one of them: the one with `near`, such as the sample that is looked at, wherever all are meant."""
        return Address(self.tensor, tuple(near if each is None else each for each in self.cell))

    def __contains__(self, address: Address) -> bool:
        """Whether an address is among them."""
        pairs = zip(self.cell, address.cell, strict=False)
        same = self.tensor == address.tensor and len(self.cell) == len(address.cell)
        return same and all(wanted in (None, given) for wanted, given in pairs)


def split_cell(text: str) -> tuple[str, tuple[int, ...] | None]:
    """Part an address as written into the name and the cell; None where no cell is given."""
    found = re.search(r"\[\s*(\d{1,9}(?:\s*,\s*\d{1,9})*)\s*\]", text)
    if found is None:
        return text.strip(), None
    name = (text[: found.start()] + text[found.end() :]).strip()
    return name, tuple(int(each) for each in found[1].split(","))
