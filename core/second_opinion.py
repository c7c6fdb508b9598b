"""A second opinion on a gradient: PyTorch's autograd at the same parameters and batch."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from core.engines.base import EngineState
from core.experiment import Data, Experiment

if TYPE_CHECKING:
    from core.arrays import FloatArray
    from core.simulation import Given


def by_autograd(given: Given) -> dict[str, FloatArray]:
    """Return the loss and all gradients by name, as autograd computes them in float64. Imports PyTorch."""
    from core.engines.autograd import Autograd  # noqa: PLC0415 - it takes a second or two

    *hidden, output = given.network.activations
    data = Data(file="given.csv")  # never read: the batch is given
    described = Experiment(
        layers=given.network.layers, activation=tuple(hidden), output=output, loss=given.network.loss, data=data
    )
    engine = Autograd(described)
    engine.restore(EngineState(given.parameters.flat))
    computed = engine.look(given.x.copy(), given.y.copy())
    gradients = computed.gradients
    named = {f"dL/d{part}{k}": each for part in "Wb" for k, each in getattr(gradients, part).items()}
    return {"loss": np.array(computed.loss), **named}
