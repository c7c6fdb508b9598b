"""Engine: what trains a network. Pass: what one forward and backward pass computed."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from collections.abc import Mapping

    from core.arrays import FloatArray
    from core.experiment import Experiment, Precision
    from core.parameters import Parameters


@dataclass(frozen=True)
class Pass:
    """Every quantity of one forward and backward pass, in the engine's own precision.

    x and a[0] are the inputs, shape (N, inputs); y the targets, shape (N, outputs). For layer k = 1 … L: z[k] before
    and a[k] after the activation, and delta[k] = dL/dz[k], each of shape (N, width of layer k). ŷ is a[L].
    """

    x: FloatArray
    y: FloatArray
    z: Mapping[int, FloatArray]
    a: Mapping[int, FloatArray]
    delta: Mapping[int, FloatArray]
    loss: float
    gradients: Parameters


@dataclass(frozen=True)
class Evaluation:
    """What a forward pass alone gives."""

    loss: float
    prediction: FloatArray
    """ŷ, shape (N, outputs)."""


@dataclass(frozen=True)
class EngineState:
    """All that an engine needs to go on from where it stood; the arrays are copies."""

    parameters: FloatArray
    """Flat, shape (P,), in the engine's precision."""
    optimizer: Mapping[str, FloatArray] = field(default_factory=dict)
    """The optimizer's own vectors by PyTorch's names, each of shape (P,), and its count of steps, `step`, of shape ().

    Empty before the first step, or where it keeps nothing.
    """

    @property
    def nbytes(self) -> int:
        """The memory that the state takes, in bytes."""
        overhead = 400  # the two objects and the arrays' headers
        return overhead + self.parameters.nbytes + sum(vector.nbytes for vector in self.optimizer.values())


class Engine(Protocol):
    """The same network, trained in one way. x has shape (N, inputs), y (N, outputs), in the engine's precision."""

    @property
    def name(self) -> str:
        """A short name: scratch, autograd, yours."""

    @property
    def label(self) -> str:
        """The name with what it runs on, as a dump's head gives it."""

    @property
    def precision(self) -> Precision:
        """What it computes in."""

    @property
    def start(self) -> str:
        """The sha256 of the initial parameters as drawn; two engines can be compared where theirs is the same."""

    def step(self, x: FloatArray, y: FloatArray) -> float:
        """Make one pass and one update; return the loss before the update."""

    def look(self, x: FloatArray, y: FloatArray) -> Pass:
        """Make the same pass and keep every quantity; change nothing."""

    def evaluate(self, x: FloatArray, y: FloatArray) -> Evaluation:
        """Go forward alone; change nothing."""

    def adopt(self, experiment: Experiment) -> None:
        """Go on with an experiment's activations, loss and optimizer.

        The parameters stay. So do the optimizer's vectors, where it is the same optimizer and still keeps them.
        """

    def state(self) -> EngineState:
        """Copy what the next step depends on."""

    def restore(self, state: EngineState) -> None:
        """Go back to a copied state; the steps that follow give the same bits as they did."""
