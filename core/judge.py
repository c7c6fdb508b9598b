"""Whether what an engine computed is right but for rounding: each tensor of a pass against a reference at its own θ."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, cast

import numpy as np

from core.arrays import diverging
from core.reference import Network, reference
from core.tensors import Quantity, tensor_names

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from numpy.typing import NDArray

    from core.arrays import Float64Array, FloatArray
    from core.engines.base import Pass
    from core.experiment import Experiment, Precision
    from core.frame import EngineFrame
    from core.reference import Reference
    from core.rounding import Bounded
    from core.tensors import TensorName

JUDGED = (Quantity.GRADIENT, Quantity.PRE_ACTIVATION, Quantity.ACTIVATION, Quantity.DELTA)
"""The quantities that a pass computes. An update depends on vectors of the optimizer that a frame doesn't hold."""


@dataclass(frozen=True, slots=True)
class Judgement:
    """How a tensor stands to what it should be."""

    share: float
    """The largest |difference|/bound of its elements; inf where a nan or an inf is not what rounding can make."""
    worst: tuple[int, ...]
    """The element that has it."""
    value: float
    """The engine's number there."""
    reference: float
    """What it should be, but for rounding."""
    bound: float
    """How far rounding alone can part the two; inf where it can make anything of it."""
    blur: bool
    """Whether no element is larger than its own bound, zeros included: then agreement says nothing."""
    unknown: int
    """The number of elements that may be anything, as something overflowed before them."""

    @property
    def within(self) -> bool:
        """Whether rounding explains all differences."""
        return self.share <= 1


def judge_frame(
    engine: EngineFrame, experiment: Experiment, names: Iterable[TensorName] | None = None
) -> Mapping[TensorName, Judgement]:
    """Judge an engine's pass at its own θ_{k−1} and batch; nothing at epoch 0.

    `experiment` is that of the epoch, `experiment.at(epoch)`, as activations and loss may change midway. `names` are
    the tensors to judge, by default all. See `core.reference.judging_cost` for what it takes.
    """
    if engine.computed is None:
        return {}
    return judge_pass(engine.computed, reference_of(engine, engine.computed, experiment), names)


def reference_of(engine: EngineFrame, computed: Pass, experiment: Experiment) -> Reference:
    """Return the reference of an engine's pass."""
    precision = cast("Precision", str(engine.before.flat.dtype))
    return reference(Network.of(experiment), engine.before, computed.x, computed.y, precision)


def judge_pass(
    computed: Pass, against: Reference, names: Iterable[TensorName] | None = None
) -> Mapping[TensorName, Judgement]:
    """Judge what a pass computed against the reference at the same parameters and batch; all of it, or `names`."""
    wanted = judged_names(against.depth) if names is None else names
    with diverging():
        return {name: judge_tensor(_tensor(computed, name), against.bounded(name)) for name in wanted}


def judge_loss(computed: Pass, against: Reference) -> Judgement:
    """Judge the loss of a pass; the element is ()."""
    return judge_tensor(np.asarray(computed.loss, computed.z[against.depth].dtype), against.loss)


def judged_names(depth: int) -> tuple[TensorName, ...]:
    """Name all tensors that are judged in a network of `depth` layers."""
    names = (name for quantity in JUDGED for name in tensor_names(quantity, depth))
    return tuple(name for name in names if name.quantity is not Quantity.ACTIVATION or name.layer > 0)


def judge_tensor(value: FloatArray, bounded: Bounded) -> Judgement:
    """Judge one tensor against a reference of the same shape.

    Raises:
        ValueError: their shapes differ.
    """
    if value.shape != bounded.value.shape:
        raise ValueError(f"shapes {value.shape} and {bounded.value.shape} can't be compared")
    share = shares(value, bounded)
    at = int(share.argmax())
    worst = tuple(int(i) for i in np.unravel_index(at, share.shape))
    error = bounded.error
    hidden = error >= np.abs(bounded.value)
    unknown = 0 if np.isfinite(error.max()) else int(np.count_nonzero(~np.isfinite(error)))
    bound = float(error.item(at))
    return Judgement(
        float(share.item(at)),
        worst,
        float(value.item(at)),
        float(bounded.value.item(at)),
        math.inf if math.isnan(bound) else bound,
        bool(hidden.all()) or unknown == share.size,
        unknown,
    )


def shares(value: FloatArray, bounded: Bounded) -> Float64Array:
    """Return |difference|/bound, element by element: 1 is all that rounding can do.

    An element that may be anything has 0, as have two nans, equal infinities, and an infinity where the bound reaches
    beyond the largest number of the value's precision. Any other nan or infinity has inf.
    """
    with diverging():
        share: Float64Array = np.abs(value - bounded.value)
        share /= bounded.error
        if share.max() < np.inf:
            return share
        right = _right_without_a_share(value, bounded)
        return np.where(right, 0.0, np.where(np.isnan(share), np.inf, share))


def _right_without_a_share(value: FloatArray, bounded: Bounded) -> NDArray[np.bool_]:
    """Whether an element is right though its difference or its bound is no number."""
    expected, error = bounded
    same = (value == expected) | (np.isnan(value) & np.isnan(expected))
    overflows = (np.abs(expected) + error > np.finfo(value.dtype).max) & (value == np.copysign(np.inf, expected))
    right: NDArray[np.bool_] = same | overflows | ~np.isfinite(error)
    return right


def drift(a: EngineFrame, b: EngineFrame) -> float:
    """How far the parameters of two engines have drifted: max |θ_a − θ_b| / max |θ|; 0 where they are the same."""
    first, second = (np.asarray(each.before.flat, np.float64) for each in (a, b))
    with diverging():
        size = max(float(np.abs(first).max()), float(np.abs(second).max()))
        distance = float(np.abs(first - second).max())
    return distance / size if distance else 0.0


def _tensor(computed: Pass, name: TensorName) -> FloatArray:
    """Return a tensor of a pass."""
    if name.quantity is Quantity.GRADIENT:
        return (computed.gradients.W if name.part == "W" else computed.gradients.b)[name.layer]
    by_layer = {Quantity.PRE_ACTIVATION: computed.z, Quantity.ACTIVATION: computed.a, Quantity.DELTA: computed.delta}
    return by_layer[name.quantity][name.layer]
