"""Frame: all that is known of one epoch, immutable."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np

from core.arrays import read_only
from core.errors import EpochError
from core.tensors import INPUT, TARGET, Quantity, TensorName

if TYPE_CHECKING:
    from collections.abc import Mapping

    from core.arrays import FloatArray
    from core.engines.base import Pass
    from core.parameters import Parameters


@dataclass(frozen=True)
class EngineFrame:
    """One engine's epoch: the pass made with θ_{k−1}, and the update that followed. All arrays are read-only.

    At epoch 0 nothing has been computed yet: `computed` and `loss` are None, and `before` and `after` are both θ_0.
    """

    name: str
    label: str
    start: str
    """The sha256 of the initial parameters as drawn."""
    before: Parameters
    """Those that the pass was made with: θ_{k−1}, and with batches those before the update."""
    after: Parameters
    """θ_k; inside an epoch, those after the update."""
    computed: Pass | None
    """The pass of the epoch's last batch; inside an epoch, of the update's."""
    loss: float | None
    """The epoch's loss: with several batches, the mean over its samples (see `Loss.of_epoch`). Inside an epoch, that of
    the update's own batch.
    """
    batch: str | None = None
    """Which batch of the epoch `computed` is of, where there are several."""
    vectors_before: Mapping[str, FloatArray] = field(default_factory=dict)
    """What the optimizer kept before the update, as `EngineState.optimizer`; empty before the first one."""
    vectors_after: Mapping[str, FloatArray] = field(default_factory=dict)
    """What it kept after the update."""

    def tensor(self, name: TensorName) -> FloatArray:
        """Return one tensor: W (outputs, inputs), b (outputs,), everything else (N, width).

        Raises:
            EpochError: epoch 0 has parameters alone, or the engine does not tell it.
        """
        if name.quantity is Quantity.PARAMETER:
            return _part(self.before, name)
        if self.computed is None:
            raise EpochError(f"{name} is not known at epoch 0", expected="an epoch that has been trained")
        if name.quantity is Quantity.UPDATE:
            with np.errstate(all="ignore"):  # a run that diverges has inf − inf
                return read_only(_part(self.after, name) - _part(self.before, name))
        if name.quantity is Quantity.GRADIENT:
            return _part(self.computed.gradients, name)
        tensor = _of_units(self.computed, name)
        if tensor is None:
            raise EpochError(f"{name} is not among what {self.name} returns")
        return tensor


@dataclass(frozen=True)
class Frame:
    """One epoch in every engine that has trained it; or, inside an epoch, one of its updates before the last."""

    epoch: int
    engines: Mapping[str, EngineFrame]
    update: int | None = None
    """Which update of the epoch, 1 or later, where it is not the last one."""
    updates: int = 1
    """How many the epoch has; 0 at epoch 0."""

    @property
    def comparable(self) -> bool:
        """Whether all engines started from the same parameters; where not, their numbers can't be compared."""
        return len({engine.start for engine in self.engines.values()}) <= 1


def _part(parameters: Parameters, name: TensorName) -> FloatArray:
    return (parameters.W if name.part == "W" else parameters.b)[name.layer]


def _of_units(computed: Pass, name: TensorName) -> FloatArray | None:
    if name == INPUT:
        return computed.x
    if name == TARGET:
        return computed.y
    by_layer = {
        Quantity.PRE_ACTIVATION: computed.z,
        Quantity.ACTIVATION: computed.a,
        Quantity.DELTA: computed.delta,
    }
    return by_layer[name.quantity].get(name.layer)
