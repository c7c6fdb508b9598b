"""Recording: two files of gradients as two engines, A and B, whose epochs are the passes found in the files.

Nothing is computed but what judging needs: what a file does not hold is not there.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from itertools import zip_longest
from typing import TYPE_CHECKING, TypeGuard

import numpy as np

from core.compare import compare, compare_passes, side_by_side
from core.compare.bounds import bounds_of, drift
from core.compare.comparing import DIGITS
from core.errors import EpochError
from core.experiment import parameter_count
from core.frame import EngineFrame, Frame
from core.functions.losses import LOSSES
from core.parameters import Parameters
from core.tensors import TensorName, parse_tensor_name

if TYPE_CHECKING:
    from collections.abc import Mapping

    from core.arrays import FloatArray
    from core.compare import Comparison, Pair
    from core.compare.judging import BoundsOf
    from core.dat.reading import Found, Reading, Tensor

SIDES = ("A", "B")
"""The two engines: the files in the order in which they were named."""

UNKNOWN = "?"
"""An activation that no file tells."""


@dataclass(frozen=True)
class RecordedEngine(EngineFrame):
    """What one file holds of a pass. `before` and `after` are nan where it does not hold the parameters."""

    held: Mapping[str, Tensor] = field(default_factory=dict)
    """The tensors by name, those that can stand beside the other file's."""
    left_out: Mapping[str, str] = field(default_factory=dict)
    """Why others can't."""

    def tensor(self, name: TensorName) -> FloatArray:
        """Return one tensor, as the file has it.

        Raises:
            EpochError: the file does not hold it, or in another shape than the other file.
        """
        if (tensor := self.held.get(str(name))) is not None:
            return tensor.values
        raise EpochError(self.left_out.get(str(name)) or f"{self.name} holds no {name}")


@dataclass(frozen=True)
class Sides:
    """A pass as the two files have it; where one has no counterpart, it stands alone."""

    found: Mapping[str, Found]
    """By engine."""
    pair: Pair | None
    """What they show of one another; None where there is one alone."""

    @property
    def layers(self) -> tuple[int, ...]:
        """The widths from the input to the output; 0 where no tensor tells."""
        widths: dict[int, int] = {}
        for found in self.found.values():
            for name, tensor in found.tensors.items():
                for layer, width in _widths(parse_tensor_name(name), tensor.values.shape):
                    widths.setdefault(layer, width)
        return tuple(widths.get(layer, 0) for layer in range(max(widths) + 1))

    @property
    def activations(self) -> tuple[str, ...]:
        """The activation of each layer 1 to L, as far as the files tell; where they tell two, both."""
        depth = len(self.layers) - 1
        told = [names for found in self.found.values() if len(names := _activations(found)) == depth]
        return tuple("/".join(dict.fromkeys(names)) for names in zip(*told, strict=True)) or (UNKNOWN,) * depth

    @property
    def network(self) -> str:
        """The widths, with the activations where they are known."""
        told = dict.fromkeys(found.dump.network for found in self.found.values() if found.dump is not None)
        return " / ".join(told) or "-".join(str(width or UNKNOWN) for width in self.layers)

    @property
    def losses(self) -> Mapping[str, float]:
        """The loss in each file that tells it."""
        return {side: found.dump.loss_value for side, found in self.found.items() if found.dump is not None}

    @property
    def loss(self) -> str:
        """The formula of the loss, where the files tell one."""
        settings = [found.dump.settings for found in self.found.values() if found.dump is not None]
        return " / ".join(dict.fromkeys(LOSSES[each.loss].formula for each in settings if each is not None))

    @property
    def drift(self) -> float | None:
        """How far the parameters of the two are apart, relative to the largest; None where not both are held."""
        return drift(*self.found.values()) if len(self.found) == len(SIDES) else None


class Recording:
    """The passes of two files, 1 to `count`, with what they come to."""

    def __init__(self, a: Reading, b: Reading, bounds: BoundsOf = bounds_of, *, digits: int = DIGITS) -> None:
        self.paths = dict(zip(SIDES, (a.path, b.path), strict=True))
        self.comparison: Comparison = compare(a, b, bounds, digits=digits)
        rows = side_by_side(a, b)
        pairs = list(self.comparison.pairs)
        if len(pairs) < sum(None not in row for row in rows):  # of many, the verdict takes one alone
            pairs = [compare_passes(*row, bounds, digits) for row in rows if _are_two(row)]
        self.passes = tuple(_sides(row, pair) for row, pair in zip_longest(rows, pairs))

    @property
    def count(self) -> int:
        """How many passes there are."""
        return len(self.passes)

    def at(self, number: int) -> Sides:
        """Return a pass.

        Raises:
            EpochError: there is none of that number.
        """
        if not 1 <= number <= self.count:
            raise EpochError(f"the files have no pass {number}", expected=f"1 to {self.count}")
        return self.passes[number - 1]

    def frame(self, number: int) -> Frame:
        """Return what the files hold of a pass.

        Raises:
            EpochError: there is none of that number.
        """
        sides = self.at(number)
        engines: dict[str, EngineFrame] = {}
        for side, found in sides.found.items():
            other = next((each.held for each in engines.values() if isinstance(each, RecordedEngine)), {})
            engines[side] = _engine(side, found, other)
        return Frame(number, engines)


def _are_two(row: tuple[Found | None, Found | None]) -> TypeGuard[tuple[Found, Found]]:
    return None not in row


def _sides(row: tuple[Found | None, Found | None], pair: Pair | None) -> Sides:
    return Sides({side: each for side, each in zip(SIDES, row, strict=True) if each is not None}, pair)


def _engine(side: str, found: Found, other: Mapping[str, Tensor]) -> RecordedEngine:
    """Return a side's tensors; those that have another shape on the other side are left out."""
    held, left_out = {}, {}
    for name, tensor in found.tensors.items():
        if name in other and other[name].values.shape != tensor.values.shape:
            shapes = [" × ".join(map(str, each.values.shape)) for each in (tensor, other[name])]
            left_out[name] = f"{name} is {shapes[0]} in {side} and {shapes[1]} in the other file"
        else:
            held[name] = tensor
    parameters = _parameters(found)
    label = side if found.dump is None else found.dump.engine
    loss = None if found.dump is None else found.dump.loss_value
    batch = None if found.dump is None else found.dump.batch
    return RecordedEngine(side, label, "", parameters, parameters, None, loss, batch, held=held, left_out=left_out)


def _parameters(found: Found) -> Parameters:
    """Return the parameters that a file holds, nan for the others."""
    layers = Sides({"": found}, None).layers
    dtype = next(iter(found.tensors.values())).values.dtype
    parameters = Parameters(layers, np.full(parameter_count(layers), np.nan, dtype))
    for k in range(1, len(layers)):
        for views, name in ((parameters.W, f"W{k}"), (parameters.b, f"b{k}")):
            if name in found.tensors and found.tensors[name].values.shape == views[k].shape:
                views[k][...] = found.tensors[name].values
    return parameters


def _activations(found: Found) -> tuple[str, ...]:
    """Return the activations of a pass's network; none where they are not told."""
    if found.dump is None or found.dump.settings is None:
        return ()
    return found.dump.settings.at(found.dump.epoch).activations()


def _widths(name: TensorName, shape: tuple[int, ...]) -> list[tuple[int, int]]:
    """Return which layers are how wide by a tensor's shape."""
    if name.part == "W" and len(shape) == 2:
        return [(name.layer, shape[0]), (name.layer - 1, shape[1])]
    if name.part == "b":
        return [(name.layer, shape[0])]
    return [(name.layer, shape[1])] if len(shape) == 2 and name.layer >= 0 else []
