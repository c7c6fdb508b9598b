"""Backpropagation written by hand: its equations in vectorised NumPy, for any number of layers.

Rows are samples, W[k] is (outputs, inputs), ⊙ is element by element, a_0 = x, ŷ = a_L:

    z_k = a_{k−1} W_kᵀ + b_k          a_k = f_k(z_k)
    δ_L = ∂L/∂ŷ ⊙ f_L′(z_L)           δ_k = (δ_{k+1} W_{k+1}) ⊙ f_k′(z_k)
    dL/dW_k = δ_kᵀ a_{k−1}            dL/db_k = Σ_samples δ_k

Where f_L is softmax, the product with its Jacobian stands in the place of ⊙ f_L′. A loss that is fused with f_L (bce
with sigmoid, cross_entropy with softmax) gives δ_L at once, from z_L.

Source: M. Nielsen, *Neural Networks and Deep Learning*, chapter 2, eqs. BP1 to BP4, for a batch.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from core.engines.base import EngineState, Pass
from core.functions.activations import ACTIVATIONS
from core.functions.losses import LOSSES
from core.functions.optimizers import OPTIMIZERS
from core.parameters import Parameters, draw, start_digest

if TYPE_CHECKING:
    from core.arrays import FloatArray
    from core.experiment import Experiment


class Scratch:
    """The network of an experiment, trained by its own backward pass."""

    name = "scratch"

    def __init__(self, experiment: Experiment) -> None:
        self.precision = experiment.precision_of("scratch")
        self.label = f"scratch (NumPy {np.__version__})"
        start = draw(experiment.init_of("scratch"), experiment.layers, experiment.seed, experiment.data)
        self.start = start_digest(start)
        self._parameters = Parameters(experiment.layers, start.astype(self.precision))
        self._activations = dict(enumerate((ACTIVATIONS[name] for name in experiment.activations()), start=1))
        self._loss = LOSSES[experiment.loss]
        self._rule = OPTIMIZERS[experiment.optimizer.name]
        self._settings = experiment.optimizer.settings()
        self._vectors = self._rule.start(self._settings, self._parameters.flat)
        self._mistakes = frozenset(experiment.engines.scratch.mistakes)

    def step(self, x: FloatArray, y: FloatArray) -> float:
        """Make one pass and one update of the optimizer; return the loss before the update."""
        computed = self.look(x, y)
        with _diverging():
            self._rule.update(self._parameters.flat, computed.gradients.flat, self._vectors, self._settings)
        return computed.loss

    def look(self, x: FloatArray, y: FloatArray) -> Pass:
        """Make the pass at the parameters as they are, and keep every quantity."""
        with _diverging():
            z, a = self._forward(x)
            delta, gradients = self._backward(y, z, a)
            last = self._parameters.depth
            loss = self._loss.value(z[last] if self._loss.fused else a[last], y)
        return Pass(x, y, z, a, delta, loss, gradients)

    def state(self) -> EngineState:
        """Copy the parameters and the optimizer's vectors."""
        return EngineState(self._parameters.flat.copy(), {name: each.copy() for name, each in self._vectors.items()})

    def restore(self, state: EngineState) -> None:
        """Go back to a copied state."""
        self._parameters.flat[...] = state.parameters
        self._vectors = self._rule.start(self._settings, self._parameters.flat)
        for name, values in state.optimizer.items():
            self._vectors[name][...] = values

    def _forward(self, x: FloatArray) -> tuple[dict[int, FloatArray], dict[int, FloatArray]]:
        """Return z and a of every layer."""
        W, b = self._parameters.W, self._parameters.b
        z: dict[int, FloatArray] = {}
        a = {0: x}
        for k, f in self._activations.items():
            z[k] = a[k - 1] @ W[k].T + b[k]
            a[k] = f.value(z[k])
        return z, a

    def _backward(
        self, y: FloatArray, z: dict[int, FloatArray], a: dict[int, FloatArray]
    ) -> tuple[dict[int, FloatArray], Parameters]:
        """Return δ of every layer, and the gradients of all parameters."""
        W, f, last = self._parameters.W, self._activations, self._parameters.depth
        gradients = Parameters(self._parameters.layers, np.empty_like(self._parameters.flat))
        delta = {last: self._last_delta(y, z[last], a[last])}
        for k in range(last, 0, -1):
            np.matmul(delta[k].T, a[k - 1], out=gradients.W[k])
            np.sum(delta[k], axis=0, out=gradients.b[k])
            if k > 1:
                delta[k - 1] = f[k - 1].backward(z[k - 1], a[k - 1], delta[k] @ W[k])
        return delta, gradients

    def _last_delta(self, y: FloatArray, z: FloatArray, a: FloatArray) -> FloatArray:
        """δ_L, shape (N, outputs), given y, z_L and a_L = ŷ."""
        if self._loss.fused:
            return self._loss_derivative(z, y)
        return self._activations[self._parameters.depth].backward(z, a, self._loss_derivative(a, y))

    def _loss_derivative(self, prediction: FloatArray, target: FloatArray) -> FloatArray:
        """∂L/∂ŷ (where the loss is fused, dL/dz_L), shape (N, outputs), with the mistakes that are planted in it."""
        derivative = self._loss.derivative(prediction, target)
        return derivative / 2 if "half-loss-gradient" in self._mistakes else derivative


def _diverging() -> np.errstate:
    """Let numbers become inf and nan without a warning: a run that diverges shows them for what they are."""
    return np.errstate(all="ignore")
