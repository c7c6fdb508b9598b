"""One epoch in slow motion, phase by phase: forward, the loss, backward, the update."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Literal

import numpy as np

from core.tensors import Part, Quantity, TensorName
from core.trace.equations import equation
from core.trace.names import Aside, Kind, Name
from core.trace.network import Network
from core.trace.text import short

if TYPE_CHECKING:
    from collections.abc import Iterator

    from core.engines.base import Pass
    from core.experiment import Experiment

TERMS = 2
"""How many terms of the loss are written with their numbers."""

LONG = 20
"""Characters of a term's formula, from which on it stands alone."""

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
    numbers: str = ""
    """Of the loss, its right side with an engine's numbers: `(0.52 − 0.5)² + … = 0.0004`."""

    @property
    def quantity(self) -> Quantity | None:
        """What a pane shows it as; None for the loss."""
        return self.tensor.quantity if isinstance(self.tensor, TensorName) else None


def walk(experiment: Experiment, epoch: int = 1, computed: Pass | None = None) -> tuple[Phase, ...]:
    """Return the phases of an epoch (of each of its updates), in the order in which they are computed.

    `computed` is the pass that was made, where the phases are to tell its numbers.
    """
    network = Network(experiment.at(max(epoch, 1)), 1 if computed is None else len(computed.x))
    return tuple(_phases(network, "" if computed is None else _loss_in_numbers(network, computed)))


def _loss_in_numbers(network: Network, computed: Pass) -> str:
    """Write the loss with the numbers of its largest terms: `(1/4)·((0.9 − 1)² + (0.2 − 0)² + …) = 0.0125`."""
    with np.errstate(all="ignore"):
        judged = (computed.z if network.loss.fused else computed.a)[network.depth]
        sizes = np.abs(np.nan_to_num(network.loss.terms(judged, computed.y), nan=np.inf)).ravel()
    prediction, target = computed.a[network.depth].ravel(), computed.y.ravel()
    term = network.loss.written[0]
    largest = np.argsort(-sizes, kind="stable")[: 1 if len(term) > LONG else TERMS].tolist()
    texts = [term.format(p=short(float(prediction[at])), y=short(float(target[at]))) for at in largest]
    total = " + ".join(
        [*(f"({each})" if each.startswith("−") else each for each in texts), *["…"] * (sizes.size > len(largest))]
    )
    factor = f"(1/{network.divisor})·" if network.divisor != 1 else ""
    return f"{factor}({total}) = {computed.loss:.5g}" if factor else f"{total} = {computed.loss:.5g}"


def _phases(network: Network, loss_in_numbers: str) -> Iterator[Phase]:
    layers = range(1, network.depth + 1)
    both: tuple[Part, ...] = ("W", "b")
    for k in layers:
        yield _phase(network, "forward", k, TensorName(Quantity.PRE_ACTIVATION, k))
        yield _phase(network, "forward", k, TensorName(Quantity.ACTIVATION, k))
    yield replace(_phase(network, "loss", network.depth, Aside(Kind.LOSS)), numbers=loss_in_numbers)
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
