"""Second opinions on a gradient: those of the engines at the same parameters and batch."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from core.engines.base import EngineState
from core.engines.scratch import Scratch
from core.experiment import Data, Experiment

if TYPE_CHECKING:
    from core.arrays import FloatArray
    from core.engines.base import Engine
    from core.simulation import Given


def by_autograd(given: Given) -> dict[str, FloatArray]:
    """Return the loss and all gradients by name, as autograd computes them in float64. Imports PyTorch."""
    from core.engines.autograd import Autograd  # noqa: PLC0415 - it takes a second or two

    return _asked(Autograd(_described(given)), given)


def by_scratch(given: Given) -> dict[str, FloatArray]:
    """Return the loss and all gradients by name, as the scratch engine computes them in float64."""
    return _asked(Scratch(_described(given)), given)


def _described(given: Given) -> Experiment:
    *hidden, output = given.network.activations
    data = Data(file="given.csv")  # never read: the batch is given
    return Experiment(
        layers=given.network.layers, activation=tuple(hidden), output=output, loss=given.network.loss, data=data
    )


def _asked(engine: Engine, given: Given) -> dict[str, FloatArray]:
    engine.restore(EngineState(given.parameters.flat))
    computed = engine.look(given.x.copy(), given.y.copy())
    gradients = computed.gradients
    named = {f"dL/d{part}{k}": each for part in "Wb" for k, each in getattr(gradients, part).items()}
    return {"loss": np.array(computed.loss), **named}
