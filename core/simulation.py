"""One forward and backward pass with mistakes in it: what a wrong backward pass computes, mistake by mistake.

The equations are those of the scratch engine, written for clearness and not for speed; at each of them stands the place
where a mistake of the catalogue may put something else. Without mistakes it is a plain, right pass.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np

from core.arrays import diverging
from core.functions.activations import ACTIVATIONS
from core.functions.losses import LOSSES

if TYPE_CHECKING:
    from collections.abc import Sequence

    from core.arrays import FloatArray
    from core.mistakes import Planted, Slot
    from core.parameters import Parameters
    from core.reference import Network


@dataclass(frozen=True)
class Given:
    """What a pass is made of: the network, its parameters, and a batch."""

    network: Network
    parameters: Parameters
    x: FloatArray
    """Shape (N, inputs)."""
    y: FloatArray
    """Shape (N, outputs)."""
    learning_rate: float | None = None
    """What a mistake that updates the weights takes; None where it is the mistake's own number."""

    @cached_property
    def forward(self) -> Forward:
        """The forward pass, which no mistake changes."""
        return Forward(self)


class Forward:
    """z, a (a[0] is x) and f′(z) by layer; softmax has no f′ of each element."""

    def __init__(self, given: Given) -> None:
        self.z: dict[int, FloatArray] = {}
        self.a: dict[int, FloatArray] = {0: given.x}
        self.slopes: dict[int, FloatArray] = {}
        for k, W in given.parameters.W.items():
            f = ACTIVATIONS[given.network.activations[k - 1]]
            self.z[k] = self.a[k - 1] @ W.T + given.parameters.b[k]
            self.a[k] = f.value(self.z[k])
            if f.derivative:
                self.slopes[k] = f.derivative(self.z[k], self.a[k])


class Simulation:
    """A pass with the planted mistakes; for layer k = 1 … L all that it computed.

    z, a (a[0] is x), upstream (∂L/∂a_k), delta, dW, db by layer; error is ∂L/∂ŷ, or ∂L/∂z_L where the loss is fused.
    dW[k] and db[k] are what the equations gave, `gradients["W"]` and `["b"]` what is returned of them in the end.
    """

    def __init__(self, given: Given, planted: Sequence[Planted] = (), earlier: Simulation | None = None) -> None:
        self.network = given.network
        self.y = given.y
        self.W, self.b = given.parameters.W, given.parameters.b
        self.part = "W"
        self._planted = planted
        self._rate = given.learning_rate
        self._earlier = earlier
        self._loss = LOSSES[given.network.loss]
        self._f = dict(enumerate((ACTIVATIONS[name] for name in given.network.activations), start=1))
        self.upstream: dict[int, FloatArray] = {}
        self.delta: dict[int, FloatArray] = {}
        self.dW: dict[int, FloatArray] = {}
        self.db: dict[int, FloatArray] = {}
        with diverging():
            forward = given.forward
            self.z, self.a, self._slopes = forward.z, forward.a, forward.slopes
            self._backward()
            self.gradients = self._returned()

    @property
    def depth(self) -> int:
        """The number of layers with parameters, L."""
        return len(self.W)

    @property
    def samples(self) -> int:
        """N."""
        return len(self.y)

    @property
    def norm(self) -> float:
        """The Euclidean norm of all gradients together."""
        return float(np.sqrt(sum(np.sum(each**2) for each in (*self.dW.values(), *self.db.values()))))

    @property
    def fingerprint(self) -> int:
        """A number that passes have in common which are the same to the last bit, all that lies above included."""
        parts = (self.upstream, self.delta, self.dW, self.db, *self.gradients.values())
        arrays = [each for part in parts for each in part.values()]
        return hash((self.loss, *(np.asarray(each).tobytes() for each in (self.error, *arrays))))

    def prime(self, k: int, z: FloatArray) -> FloatArray:
        """f_k′ at z, element by element."""
        return self.prime_of(self.network.activations[k - 1], z)

    def prime_of(self, name: str, z: FloatArray) -> FloatArray:
        """Return the derivative of the activation of that name at z."""
        f = ACTIVATIONS[name]
        a = f.value(z)
        return f.derivative(z, a) if f.derivative else a * (1 - a)

    def loss_of(self, prediction: FloatArray, target: FloatArray) -> float:
        """L, given what the loss takes: ŷ, or z_L where it is fused."""
        return self._loss.value(prediction, target)

    def error_of(self, prediction: FloatArray, target: FloatArray) -> FloatArray:
        """∂L/∂ŷ, or ∂L/∂z_L where the loss is fused."""
        return self._loss.derivative(prediction, target)

    def earlier(self, k: int) -> FloatArray | None:
        """Return what the call before returned for `part` of layer k."""
        if self._earlier is None:
            return None
        return self._earlier.gradients[self.part][k]

    def _backward(self) -> None:
        last = self.depth
        judged = (self.z if self._loss.fused else self.a)[last]
        self.loss = float(self._changed("loss", last, self._loss.value(judged, self.y)))
        self.error = self._changed("error", last, self._loss.derivative(judged, self.y))
        self.delta[last] = self._changed("delta", last, self._last_delta(last))
        self._parameters(last)
        for k in range(last - 1, 0, -1):
            self.upstream[k] = self._changed("upstream", k, self.delta[k + 1] @ self.W[k + 1])
            derivative = self._changed("derivative", k, self._slopes[k])
            self.delta[k] = self._changed("delta", k, self.upstream[k] * derivative)
            self._parameters(k)

    def _last_delta(self, k: int) -> FloatArray:
        """∂L/∂ŷ times f_L′; where that is no product element by element, the loss or the activation gives it."""
        f = self._f[k]
        elementwise = None if self._loss.fused else self._slopes.get(k)
        derivative = self._changed("derivative", k, elementwise)
        if derivative is not None:
            delta: FloatArray = self.error * derivative
            return delta
        return self.error if self._loss.fused else f.backward(self.z[k], self.a[k], self.error)

    def _parameters(self, k: int) -> None:
        """dL/dW_k and dL/db_k, from δ_k as these two take it; `local` mistakes stay out of the layers below."""
        own = self.delta[k]
        self.delta[k] = local = self._changed("local", k, own)
        self.part = "W"
        self.dW[k] = self._changed("dW", k, local.T @ self.a[k - 1])
        self.part = "b"
        self.db[k] = self._changed("db", k, np.ones(self.samples, local.dtype) @ local)
        self.delta[k] = own

    def _returned(self) -> dict[str, dict[int, FloatArray]]:
        returned: dict[str, dict[int, FloatArray]] = {}
        for part, made in (("W", self.dW), ("b", self.db)):
            self.part = part
            returned[part] = {k: self._changed("gradients", 0, each, k) for k, each in made.items()}
        return returned

    def _changed(self, slot: Slot, k: int, value: Any, layer: int | None = None) -> Any:  # noqa: ANN401 - arrays mostly
        """Return the value, or what the mistakes planted there make of it."""
        for each in self._planted:
            if each.change.slot == slot and each.layer == k:
                number = each.number
                if each.mistake.number == "learning rate" and self._rate is not None:
                    number = self._rate
                value = each.change.do(self, k if layer is None else layer, value, number)
        return value


def simulate(given: Given, planted: Sequence[Planted] = (), earlier: Simulation | None = None) -> Simulation | None:
    """Make a pass with mistakes; None where they mean nothing for these shapes."""
    try:
        return Simulation(given, planted, earlier)
    except (ValueError, IndexError, KeyError):
        return None
