"""Values: an engine's numbers, by the names that explanations use. All come from its frame.

What an engine does not keep (f′(z), ∂L/∂ŷ, the terms of the loss, the steps of an update rule) is made by the tables'
own functions from what it does keep.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from core.errors import EpochError
from core.functions.optimizers import STEP
from core.parameters import Parameters
from core.tensors import TensorName
from core.trace.equations import equation
from core.trace.lent import is_of_update
from core.trace.names import Aside, Kind

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from core.arrays import FloatArray
    from core.engines.base import Pass
    from core.frame import EngineFrame
    from core.trace.equation import Bound, Ref
    from core.trace.lent import Lent
    from core.trace.names import Address, Name
    from core.trace.network import Network

Index = tuple[int | slice, ...]


@dataclass(frozen=True, eq=False)
class Values:
    """One engine's numbers at an epoch."""

    network: Network
    name: str
    """The engine's, in the frame of all engines."""
    frame: EngineFrame
    lent: Lent | None = None
    """Where the engine returns only some of its pass: the frame is completed, and this says by what."""

    @property
    def dtype(self) -> np.dtype[np.floating[Any]]:
        """What the engine's parameters are in."""
        return self.frame.before.flat.dtype

    def precision(self, name: Name) -> np.dtype[np.floating[Any]]:
        """Return what the engine computes a tensor in."""
        return self.dtype if self.lent is None or is_of_update(name) else self.lent.precision

    def of(self, address: Address) -> float | None:
        """Return a number; None where the engine does not have it."""
        found = self.block(address.tensor, address.cell)
        return None if found is None else float(found)

    def along(self, ref: Ref, bound: Bound) -> FloatArray | None:
        """Return the cells that are meant, with an axis for each free letter; None where the engine has them not."""
        return self.block(ref.name, tuple(bound.get(letter, slice(None)) for letter in ref.letters))

    def block(self, name: Name, index: Index) -> FloatArray | None:
        """Return a part of a tensor, as NumPy indexes it; None where the engine does not have it."""
        try:
            if isinstance(name, TensorName):
                return np.asarray(self.frame.tensor(name)[index])
            with np.errstate(all="ignore"):
                return np.asarray(_READERS[name.kind](self, name, index))
        except (EpochError, KeyError):
            return None

    @property
    def computed(self) -> Pass:
        """The pass.

        Raises:
            KeyError: nothing has been computed yet.
        """
        if self.frame.computed is None:
            raise KeyError("pass")
        return self.frame.computed

    def parameter(self, flat: FloatArray, name: Name) -> FloatArray:
        """Return a layer's part of a flat vector."""
        parts = Parameters(self.network.layers, flat)
        return (parts.W if name.part == "W" else parts.b)[name.layer]


def _loss(values: Values, name: Aside, index: Index) -> float:
    return values.computed.loss


def _terms(values: Values, name: Aside, index: Index) -> FloatArray:
    network, computed = values.network, values.computed
    judged = (computed.z if network.loss.fused else computed.a)[network.depth]
    return network.loss.terms(judged, computed.y)[index]


def _output_gradient(values: Values, name: Aside, index: Index) -> FloatArray:
    computed, (rows, inner) = values.computed, _rows(index)
    slope = values.network.loss.slope(computed.a[name.layer][rows], computed.y[rows])
    return (slope / values.network.divisor)[inner]


def _slope(values: Values, name: Aside, index: Index) -> FloatArray:
    computed, (rows, inner) = values.computed, _rows(index)
    derivative = values.network.activation(name.layer).derivative
    assert derivative is not None
    return derivative(computed.z[name.layer][rows], computed.a[name.layer][rows])[inner]


def _rows(index: Index) -> tuple[slice, Index]:
    """Part an index into whole rows, and what is meant of them: functions of a batch want a batch."""
    first, *others = index
    if isinstance(first, slice):
        return first, (slice(None), *others)
    return slice(first, first + 1), (0, *others)


def _next(values: Values, name: Aside, index: Index) -> FloatArray:
    _ = values.computed
    return values.parameter(values.frame.after.flat, name)[index]


def _kept(values: Values, name: Aside, index: Index) -> FloatArray:
    """Return what the optimizer kept before; nothing yet is zero."""
    _ = values.computed
    vector = values.frame.vectors_before.get(values.network.vectors[name.symbol])
    flat = np.zeros_like(values.frame.before.flat) if vector is None else vector
    return values.parameter(flat, name)[index]


def _next_kept(values: Values, name: Aside, index: Index) -> FloatArray:
    return values.parameter(values.frame.vectors_after[values.network.vectors[name.symbol]], name)[index]


def _step(values: Values, name: Aside, index: Index) -> float:
    _ = values.computed
    return float(_first(values.frame.vectors_before))


def _next_step(values: Values, name: Aside, index: Index) -> float:
    return float(values.frame.vectors_after[STEP])


def _first(vectors: Mapping[str, FloatArray]) -> Any:  # noqa: ANN401 - an array of no dimension, or 0
    return vectors.get(STEP, 0.0)


def _local(values: Values, name: Aside, index: Index) -> FloatArray:
    """Compute a step of the update rule in the engine's precision."""
    made = equation(values.network, name)
    assert made is not None
    bound = {letter: at for letter, at in zip(made.left.letters, index, strict=True) if isinstance(at, int)}
    arrays = {ref: values.along(ref, bound) for ref in made.refs}
    if any(each is None for each in arrays.values()):
        raise KeyError(str(name))
    if made.function is not None:
        result = made.function.value([arrays[ref] for ref in made.refs], bound)
        return np.asarray(result, values.dtype)
    total: Any = np.zeros((), values.dtype)
    for product in made.products:
        part: Any = float(product.coefficient)
        for factor in product.factors:
            part = arrays[factor] * part
        total = total + part
    return np.asarray(total, values.dtype)


_READERS: dict[Kind, Callable[[Values, Aside, Index], Any]] = {
    Kind.LOSS: _loss,
    Kind.TERM: _terms,
    Kind.OUTPUT_GRADIENT: _output_gradient,
    Kind.SLOPE: _slope,
    Kind.NEXT: _next,
    Kind.KEPT: _kept,
    Kind.NEXT_KEPT: _next_kept,
    Kind.STEP: _step,
    Kind.NEXT_STEP: _next_step,
    Kind.LOCAL: _local,
}
"""How numbers that are no tensor of the frame are read from it, or made from what is."""
