"""Spread: how every tensor of an epoch is distributed, and how gradients flow through its layers."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from core.pictures.flow import Flow, findings, flow_of
from core.pictures.histogram import Histogram, histogram
from core.tensors import Quantity, TensorName

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from core.frame import EngineFrame

QUANTITIES = {
    "weights": Quantity.PARAMETER,
    "activations": Quantity.ACTIVATION,
    "δ": Quantity.DELTA,
    "gradients": Quantity.GRADIENT,
    "updates": Quantity.UPDATE,
}
"""What has a histogram for each layer: of parameters the weights."""


@dataclass(frozen=True)
class Spread:
    """One engine's epoch. At epoch 0 there are weights alone."""

    engine: str
    histograms: Mapping[TensorName, Histogram]
    flow: tuple[Flow, ...]
    """Layer 1 to L."""
    findings: tuple[str, ...]
    """What is unhealthy, in sentences."""


def name_of(quantity: str, layer: int) -> TensorName:
    """Return the tensor whose histogram stands under one of `QUANTITIES`."""
    kind = QUANTITIES[quantity]
    return TensorName(kind, layer, "W" if kind.of_parameters else "")


def spread_of(engine: EngineFrame, activations: Sequence[str], bins: int, *, fused: bool) -> Spread:
    """Return an engine's distributions and flow. `fused`: whether the loss takes z_L."""
    known = QUANTITIES if engine.computed is not None else ("weights",)
    names = [name_of(quantity, k) for quantity in known for k in range(1, len(activations) + 1)]
    flow = flow_of(engine, activations, fused=fused)
    return Spread(engine.name, {name: histogram(engine.tensor(name), bins) for name in names}, flow, findings(flow))
