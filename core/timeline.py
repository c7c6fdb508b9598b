"""Timeline: one engine's path. The losses of every epoch, checkpoints, and exact replay of all that lies between."""

from __future__ import annotations

from array import array
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

import numpy as np

from core.arrays import Float64Array, FloatArray, read_only
from core.engines.base import Engine, EngineState, Pass
from core.errors import EpochError
from core.frame import EngineFrame
from core.parameters import Parameters

if TYPE_CHECKING:
    from core.batches import Batch
    from core.data import Samples
    from core.functions.losses import Loss

CHECKPOINT_BYTES = 24_000_000
"""What the checkpoints of one engine may take; a larger network keeps fewer of them and replays further."""

Batches = Callable[[int], Sequence["Batch"]]
"""The batches of an epoch, 1 or later, in the engine's precision and in the order that it takes them."""


class Checkpoints:
    """States at epochs 0, s, 2s, …; the stride s doubles whenever they outgrow their budget of bytes."""

    def __init__(self, budget: int) -> None:
        self._budget = budget
        self._states: list[EngineState] = []
        self._stride = 1

    def offer(self, epoch: int, take: Callable[[], EngineState]) -> None:
        """Keep the state after `epoch` if it is due; epochs are offered in order."""
        if epoch != len(self._states) * self._stride:
            return
        state = take()
        self._states.append(state)
        if len(self._states) > 2 and len(self._states) * state.nbytes > self._budget:
            del self._states[1::2]
            self._stride *= 2

    def nearest(self, epoch: int) -> tuple[int, EngineState]:
        """Return the last kept epoch that is not after `epoch`, and its state."""
        at = min(epoch // self._stride, len(self._states) - 1)
        return at * self._stride, self._states[at]

    @property
    def nbytes(self) -> int:
        """The memory that the checkpoints take."""
        return sum(state.nbytes for state in self._states)


class Timeline:
    """One engine, and the way back to any epoch that it has trained."""

    def __init__(
        self,
        engine: Engine,
        layers: tuple[int, ...],
        batches: Batches,
        loss: Loss,
        budget: int = CHECKPOINT_BYTES,
    ) -> None:
        self.engine = engine
        self._layers = layers
        self._batches = batches
        self._loss = loss
        self._losses = array("d")
        self._checkpoints = Checkpoints(budget)
        self._checkpoints.offer(0, engine.state)
        self._at = 0
        """The epoch after which the engine's parameters stand."""
        self._recent = (0, engine.state())
        """The state before the last epoch of the last `train`: the epoch that is looked at most."""
        self._front = (0, self._recent[1])
        """The state after the last epoch trained, while the engine is elsewhere."""

    @property
    def trained(self) -> int:
        """How many epochs have been trained."""
        return len(self._losses)

    def losses(self, first: int = 1, last: int | None = None) -> Float64Array:
        """Return the losses of epochs `first` to `last`, both included; a copy."""
        return np.array(self._losses[max(first, 1) - 1 : last], np.float64)

    def train(self, epochs: int) -> None:
        """Train that many epochs more."""
        self._return_to_front()
        for _ in range(epochs - 1):
            self._train_one()
        if epochs > 0:
            self._recent = (self.trained, self.engine.state())
            self._train_one()

    def frame(self, epoch: int) -> EngineFrame:
        """Compute all that is known of an epoch, the same bits each time.

        Raises:
            EpochError: the epoch has not been trained.
        """
        if not 0 <= epoch <= self.trained:
            raise EpochError(f"epoch {epoch} has not been trained", expected=f"0 to {self.trained}")
        if epoch == 0:
            self._go_to(0)
            start = self._parameters()
            return self._framed(start, start, None, None, None)
        self._go_to(epoch - 1)
        batches = self._batches(epoch)
        for batch in batches[:-1]:
            self.engine.step(batch.x, batch.y)
        before = self._parameters()
        computed = _locked(self.engine.look(batches[-1].x, batches[-1].y))
        self.engine.step(batches[-1].x, batches[-1].y)
        self._at = epoch
        return self._framed(before, self._parameters(), computed, self._losses[epoch - 1], batches[-1].name)

    def predict(self, samples: Samples) -> FloatArray:
        """Return ŷ, shape (N, outputs), with the parameters of the end of the training."""
        self._return_to_front()
        return self.engine.look(samples.x, samples.y).a[len(self._layers) - 1]

    def _framed(
        self, before: Parameters, after: Parameters, computed: Pass | None, loss: float | None, batch: str | None
    ) -> EngineFrame:
        engine = self.engine
        return EngineFrame(engine.name, engine.label, engine.start, before, after, computed, loss, batch)

    def _train_one(self) -> None:
        self._losses.append(self._replay(self.trained + 1))
        self._checkpoints.offer(self.trained, self.engine.state)

    def _replay(self, epoch: int) -> float:
        """Step through an epoch from the parameters that it starts with; return its loss (see `Loss.of_epoch`)."""
        batches = self._batches(epoch)
        losses = [self.engine.step(batch.x, batch.y) for batch in batches]
        self._at = epoch
        return self._loss.of_epoch(losses, [len(batch) for batch in batches])

    def _go_to(self, epoch: int) -> None:
        """Bring the engine to where it stood after `epoch`."""
        if self._at == self.trained and self._front[0] != self.trained:
            self._front = (self.trained, self.engine.state())
        kept = (self._checkpoints.nearest(epoch), self._recent, self._front)
        at, state = max((each for each in kept if each[0] <= epoch), key=lambda each: each[0])
        if not at <= self._at <= epoch:
            self.engine.restore(state)
            self._at = at
        while self._at < epoch:
            self._replay(self._at + 1)

    def _return_to_front(self) -> None:
        if self._at != self.trained:
            self._go_to(self.trained)

    def _parameters(self) -> Parameters:
        return Parameters(self._layers, read_only(self.engine.state().parameters))


def _locked(computed: Pass) -> Pass:
    """Return the same pass with read-only arrays."""
    return Pass(
        computed.x,
        computed.y,
        {k: read_only(each) for k, each in computed.z.items()},
        {k: read_only(each) for k, each in computed.a.items()},
        {k: read_only(each) for k, each in computed.delta.items()},
        computed.loss,
        Parameters(computed.gradients.layers, read_only(computed.gradients.flat)),
    )
