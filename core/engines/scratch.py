"""Backpropagation written by hand: its equations in vectorised NumPy, for any number of layers.

Rows are samples, W[k] is (outputs, inputs), ⊙ is element by element, a_0 = x, ŷ = a_L:

    z_k = a_{k−1} W_kᵀ + b_k          a_k = f_k(z_k)
    δ_L = ∂L/∂ŷ ⊙ f_L′(z_L)           δ_k = (δ_{k+1} W_{k+1}) ⊙ f_k′(z_k)
    dL/dW_k = δ_kᵀ a_{k−1}            dL/db_k = Σ_samples δ_k

Where f_L is softmax, the product with its Jacobian stands in the place of ⊙ f_L′. A loss that is fused with f_L (bce
with sigmoid, cross_entropy with softmax) gives δ_L at once, from z_L.

A step and a look run the same code, so they give the same bits; a step writes to buffers that it keeps. Where a run
diverges, numbers become inf and nan: callers that want no warning of it work within `core.arrays.diverging`.

Source: M. Nielsen, *Neural Networks and Deep Learning*, chapter 2, eqs. BP1 to BP4, for a batch.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from core.engines.base import EngineState, Evaluation, Pass
from core.functions.activations import ACTIVATIONS
from core.functions.losses import LOSSES
from core.functions.optimizers import OPTIMIZERS, State
from core.initial import draw, start_digest
from core.parameters import Parameters
from core.reference import Network

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from core.arrays import FloatArray
    from core.experiment import Experiment
    from core.functions.activations import Activation


class Scratch:
    """The network of an experiment, trained by its own backward pass."""

    name = "scratch"

    def __init__(self, experiment: Experiment) -> None:
        self.precision = experiment.precision_of("scratch")
        self.label = f"scratch (NumPy {np.__version__})"
        start = draw(experiment.init_of("scratch"), experiment.layers, experiment.seed, experiment.data)
        self.start = start_digest(start)
        self._parameters = Parameters(experiment.layers, start.astype(self.precision))
        self._last = experiment.depth
        self._optimizer = experiment.optimizer
        self._vectors: State = {}
        self.adopt(experiment)

    def adopt(self, experiment: Experiment) -> None:
        """Go on with an experiment's settings; an optimizer that stays the same keeps its vectors."""
        kept = self._vectors if experiment.optimizer.name == self._optimizer.name else {}
        self._optimizer = experiment.optimizer
        self._planted = experiment.planted()
        self._network = Network.of(experiment)
        self._activations = dict(enumerate((ACTIVATIONS[name] for name in experiment.activations()), start=1))
        self._loss = LOSSES[experiment.loss]
        self._fused = self._loss.fused
        self._rule = OPTIMIZERS[experiment.optimizer.name]
        self._settings = experiment.optimizer.settings()
        self._vectors = self._started(kept)
        self._buffers: dict[int, _Buffers] = {}

    def step(self, x: FloatArray, y: FloatArray) -> float:
        """Make one pass and one update of the optimizer; return the loss before the update."""
        if self._planted:
            return self._step_with_mistakes(x, y)
        buffers = self._buffers.get(len(x))
        if buffers is None:
            buffers = self._buffers[len(x)] = self._new_buffers(len(x))
        a = self._forward(x, buffers)
        loss = self._loss.value(self._judged(buffers.z, a), y)
        self._backward(y, a, buffers)
        self._rule.update(self._parameters.flat, buffers.gradients.flat, self._vectors, self._settings)
        return loss

    def look(self, x: FloatArray, y: FloatArray) -> Pass:
        """Make the same pass in buffers of its own, and keep every quantity."""
        if self._planted:
            return self._look_with_mistakes(x, y)
        own = self._new_buffers(len(x))
        a = self._forward(x, own)
        loss = self._loss.value(self._judged(own.z, a), y)
        delta = self._backward(y, a, own)
        return Pass(x, y, own.z, a, delta, loss, own.gradients)

    def evaluate(self, x: FloatArray, y: FloatArray) -> Evaluation:
        """Go forward alone."""
        own = self._new_buffers(len(x))
        a = self._forward(x, own)
        return Evaluation(self._loss.value(self._judged(own.z, a), y), a[self._last])

    def state(self) -> EngineState:
        """Copy the parameters and the optimizer's vectors."""
        return EngineState(self._parameters.flat.copy(), {name: each.copy() for name, each in self._vectors.items()})

    def restore(self, state: EngineState) -> None:
        """Go back to a copied state."""
        self._parameters.flat[...] = state.parameters
        self._vectors = self._started(state.optimizer)

    def _step_with_mistakes(self, x: FloatArray, y: FloatArray) -> float:
        """Make the pass that has the planted mistakes, and one update with what it gave."""
        computed = self._look_with_mistakes(x, y)
        self._rule.update(self._parameters.flat, computed.gradients.flat, self._vectors, self._settings)
        return computed.loss

    def _look_with_mistakes(self, x: FloatArray, y: FloatArray) -> Pass:
        """Make the pass by `core.simulation`, which knows all mistakes: this one is fast because it knows none."""
        from core.simulation import Given, Simulation  # noqa: PLC0415 - only an engine with mistakes needs it

        given = Given(self._network, self._parameters, x, y, self._optimizer.lr)
        made = Simulation(given, self._planted)
        gradients = Parameters(self._parameters.layers, np.empty_like(self._parameters.flat))
        for k in gradients.W:
            gradients.W[k][...], gradients.b[k][...] = made.gradients["W"][k], made.gradients["b"][k]
        return Pass(x, y, made.z, made.a, made.delta, made.loss, gradients)

    def _forward(self, x: FloatArray, buffers: _Buffers) -> dict[int, FloatArray]:
        """Return a of every layer; z goes to the buffers."""
        below = x
        a = {0: x}
        for k, value, transposed, b, z in buffers.forward:
            below.dot(transposed, z)
            np.add(z, b, z)
            a[k] = below = value(z)
        return a

    def _backward(self, y: FloatArray, a: dict[int, FloatArray], buffers: _Buffers) -> dict[int, FloatArray]:
        """Return δ of every layer; the gradients of all parameters go to the buffers."""
        z, ones = buffers.z, buffers.ones
        above = self._last_delta(y, z, a)
        delta = {self._last: above}
        for k, W, dW, db, backward, upstream in buffers.backward:
            above.T.dot(a[k - 1], dW)
            ones.dot(above, db)
            if k > 1:
                delta[k - 1] = above = backward(z[k - 1], a[k - 1], above.dot(W, upstream))
        return delta

    def _last_delta(self, y: FloatArray, z: dict[int, FloatArray], a: dict[int, FloatArray]) -> FloatArray:
        """δ_L, shape (N, outputs)."""
        derivative = self._loss.derivative(self._judged(z, a), y)
        if self._fused:
            return derivative
        return self._activations[self._last].backward(z[self._last], a[self._last], derivative)

    def _judged(self, z: dict[int, FloatArray], a: dict[int, FloatArray]) -> FloatArray:
        """Return what the loss takes: ŷ, or where it is fused with the output activation z_L."""
        return (z if self._fused else a)[self._last]

    def _started(self, kept: Mapping[str, FloatArray]) -> State:
        """Return the optimizer's vectors: those that are kept, and zeros for the others."""
        vectors = self._rule.start(self._settings, self._parameters.flat)
        for name, vector in vectors.items():
            if name in kept:
                vector[...] = kept[name]
        return vectors

    def _new_buffers(self, samples: int) -> _Buffers:
        return _Buffers(self._parameters, self._activations, samples)


class _Upward(NamedTuple):
    """What layer k needs to go forward."""

    k: int
    value: Callable[[FloatArray], FloatArray]
    transposed: FloatArray
    """W_kᵀ, shape (inputs, outputs)."""
    b: FloatArray
    """Shape (1, outputs)."""
    z: FloatArray


class _Downward(NamedTuple):
    """What layer k needs to hand δ_k down to layer k − 1."""

    k: int
    W: FloatArray
    dW: FloatArray
    db: FloatArray
    backward: Callable[[FloatArray, FloatArray, FloatArray], FloatArray]
    """That of layer k − 1; in layer 1, which hands nothing down, its own."""
    upstream: FloatArray
    """δ_k W_k = dL/da_{k−1}, shape (N, inputs)."""


class _Buffers:
    """What a pass over N samples writes to, and the layers in both directions with all that belongs to each at hand.

    Looking these up and allocating them anew would take a third of a small network's step.
    """

    __slots__ = ("backward", "forward", "gradients", "ones", "z")

    def __init__(self, parameters: Parameters, f: Mapping[int, Activation], samples: int) -> None:
        W, b, layers, dtype = parameters.W, parameters.b, parameters.layers, parameters.flat.dtype
        self.ones = np.ones(samples, dtype)
        """ones @ δ sums δ over the samples."""
        self.gradients = Parameters(layers, np.empty_like(parameters.flat))
        self.z = {k: np.empty((samples, layers[k]), dtype) for k in W}
        self.forward = [_Upward(k, f[k].value, W[k].T, b[k][np.newaxis], self.z[k]) for k in W]
        dW, db = self.gradients.W, self.gradients.b
        self.backward = [
            _Downward(k, W[k], dW[k], db[k], f[max(k - 1, 1)].backward, np.empty((samples, layers[k - 1]), dtype))
            for k in reversed(W)
        ]
