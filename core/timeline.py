"""Timeline: one engine's path. The losses of every epoch, checkpoints, and exact replay of all that lies between."""

from __future__ import annotations

import math
from array import array
from typing import TYPE_CHECKING

import numpy as np

from core.arrays import Float64Array, FloatArray, diverging, read_only
from core.checkpoints import CHECKPOINT_BYTES, Checkpoints
from core.engines.base import Engine, EngineState, Pass
from core.errors import EpochError
from core.frame import EngineFrame
from core.parameters import Parameters
from core.saved_run import SavedEngine

if TYPE_CHECKING:
    from core.batches import Batch
    from core.course import Course, Stage
    from core.metrics import Measure

_NOWHERE = -1
"""Where an engine stands that was left inside an epoch: after none."""


class Timeline:
    """One engine, and the way back to any epoch that it has trained."""

    def __init__(
        self, engine: Engine, course: Course, measure: Measure | None = None, budget: int = CHECKPOINT_BYTES
    ) -> None:
        self.engine = engine
        self._course = course
        self._stage: Stage = course.stage(1)
        """The settings that the engine has adopted."""
        self._measure = measure
        self._losses = array("d")
        self._metrics: dict[str, array[float]] = {}
        self._checkpoints = Checkpoints(budget)
        self._at = 0
        """The epoch after which the engine's parameters stand."""
        self._recent = (0, engine.state())
        """The state before the last epoch of the last `train`: the epoch that is looked at most."""
        self._front = self._recent
        """The state after the last epoch trained, while the engine is elsewhere."""
        self._checkpoints.pin(*self._recent)

    @property
    def trained(self) -> int:
        """How many epochs have been trained."""
        return len(self._losses)

    @property
    def diverged(self) -> bool:
        """Whether the last epoch trained is the first with a loss that is not finite."""
        last_two = self._losses[-2:]
        return bool(last_two) and not math.isfinite(last_two[-1]) and all(map(math.isfinite, last_two[:-1]))

    def losses(self, first: int = 1, last: int | None = None) -> Float64Array:
        """Return the losses of epochs `first` to `last`, both included; a copy."""
        return np.array(self._losses[max(first, 1) - 1 : last], np.float64)

    def metrics(self, first: int = 1, last: int | None = None) -> dict[str, Float64Array]:
        """Return what was measured after epochs `first` to `last`, by name; copies."""
        return {name: np.array(each[max(first, 1) - 1 : last], np.float64) for name, each in self._metrics.items()}

    def train(self, epochs: int) -> None:
        """Train that many epochs more; fewer where the loss stops being finite: that epoch is the last one then."""
        if epochs <= 0:
            return
        self._return_to_front()
        with diverging():
            for _ in range(epochs - 1):
                if self._train_one():
                    return
            self._recent = (self.trained, self.engine.state())
            self._train_one()

    def saved(self) -> SavedEngine:
        """Return all that it takes to go on from the last epoch trained."""
        self._return_to_front()
        return SavedEngine(self.engine.state(), self.losses(), self.engine.start, self.engine.label, self.metrics())

    def resume(self, saved: SavedEngine) -> None:
        """Stand where the engine of a saved run stood."""
        self._losses = array("d", saved.losses)
        self._metrics = {name: array("d", each) for name, each in saved.metrics.items()}
        self._checkpoints.pin(self.trained, saved.state)
        self._go_to(self.trained)

    def cut(self, epoch: int, course: Course) -> None:
        """Forget all that was trained after an epoch, and follow another course from there on."""
        self.approach(epoch)
        self._course = course
        state = self.engine.state()
        for series in (self._losses, *self._metrics.values()):
            del series[epoch:]
        self._checkpoints.drop_after(epoch)
        self._front = (epoch, state)
        if self._recent[0] > epoch:
            self._recent = self._front

    def frame(self, epoch: int, update: int | None = None) -> EngineFrame:
        """Compute all that is known of an epoch at its last update, or at an earlier one; the same bits each time.

        The epoch that follows the last one trained can be looked at too, at any update but its last.

        Raises:
            EpochError: the epoch has not been trained, or has no such update.
        """
        if update is None and not 0 <= epoch <= self.trained:
            raise EpochError(f"epoch {epoch} has not been trained", expected=f"0 to {self.trained}")
        if epoch == 0:
            self._go_to(0)
            start = self.engine.state()
            return self._framed(start, start)
        count = self.updates(epoch)
        if update is not None and not (1 <= update < count and epoch <= self.trained + 1):
            raise EpochError(f"epoch {epoch} has no update {update} before its last one", expected=f"1 to {count - 1}")
        with diverging():
            return self._frame_at(epoch, update or count, self._losses[epoch - 1] if update is None else None)

    def updates(self, epoch: int) -> int:
        """Count the updates of an epoch, 1 or later."""
        return self._course.stage(epoch).batches.count

    def distance(self, epoch: int) -> int:
        """Count the epochs that must be replayed before the frame of this one can be computed."""
        before = max(epoch - 1, 0)
        at, _ = self._nearest(before)
        return before - (self._at if at <= self._at <= before else at)

    def approach(self, epoch: int, most: int | None = None) -> None:
        """Replay towards where an epoch ended: at most that many epochs, or all."""
        with diverging():
            self._go_to(epoch, most)

    def predict(self) -> FloatArray:
        """Return ŷ of all samples, shape (N, outputs), with the parameters of the end of the training."""
        self._return_to_front()
        with diverging():
            return self.engine.evaluate(self._course.samples.x, self._course.samples.y).prediction

    def _frame_at(self, epoch: int, update: int, loss: float | None) -> EngineFrame:
        self._go_to(epoch - 1)
        self._adopt(epoch)
        batches = self._stage.batches(epoch)
        self._at = _NOWHERE
        for batch in batches[: update - 1]:
            self.engine.step(batch.x, batch.y)
        batch = batches[update - 1]
        before = self.engine.state()
        computed = _locked(self.engine.look(batch.x, batch.y))
        after = self._after(epoch, batch, ends=update == len(batches))
        loss = computed.loss if loss is None else loss
        return self._framed(before, after, computed, loss, batch.name)

    def _after(self, epoch: int, batch: Batch, *, ends: bool) -> EngineState:
        """Return the state after the update that a batch makes: that of the front, where it `ends` the last epoch."""
        if ends and self._front[0] == epoch:
            return self._front[1]
        self.engine.step(batch.x, batch.y)
        if ends:
            self._at = epoch
        return self.engine.state()

    def _framed(
        self,
        before: EngineState,
        after: EngineState,
        computed: Pass | None = None,
        loss: float | None = None,
        batch: str | None = None,
    ) -> EngineFrame:
        engine, layers = self.engine, self._stage.experiment.layers
        theta, theta_after = (Parameters(layers, read_only(each.parameters)) for each in (before, after))
        kept, kept_after = ({name: read_only(v) for name, v in each.optimizer.items()} for each in (before, after))
        return EngineFrame(
            engine.name, engine.label, engine.start, theta, theta_after, computed, loss, batch, kept, kept_after
        )

    def _train_one(self) -> bool:
        """Train the next epoch; tell whether its loss is the first that is not finite."""
        loss = self._replay(self.trained + 1)
        self._losses.append(loss)
        if self._measure is not None:
            for name, value in self._measure(self.engine).items():
                self._metrics.setdefault(name, array("d")).append(value)
        self._checkpoints.offer(self._at, self.engine.state)
        return not math.isfinite(loss) and self.diverged

    def _replay(self, epoch: int) -> float:
        """Step through an epoch from the parameters that it starts with; return its loss (see `Loss.of_epoch`)."""
        self._adopt(epoch)
        batches = self._stage.batches(epoch)
        losses = [self.engine.step(batch.x, batch.y) for batch in batches]
        self._at = epoch
        return self._stage.loss.of_epoch(losses, [len(batch) for batch in batches])

    def _adopt(self, epoch: int) -> None:
        """Let the engine go by the settings of an epoch."""
        stage = self._course.stage(epoch)
        if stage is not self._stage:
            self.engine.adopt(stage.experiment)
            self._stage = stage

    def _nearest(self, epoch: int) -> tuple[int, EngineState]:
        """Return the last epoch, not after this one, of which a state is at hand, and the state."""
        kept = (self._checkpoints.nearest(epoch), self._recent, self._front)
        return max((each for each in kept if each[0] <= epoch), key=lambda each: each[0])

    def _go_to(self, epoch: int, most: int | None = None) -> None:
        """Bring the engine to where it stood after `epoch`, or at most so many epochs nearer."""
        if self._at == self.trained and self._front[0] != self.trained:
            self._front = (self.trained, self.engine.state())
        at, state = self._nearest(epoch)
        if not at <= self._at <= epoch:
            self._adopt(max(at, 1))  # those settings that the state's vectors belong to
            self.engine.restore(state)
            self._at = at
        last = epoch if most is None else min(epoch, self._at + most)
        while self._at < last:
            self._replay(self._at + 1)
            self._checkpoints.offer(self._at, self.engine.state)

    def _return_to_front(self) -> None:
        if self._at != self.trained:
            self._go_to(self.trained)


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
