"""Session: engines in lockstep on one experiment; forward, and back to any epoch trained so far."""

from __future__ import annotations

from typing import TYPE_CHECKING

from core import data
from core.batches import Batches
from core.errors import EpochError
from core.frame import Frame
from core.functions.losses import LOSSES
from core.timeline import CHECKPOINT_BYTES, Timeline

if TYPE_CHECKING:
    from core.arrays import Float64Array, FloatArray
    from core.data import Samples
    from core.engines.base import Engine
    from core.experiment import Experiment, Precision


class Session:
    """A run of an experiment: the engines that have joined, and the epoch where it stands.

    An engine may join late; it then trains what the others have trained, and is in lockstep from there on.
    """

    def __init__(self, experiment: Experiment, *, checkpoint_bytes: int = CHECKPOINT_BYTES) -> None:
        self.experiment = experiment
        self.samples = data.load(experiment.data, experiment.layers[-1])
        self.epoch = 0
        self._budget = checkpoint_bytes
        self._timelines: dict[str, Timeline] = {}
        self._frame: Frame | None = None
        self._cast: dict[Precision, tuple[Samples, Batches]] = {}

    def join(self, engine: Engine) -> None:
        """Take an engine in, at epoch 0; `catch_up` brings it to the others."""
        _, batches = self._samples_in(engine.precision)
        loss = LOSSES[self.experiment.loss]
        self._timelines[engine.name] = Timeline(engine, self.experiment.layers, batches, loss, self._budget // 2)
        self._frame = None

    @property
    def engines(self) -> tuple[str, ...]:
        """The names of the engines that have joined, in that order."""
        return tuple(self._timelines)

    @property
    def trained(self) -> int:
        """How many epochs the foremost engine has trained."""
        return max((timeline.trained for timeline in self._timelines.values()), default=0)

    @property
    def in_lockstep(self) -> bool:
        """Whether all engines have trained the same epochs."""
        return all(timeline.trained == self.trained for timeline in self._timelines.values())

    def catch_up(self, epochs: int) -> None:
        """Let the engines that are behind train at most that many epochs."""
        ahead = self.trained
        for timeline in self._timelines.values():
            if timeline.trained < ahead:
                timeline.train(min(epochs, ahead - timeline.trained))
                self._frame = None

    def advance(self, epochs: int = 1) -> None:
        """Train that many epochs in every engine; where the session stood at the last epoch, it stands there again."""
        followed, target = self.epoch == self.trained, self.trained + epochs
        for timeline in self._timelines.values():
            timeline.train(target - timeline.trained)
        self._frame = None  # an engine that was behind may have trained the epoch shown
        if followed:
            self.seek(target)

    def seek(self, epoch: int) -> None:
        """Stand at an epoch that has been trained.

        Raises:
            EpochError: it has not.
        """
        self._require(epoch)
        if epoch != self.epoch:
            self.epoch = epoch
            self._frame = None

    def frame(self) -> Frame:
        """Return all that is known of the epoch where the session stands; recomputed, to the same bits, if need be."""
        if self._frame is None:
            self._frame = self.frame_of(self.epoch)
        return self._frame

    def frame_of(self, epoch: int) -> Frame:
        """Return an epoch's frame without going there: every engine that has trained it.

        Raises:
            EpochError: none has.
        """
        self._require(epoch)
        reached = {name: each for name, each in self._timelines.items() if each.trained >= epoch}
        return Frame(epoch, {name: timeline.frame(epoch) for name, timeline in reached.items()})

    def losses(self, engine: str, first: int = 1, last: int | None = None) -> Float64Array:
        """Return an engine's losses of epochs `first` to `last`, as many as it has trained."""
        return self._timelines[engine].losses(first, last)

    def trained_by(self, engine: str) -> int:
        """How many epochs one engine has trained."""
        return self._timelines[engine].trained

    def predictions(self) -> dict[str, FloatArray]:
        """Return each engine's ŷ for all samples, shape (N, outputs), with the parameters it ended with."""
        return {name: timeline.predict(self._samples_of(name)) for name, timeline in self._timelines.items()}

    def precisions(self) -> dict[str, Precision]:
        """Return what each engine computes in."""
        return {name: timeline.engine.precision for name, timeline in self._timelines.items()}

    @property
    def comparable(self) -> bool:
        """Whether all engines started from the same parameters."""
        return len({timeline.engine.start for timeline in self._timelines.values()}) <= 1

    def _require(self, epoch: int) -> None:
        if not 0 <= epoch <= self.trained:
            raise EpochError(f"epoch {epoch} has not been trained", expected=f"0 to {self.trained}")

    def _samples_of(self, engine: str) -> Samples:
        return self._samples_in(self._timelines[engine].engine.precision)[0]

    def _samples_in(self, precision: Precision) -> tuple[Samples, Batches]:
        """Return the samples and their batches in a precision; engines that compute in the same share them."""
        if precision not in self._cast:
            samples = self.samples.cast(precision)
            seed = self.experiment.seed if self.experiment.shuffle else None
            self._cast[precision] = (samples, Batches(samples, self.experiment.batch, seed))
        return self._cast[precision]
