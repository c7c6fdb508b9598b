"""Slots: what the pieces of one pass are, once headings or shapes have told; and how layers get their numbers."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from core.dat.headings import HIDDEN, OUTPUT
from core.tensors import Quantity, TensorName

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from typing import Literal

    from core.dat.headings import Layer
    from core.dat.reading import Tensor


@dataclass(frozen=True)
class Slot:
    """A tensor of a pass, with its layer as the file calls it."""

    quantity: Quantity
    part: Literal["W", "b"]
    layer: Layer


@dataclass
class Group:
    """The tensors of one pass, in the shapes that the file gives them."""

    slots: dict[Slot, Tensor] = field(default_factory=dict)
    label: str = ""
    epoch: int | None = None


def by_name(slots: Mapping[Slot, Tensor]) -> dict[TensorName, Tensor]:
    """Return the tensors with their layers as numbers from 1; gradients first, then from layer 1 up, W before b."""
    numbers = _numbers(slot.layer for slot in slots)
    named = {TensorName(slot.quantity, numbers[slot.layer], slot.part): each for slot, each in slots.items()}
    order = list(Quantity)
    return dict(sorted(named.items(), key=lambda item: (order.index(item[0].quantity), item[0].layer, item[0].part)))


def _numbers(layers: Iterable[Layer]) -> dict[Layer, int]:
    """Return each layer's number, from 1. Files count from 0 or 1, or in the steps of `nn.Sequential`: 0, 2, 4.

    Numbers in a row that begin at 2 or later are kept: the layers before are missing.
    """
    said = set(layers)
    counted = sorted(each for each in said if isinstance(each, int))
    in_a_row = bool(counted) and counted[0] > 0 and counted[-1] - counted[0] == len(counted) - 1
    numbers: dict[Layer, int] = {each: each if in_a_row else at for at, each in enumerate(counted, start=1)}
    for place in (HIDDEN, OUTPUT):
        if place in said:
            numbers[place] = max(numbers.values(), default=0) + 1
    return numbers
