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
    lines: tuple[str, ...] = ()
    """Of an update, the lines of the optimizer's rule that come before it: `next v(W2) = 0.9·v(W2) + dL/dW2`."""

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
    if stage != "update":
        return Phase(stage, layer, tensor, _whole(network, tensor))
    after = Aside(Kind.NEXT, layer, tensor.part)
    return Phase(stage, layer, tensor, _whole(network, after), tuple(dict.fromkeys(_lines(network, tensor))))


def _whole(network: Network, tensor: Name) -> str:
    made = equation(network, tensor)
    assert made is not None
    return made.whole


def _lines(network: Network, update: Name) -> Iterator[str]:
    """Write what leads to an update: what it is made of, as far as the optimizer makes that."""
    made = equation(network, update)
    for ref in made.refs if made is not None else ():
        of_rule = isinstance(ref.name, Aside)
        if of_rule and equation(network, ref.name) is not None:
            yield from (line for line in _lines(network, ref.name))
            yield _whole(network, ref.name)
    if made is not None and made.function is not None and isinstance(update, TensorName):
        yield made.whole
