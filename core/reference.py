"""The reference: a forward and a backward pass in float64, with how far rounding can move an engine's numbers from it.

It is made at the parameters and with the batch of the engine that is judged, from the equations of backpropagation:

    z_k = a_{k−1} W_kᵀ + b_k          a_k = f_k(z_k)
    δ_L = ∂L/∂ŷ ⊙ f_L′(z_L)           δ_k = (δ_{k+1} W_{k+1}) ⊙ f_k′(z_k)
    dL/dW_k = δ_kᵀ a_{k−1}            dL/db_k = Σ_samples δ_k

Functions and their derivatives are those of `core.functions`; what their bounds need is found by evaluating them,
unless their entries say it.
"""

from __future__ import annotations

import itertools
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from core.arrays import diverging
from core.functions.activations import ACTIVATIONS
from core.functions.losses import LOSSES
from core.rounding import FUNCTION_ROUNDINGS, Bounded, moved_by_each_column, moves, probable, reached
from core.tensors import Quantity, TensorName, parse_tensor_name

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from core.arrays import FloatArray
    from core.experiment import Experiment, Precision
    from core.functions.activations import Activation
    from core.functions.losses import Loss
    from core.parameters import Parameters
    from core.rounding import Arithmetic


@dataclass(frozen=True)
class Network:
    """What a pass depends on, beside parameters and batch."""

    layers: tuple[int, ...]
    """Widths from the input to the output."""
    activations: tuple[str, ...]
    """Of each layer 1 to L, by the names in `ACTIVATIONS`."""
    loss: str
    """By the name in `LOSSES`."""

    @classmethod
    def of(cls, experiment: Experiment) -> Network:
        """Return an experiment's; where settings change midway, that of an epoch is `experiment.at(epoch)`'s."""
        return cls(experiment.layers, experiment.activations(), experiment.loss)


class Reference:
    """One pass in float64 with its bounds. Gradients are made when they are first asked for, all else at once."""

    def __init__(
        self, network: Network, parameters: Parameters, x: FloatArray, y: FloatArray, arithmetic: Arithmetic
    ) -> None:
        self.network = network
        self._arithmetic = arithmetic
        self._f = dict(enumerate((ACTIVATIONS[name] for name in network.activations), start=1))
        self._loss = LOSSES[network.loss]
        self._y = np.asarray(y, np.float64)
        self._W = {k: np.asarray(W, np.float64) for k, W in parameters.W.items()}
        self._sizes = {k: np.abs(W) for k, W in self._W.items()}
        self._b = {k: np.asarray(b, np.float64) for k, b in parameters.b.items()}
        self._gradients: dict[TensorName, Bounded] = {}
        self.z: dict[int, Bounded] = {}
        self.a: dict[int, Bounded] = {0: arithmetic.exact(x)}
        self.delta: dict[int, Bounded] = {}
        with diverging():
            self._backward(self._forward())

    @property
    def depth(self) -> int:
        """The number of layers with parameters, L."""
        return len(self._W)

    @property
    def loss(self) -> Bounded:
        """L, of shape ()."""
        with diverging():
            return loss_of(self._arithmetic, self._loss, self._judged, self._y)

    def bounded(self, name: TensorName) -> Bounded:
        """Return a gradient, z, a or δ, with its bound.

        Raises:
            KeyError: a pass doesn't have it.
        """
        if name.quantity is Quantity.GRADIENT:
            if name not in self._gradients:
                self._gradients[name] = self._gradient(name)
            return self._gradients[name]
        by_layer = {Quantity.PRE_ACTIVATION: self.z, Quantity.ACTIVATION: self.a, Quantity.DELTA: self.delta}
        return by_layer[name.quantity][name.layer]

    def gradient(self, name: str) -> Bounded:
        """Return a gradient, with its bound, by the name of the parameter or its own: `W1`, `dL/dW1`.

        Raises:
            ValueError: the name is no tensor's.
            KeyError: the network has no such layer.
        """
        found = parse_tensor_name(name)
        return self.bounded(TensorName(Quantity.GRADIENT, found.layer, found.part))

    def _gradient(self, name: TensorName) -> Bounded:
        delta = self.delta[name.layer]
        with diverging():
            if name.part == "b":
                return self._arithmetic.total(delta)
            return self._arithmetic.correlated(delta, self.a[name.layer - 1])

    def _forward(self) -> dict[int, Bounded]:
        """Go forward; return f′(z) of each layer whose activation is one of each element alone."""
        slopes = {}
        for k, f in self._f.items():
            z = self._arithmetic.affine(self.a[k - 1], self._W[k], self._sizes[k], self._b[k])
            self.z[k] = z
            if f.derivative is None:
                self.a[k] = activated_by_row(self._arithmetic, f, z)
            else:
                self.a[k], slopes[k] = activated(self._arithmetic, f, f.derivative, z)
        return slopes

    def _backward(self, slopes: Mapping[int, Bounded]) -> None:
        """Go backward from ∂L/∂ŷ, or where the loss is fused from δ_L."""
        arithmetic, last = self._arithmetic, self.depth
        upstream = loss_derivative(arithmetic, self._loss, self._judged, self._y)
        if self._loss.fused:
            self.delta[last] = upstream
        elif last in slopes:
            self.delta[last] = arithmetic.product(upstream, slopes[last])
        else:
            self.delta[last] = handed_down_by_row(arithmetic, self._f[last], self.z[last], upstream)
        for k in range(last, 1, -1):
            upstream = arithmetic.weighed(self.delta[k], self._W[k], self._sizes[k])
            self.delta[k - 1] = arithmetic.product(upstream, slopes[k - 1])

    @property
    def _judged(self) -> Bounded:
        """What the loss takes: ŷ, or where it is fused with the output activation z_L."""
        return (self.z if self._loss.fused else self.a)[self.depth]


def reference(
    network: Network,
    parameters: Parameters,
    x: FloatArray,
    y: FloatArray,
    precision: Precision,
    *,
    arithmetic: Callable[[Precision], Arithmetic] = probable,
) -> Reference:
    """Make the pass of an engine that computes in `precision`, at its parameters, x (N, inputs) and y (N, outputs).

    The numbers are taken as the engine has them: in float32 where it computes in that. `arithmetic` is `probable`, or
    `strict` for bounds that hold however the roundings fall.
    """
    return Reference(network, parameters, x, y, arithmetic(precision))


def judging_cost(layers: tuple[int, ...], samples: int) -> int:
    """Count the multiplications and additions of a reference with all its gradients, for a batch of `samples`.

    It has seven products of matrices where a plain pass has three: one more for each one's error, and a second one for
    that of dL/dW, whose two factors both have errors. What isn't in products counts as 300 for each unit and sample.

    On one core, 1e9 took 0.2 s (layers hundreds wide) to 0.9 s (32 wide with gelu), of which half and more is the
    reference without its gradients. Beside that a small network takes 0.1 ms a layer, 15 of its own passes.
    """
    products = 7 * sum(inputs * outputs for inputs, outputs in itertools.pairwise(layers))
    return samples * (products + 300 * sum(layers))


def activated(
    arithmetic: Arithmetic, f: Activation, derivative: Callable[[FloatArray, FloatArray], FloatArray], z: Bounded
) -> tuple[Bounded, Bounded]:
    """Return a = f(z) and f′(z) of an activation of each element alone."""
    points = reached(z)
    values = f.value(points)
    slopes = derivative(points, values)
    magnitude = _magnitude(f, z.value)
    a = arithmetic.evaluated(values[0], moves(values), magnitude)
    return a, arithmetic.evaluated(slopes[0], moves(slopes), magnitude)


def activated_by_row(arithmetic: Arithmetic, f: Activation, z: Bounded) -> Bounded:
    """Return a = f(z) of an activation whose outputs depend each on all of the sample's z."""
    uncertain = _in_a_sum(arithmetic, z)
    moved = f.moved(*uncertain) if f.moved else moved_by_each_column(f.value, uncertain)
    return arithmetic.evaluated(f.value(z.value), moved, _magnitude(f, z.value))


def handed_down_by_row(arithmetic: Arithmetic, f: Activation, z: Bounded, upstream: Bounded) -> Bounded:
    """Return dL/dz from dL/da, for an activation whose outputs depend each on all of the sample's z.

    dL/dz is linear in dL/da, so what its error changes is what each column of it hands down, added up.
    """

    def backward(z: FloatArray) -> FloatArray:
        return f.backward(z, f.value(z), upstream.value)

    moved = moved_by_each_column(backward, _in_a_sum(arithmetic, z))
    a = f.value(z.value)
    for column in range(a.shape[1]):
        alone = np.zeros_like(upstream.error)
        alone[:, column] = upstream.error[:, column]
        moved = moved + np.abs(f.backward(z.value, a, alone))
    terms = 1 + arithmetic.growth(a.shape[1]) / FUNCTION_ROUNDINGS
    magnitude = terms * np.abs(upstream.value).sum(axis=1, keepdims=True)
    return arithmetic.evaluated(backward(z.value), moved, magnitude)


def loss_derivative(arithmetic: Arithmetic, loss: Loss, judged: Bounded, y: FloatArray) -> Bounded:
    """Return ∂L/∂ŷ, or where the loss is fused δ_L; `judged` is ŷ, or where it is fused z_L."""
    uncertain = _against_target(arithmetic, loss, judged, y)

    def derivative(judged: FloatArray) -> FloatArray:
        return loss.derivative(judged, y)

    if loss.moved:
        moved = loss.moved(*uncertain, y)
    elif loss.elementwise:
        moved = moves(np.array([derivative(each) for each in reached(uncertain)]))
    else:
        moved = moved_by_each_column(derivative, uncertain)
    value = derivative(judged.value)
    found = arithmetic.evaluated(value, moved, np.maximum(np.abs(value), _loss_magnitude(loss, y)))
    return arithmetic.within_range(*found, FUNCTION_ROUNDINGS * arithmetic.unit)


def loss_of(arithmetic: Arithmetic, loss: Loss, judged: Bounded, y: FloatArray) -> Bounded:
    """Return L: a convex function of ŷ, or z_L, which is most different at two corners of the box that those lie in.

    The corners lie up and down its gradient. Where it is fused, logarithms of outputs, which are of the size of z_L,
    are rounded before they are weighted by y.
    """
    uncertain = _against_target(arithmetic, loss, judged, y)
    up = np.where(loss.derivative(judged.value, y) >= 0, uncertain.error, -uncertain.error)
    values = [loss.value(each, y) for each in (judged.value, judged.value + up, judged.value - up)]
    logarithms = 1 + 2 * np.abs(judged.value).max(axis=1, keepdims=True) if loss.fused else 1.0
    added = float(np.broadcast_to(_loss_magnitude(loss, y) * logarithms, y.shape).sum())
    sums = (1 + arithmetic.growth(y.size) / FUNCTION_ROUNDINGS) * values[0]
    found = arithmetic.evaluated(np.array(values[0]), moves(np.array(values)), sums + added)
    return Bounded(found.value, np.array(found.error))


def _magnitude(f: Activation, z: FloatArray) -> FloatArray | float:
    return np.maximum(np.abs(z), 1) if f.magnitude is None else f.magnitude(z)


def _loss_magnitude(loss: Loss, y: FloatArray) -> FloatArray | float:
    if loss.magnitude is None:
        return 1 + np.abs(y) if loss.fused else 0.0
    return loss.magnitude(y)


def _in_a_sum(arithmetic: Arithmetic, z: Bounded) -> Bounded:
    """Add to the error of z that of a sum over its row: of powers of e, say, of which each is as wrong as its z."""
    rounding = arithmetic.growth(z.value.shape[1]) * arithmetic.unit
    return Bounded(z.value, z.error + rounding * np.maximum(np.abs(z.value), 1))


def _against_target(arithmetic: Arithmetic, loss: Loss, judged: Bounded, y: FloatArray) -> Bounded:
    """Add to the error of ŷ that of the difference to y: a rounding of each."""
    if not loss.elementwise:
        judged = _in_a_sum(arithmetic, judged)
    return Bounded(judged.value, judged.error + arithmetic.unit * (np.abs(judged.value) + np.abs(y)))
