"""Every tensor in its own shape: W (outputs, inputs), b (outputs,), however the file lays them out."""

from __future__ import annotations

import itertools
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from core.dat.reading import Found, Tensor
from core.dat.slots import by_name
from core.tensors import Quantity, TensorName

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from core.dat.slots import Group

STRAIGHT, TURNED = "outputs × inputs", "inputs × outputs"


@dataclass
class Placed:
    """What came of it."""

    found: list[Found] = field(default_factory=list)
    remarks: list[str] = field(default_factory=list)


def place(groups: Sequence[Group]) -> Placed:
    """Bring the tensors of all passes into their shapes.

    Square weights could be either way: they are read like the file's others, or as outputs × inputs where no other
    tells.
    """
    passes = [_Pass(by_name(group.slots)) for group in groups]
    ways = {name: way for each in passes for name, way in each.ways.items() if way}
    usual = TURNED if ways and set(ways.values()) == {TURNED} else STRAIGHT
    placed = Placed()
    if len(set(ways.values())) > 1:
        placed.remarks.append(f"weights are {STRAIGHT} in some tensors and {TURNED} in others")
    for group, each in zip(groups, passes, strict=True):
        tensors = {str(name): each.laid_out(name, usual) for name in each.tensors}
        like = next((name for name, way in ways.items() if way == usual), None)
        why = f"read as {usual}" + (f", as {like} is" if like else "; nothing in the file tells")
        either = {str(name): why for name, way in each.ways.items() if way is None}
        placed.found.append(Found(tensors, group.label, group.epoch, None, either))
        placed.remarks += [f"{group.label}: {remark}" if group.label else remark for remark in each.remarks]
    return placed


class _Pass:
    """The tensors of one pass, and which way round its weights are."""

    def __init__(self, tensors: Mapping[TensorName, Tensor]) -> None:
        flat = {name: _flat_bias(name, _without_ones(each)) for name, each in tensors.items()}
        self.tensors = {name: _flat_weight(name, flat) for name in flat}
        self.remarks: list[str] = []
        self.ways: dict[TensorName, str | None] = {}
        """For each weight that is a matrix and fits; None for a square one."""
        self._widths = self._known_widths()
        self._look_for_missing()
        for name in self.tensors:
            if name.part == "W":
                self._look_at(name)

    def laid_out(self, name: TensorName, usual: str) -> Tensor:
        """Return a tensor as outputs × inputs; `usual` is how the file's weights are."""
        tensor = self.tensors[name]
        if name.part != "W":
            return tensor
        if tensor.values.ndim == 1:
            return self._from_vector(name, tensor)
        way = self.ways.get(name, STRAIGHT)
        return tensor.turned() if (way or usual) == TURNED else tensor

    def _from_vector(self, name: TensorName, tensor: Tensor) -> Tensor:
        shape = (self._widths.get(name.layer, 0), self._widths.get(name.layer - 1, 0))
        if shape[0] * shape[1] != tensor.values.size:
            shape = (1, tensor.values.size)
        return Tensor(tensor.values.reshape(shape), tensor.unit.reshape(shape))

    def _look_at(self, name: TensorName) -> None:
        """Find out which way round a weight is."""
        shape = self.tensors[name].values.shape
        outputs, inputs = self._widths.get(name.layer), self._widths.get(name.layer - 1)
        if len(shape) == 1:
            if outputs is None or inputs is None or outputs * inputs != shape[0]:
                self._misfit(name)
            elif min(outputs, inputs) > 1:
                self.remarks.append(f"{name} is a list of {shape[0]} numbers: read row by row as {STRAIGHT}")
            return
        if len(shape) != 2:
            self._misfit(name)
            return
        straight = outputs in (None, shape[0]) and inputs in (None, shape[1])
        turned = outputs in (None, shape[1]) and inputs in (None, shape[0])
        if straight and turned:
            if shape[0] == shape[1] > 1:
                self.ways[name] = None
            elif shape[0] != shape[1]:
                self.ways[name] = self._by_the_chain()
        elif straight or turned:
            self.ways[name] = STRAIGHT if straight else TURNED
        else:
            self._misfit(name)

    def _misfit(self, name: TensorName) -> None:
        shape = " × ".join(map(str, self.tensors[name].values.shape))
        wanted = " × ".join(str(self._widths.get(k, "?")) for k in (name.layer, name.layer - 1))
        self.remarks.append(f"{name} is {shape}, which doesn't fit the others ({wanted})")

    def _known_widths(self) -> dict[int, int]:
        """Return the width of each layer, as far as biases tell it, and weights beside those that are known."""
        vectors = {name: each for name, each in self.tensors.items() if name.part == "b" and each.values.ndim == 1}
        widths = {name.layer: each.values.size for name, each in vectors.items()}
        weights = [(name, each.values.shape) for name, each in self.tensors.items() if name.part == "W"]
        if not widths:
            widths = self._widths_of_a_chain()
        for name, shape in [*weights, *reversed(weights)]:
            _tell(widths, name.layer, shape)
        return widths

    def _widths_of_a_chain(self) -> dict[int, int]:
        """Return the widths where there are weights alone, whose inner sizes have to meet."""
        if self._by_the_chain() == TURNED:
            return {name.layer: each.values.shape[-1] for name, each in self._matrices()}
        return {name.layer: each.values.shape[0] for name, each in self._matrices()}

    def _by_the_chain(self) -> str:
        shapes = [each.values.shape for name, each in self._matrices() if name.quantity is Quantity.GRADIENT]
        pairs = list(itertools.pairwise(shapes))
        straight = all(above[1] == below[0] for below, above in pairs)
        turned = all(below[1] == above[0] for below, above in pairs)
        return TURNED if turned and not straight else STRAIGHT

    def _matrices(self) -> list[tuple[TensorName, Tensor]]:
        return [(name, each) for name, each in self.tensors.items() if name.part == "W" and each.values.ndim == 2]

    def _look_for_missing(self) -> None:
        """Say which tensors one would expect that are not there."""
        for quantity in {name.quantity: None for name in self.tensors}:
            there = {(name.part, name.layer) for name in self.tensors if name.quantity is quantity}
            depth = max(layer for _, layer in there)
            parts = {part for part, _ in there}
            if quantity is Quantity.GRADIENT and len(parts) == 1:
                self.remarks.append(f"no gradient of a {'bias' if 'W' in parts else 'weight'} was found in the file")
            missing = [
                str(TensorName(quantity, k, part))
                for k in range(1, min(depth, 100) + 1)
                for part in ("W", "b")
                if part in parts and (part, k) not in there
            ]
            if missing:
                self.remarks.append(f"{', '.join(missing[:6])}{', …' * (len(missing) > 6)}: not found in the file")


def _tell(widths: dict[int, int], layer: int, shape: tuple[int, ...]) -> None:
    """Learn a width from a weight whose other side's is known, in place."""
    outputs, inputs = widths.get(layer), widths.get(layer - 1)
    if len(shape) == 1:
        if outputs and inputs is None and shape[0] % outputs == 0:
            widths[layer - 1] = shape[0] // outputs
        return
    if len(shape) != 2:
        return
    if outputs in shape and inputs is None:
        widths[layer - 1] = shape[1] if shape[0] == outputs else shape[0]
    elif inputs in shape and outputs is None:
        widths[layer] = shape[0] if shape[1] == inputs else shape[1]


def _without_ones(tensor: Tensor) -> Tensor:
    """Drop leading axes of length 1 beyond two."""
    values, unit = tensor.values, tensor.unit
    while values.ndim > 2 and values.shape[0] == 1:
        values, unit = values[0], unit[0]
    if values.ndim == 0:
        values, unit = values.reshape(1), unit.reshape(1)
    return Tensor(values, unit)


def _flat_weight(name: TensorName, tensors: Mapping[TensorName, Tensor]) -> Tensor:
    """Take a weight for a list where its numbers stand in a column or row that has not its bias's length."""
    tensor = tensors[name]
    bias = tensors.get(TensorName(name.quantity, name.layer, "b"))
    shape = tensor.values.shape
    if name.part != "W" or bias is None or len(shape) != 2 or 1 not in shape or bias.values.size in shape:
        return tensor
    return Tensor(tensor.values.ravel(), tensor.unit.ravel()) if tensor.values.size % bias.values.size == 0 else tensor


def _flat_bias(name: TensorName, tensor: Tensor) -> Tensor:
    if name.part == "b" and tensor.values.ndim == 2 and 1 in tensor.values.shape:
        return Tensor(tensor.values.ravel(), tensor.unit.ravel())
    return tensor
