"""One epoch in slow motion, phase by phase: forward, the loss, backward, the update."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from core.tensors import Part, Quantity, TensorName
from core.trace.equations import equation
from core.trace.names import Aside, Kind, Name
from core.trace.network import Network

if TYPE_CHECKING:
    from collections.abc import Iterator

    from core.experiment import Experiment

Stage = Literal["forward", "loss", "backward", "update"]


@dataclass(frozen=True)
class Phase:
    """One step of an epoch: what is computed now, and by which equation."""

    stage: Stage
    layer: int
    """The layer at work; for the loss, the last one."""
    tensor: Name
    """What has just been computed; the loss is no tensor that a pane shows."""
    equation: str
    """Of the whole tensor: `z2 = a1·W2ᵀ + b2`."""

    @property
    def quantity(self) -> Quantity | None:
        """What a pane shows it as; None for the loss."""
        return self.tensor.quantity if isinstance(self.tensor, TensorName) else None


def walk(experiment: Experiment, epoch: int = 1) -> tuple[Phase, ...]:
    """Return the phases of an epoch (of each of its updates), in the order in which they are computed."""
    network = Network(experiment.at(max(epoch, 1)), 1)
    return tuple(_phases(network))


def _phases(network: Network) -> Iterator[Phase]:
    layers = range(1, network.depth + 1)
    both: tuple[Part, ...] = ("W", "b")
    for k in layers:
        yield _phase(network, "forward", k, TensorName(Quantity.PRE_ACTIVATION, k))
        yield _phase(network, "forward", k, TensorName(Quantity.ACTIVATION, k))
    yield _phase(network, "loss", network.depth, Aside(Kind.LOSS))
    for k in reversed(layers):
        yield _phase(network, "backward", k, TensorName(Quantity.DELTA, k))
        yield from (_phase(network, "backward", k, TensorName(Quantity.GRADIENT, k, part)) for part in both)
    yield from (_phase(network, "update", k, TensorName(Quantity.UPDATE, k, part)) for k in layers for part in both)


def _phase(network: Network, stage: Stage, layer: int, tensor: Name) -> Phase:
    of = Aside(Kind.NEXT, layer, tensor.part) if stage == "update" else tensor
    made = equation(network, of)
    assert made is not None
    return Phase(stage, layer, tensor, made.whole)
