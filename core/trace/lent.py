"""Lent: what a right pass lends an engine that returns only some of its own, so that all of it can be explained.

Somebody's own file returns gradients, and z, a or δ only if it likes to. Whatever it does not return is taken from a
right pass at the same parameters and batch. The two are not the same to the last bit even if the file is right: how far
rounding may part them comes from the reference.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np

from core.reference import Network, reference
from core.simulation import Given as Batch
from core.simulation import Simulation
from core.tensors import Quantity, TensorName
from core.trace.names import Aside, Kind

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from core.arrays import Float64Array, FloatArray
    from core.engines.base import Pass
    from core.experiment import Experiment, Precision
    from core.frame import EngineFrame
    from core.reference import Reference
    from core.trace.names import Name

_OF_UPDATES = (Kind.NEXT, Kind.KEPT, Kind.NEXT_KEPT, Kind.STEP, Kind.NEXT_STEP, Kind.LOCAL)
_UNITS = (
    (Quantity.PRE_ACTIVATION, "z"),
    (Quantity.ACTIVATION, "a"),
    (Quantity.DELTA, "delta"),
)


@dataclass(frozen=True, eq=False)
class Lent:
    """An engine's epoch with all that a pass has, and which of it is not the engine's own."""

    frame: EngineFrame
    """What it returned, and what it did not as a right pass has it."""
    names: frozenset[TensorName]
    """The tensors that it did not return."""
    doubts: Mapping[Name, Float64Array]
    """By how much rounding may part a right pass and the engine's own, of each z, a and δ, and of the loss."""
    follows: EngineFrame | None = None
    """The engine that it is given the parameters of, and whose updates they follow; None where they are its own."""
    lender: str = "a right pass"

    def __contains__(self, name: Name) -> bool:
        return name in self.names

    @property
    def precision(self) -> np.dtype[np.floating]:
        """What the engine returned its gradients in."""
        assert self.frame.computed is not None
        return self.frame.computed.gradients.flat.dtype


def lend(
    frame: EngineFrame, experiment: Experiment, against: Reference | None = None, follows: EngineFrame | None = None
) -> Lent:
    """Complete the pass of an engine.

    `experiment` is that of the epoch, `experiment.at(epoch)`; `against` the reference of the pass, where it is known
    already; `follows` the engine at whose parameters it was made, if they are another's.

    Raises:
        ValueError: the epoch has no pass.
    """
    computed = frame.computed
    if computed is None:
        raise ValueError(f"{frame.name} has made no pass")
    network = Network.of(experiment)
    if against is None:
        precision: Precision = "float32" if computed.gradients.flat.itemsize == 4 else "float64"
        against = reference(network, frame.before, computed.x, computed.y, precision)
    plain = follows.computed if follows is not None and not experiment.planted() else None
    right: Pass | Simulation = plain or Simulation(Batch(network, frame.before, computed.x, computed.y))
    whole = replace(
        computed,
        z={**right.z, **computed.z},
        a={**right.a, **computed.a},
        delta={**right.delta, **computed.delta},
    )
    lender = follows.name if follows is not None and plain is not None else "a right pass"
    names = frozenset(_missing(computed, right))
    return Lent(replace(frame, computed=whole), names, dict(_doubts(against)), follows, lender)


def is_of_update(name: Name) -> bool:
    """Whether a number belongs to the update, and not to the pass before it."""
    return name.kind in _OF_UPDATES if isinstance(name, Aside) else name.quantity is Quantity.UPDATE


def _missing(computed: Pass, right: Pass | Simulation) -> Iterator[TensorName]:
    """Name what a pass does not have, and a right one does."""
    for quantity, part in _UNITS:
        has = getattr(computed, part)
        yield from (TensorName(quantity, k) for k in getattr(right, part) if k not in has)


def _doubts(against: Reference) -> Iterator[tuple[Name, Float64Array]]:
    """Give twice the bounds: each of the two passes may be that far from the reference."""
    for quantity, part in _UNITS:
        for k, bounded in getattr(against, part).items():
            yield TensorName(quantity, k), _doubled(bounded.error)
    yield Aside(Kind.LOSS), _doubled(against.loss.error)


def _doubled(error: FloatArray) -> Float64Array:
    """Double a bound; one that is no number stands for any number."""
    return 2 * np.nan_to_num(np.asarray(error, np.float64), nan=np.inf, posinf=np.inf)
