"""Session: engines in lockstep on one experiment; forward, and back to any epoch trained so far."""

from __future__ import annotations

from typing import TYPE_CHECKING, cast

import msgspec

from core import data
from core.checkpoints import CHECKPOINT_BYTES
from core.course import Course
from core.errors import DataError, EpochError, FileError
from core.experiment import Change
from core.frame import Frame
from core.metrics import measure_on, metric_names
from core.saved_run import SavedRun
from core.timeline import Timeline

if TYPE_CHECKING:
    from collections.abc import Mapping

    from core.arrays import Float64Array, FloatArray
    from core.engines.base import Engine
    from core.experiment import EngineName, Experiment, Precision


class Session:
    """A run of an experiment: the engines that have joined, and the epoch where it stands.

    An engine may join late; it then trains what the others have trained, and is in lockstep from there on.
    """

    def __init__(self, experiment: Experiment, *, checkpoint_bytes: int = CHECKPOINT_BYTES) -> None:
        self.experiment = experiment
        loaded = data.of(experiment)
        self.samples, self.held_out = loaded.train, loaded.held_out
        self._digest = loaded.digest
        self.epoch = 0
        self.update: int | None = None
        """An update of the epoch before its last one, where the session stands inside an epoch."""
        self._budget = checkpoint_bytes
        self._timelines: dict[str, Timeline] = {}
        self._frame: Frame | None = None
        self._courses: dict[Precision, Course] = {}

    def join(self, engine: Engine) -> None:
        """Take an engine in, at epoch 0; `catch_up` brings it to the others."""
        course = self._course(engine.precision)
        measure = measure_on(course.samples, self.held_out and self.held_out.cast(engine.precision))
        self._timelines[engine.name] = Timeline(engine, course, measure, self._budget // 2)
        self._frame = None

    def resume(self, saved: SavedRun) -> None:
        """Let the engines that have trained nothing yet stand where a run of the same experiment was saved.

        An engine that joins later is resumed by a call of its own; the session stands where it stood then.

        Raises:
            FileError: an engine starts from other parameters than the saved one did.
            DataError: the samples are others than those that the run was trained on.
        """
        self._require_samples_of(saved)
        begun = self.trained > 0
        for name, timeline in self._timelines.items():
            each = saved.engines.get(name)
            if each is None or timeline.trained:
                continue
            if timeline.engine.start != each.start:
                raise self._other_start(name)
            timeline.resume(each)
        self._frame = None
        if not begun:
            self.seek(saved.epoch)

    def _require_samples_of(self, saved: SavedRun) -> None:
        if saved.samples not in (None, self._digest()):
            data = self.experiment.data
            raise DataError(
                "has changed since the run was saved" if data.file else "makes other samples than the saved run's",
                data.file or f"source {data.source}",
                "the samples that the run was trained on",
            )

    def _other_start(self, engine: str) -> FileError:
        """Return the error that says that an engine starts from other parameters than that of a saved run."""
        what, expected = f"the run's {engine} engine started from other parameters", "those that the run started from"
        init = self.experiment.init_of(cast("EngineName", engine))
        return FileError(what, "saved run" if init.file is None else init.file, expected)

    def saved(self) -> SavedRun:
        """Return all that it takes to go on from the last epoch trained."""
        engines = {name: timeline.saved() for name, timeline in self._timelines.items()}
        return SavedRun(self.experiment, self.trained, engines, samples=self._digest())

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
        return len({timeline.trained for timeline in self._timelines.values()}) <= 1

    def catch_up(self, epochs: int) -> None:
        """Let the engines that are behind train at most that many epochs."""
        ahead = self.trained
        for timeline in self._timelines.values():
            if timeline.trained < ahead:
                timeline.train(min(epochs, ahead - timeline.trained))

    def advance(self, epochs: int = 1) -> None:
        """Train that many epochs in every engine, fewer where the loss of one stops being finite at an earlier epoch.

        Where the session stood at the last epoch, it stands there again.
        """
        followed, target = self.update is None and self.epoch == self.trained, self.trained + epochs
        for timeline in self._timelines.values():
            timeline.train(target - timeline.trained)
            target = timeline.trained
        for name, timeline in self._timelines.items():
            if timeline.trained > target:
                timeline.cut(target, self._course(self.precisions()[name]))
        if followed:
            self.seek(target)

    def seek(self, epoch: int, update: int | None = None) -> None:
        """Stand at an epoch that has been trained, or at one of its updates before the last.

        Inside an epoch the one that comes next can be looked at too: it is not trained by that.

        Raises:
            EpochError: it has not been trained, or has no such update.
        """
        if update is not None and not (0 < update < self.updates(epoch) and epoch <= self.trained + 1):
            raise EpochError(f"epoch {epoch} has no update {update} before its last one")
        if update is None:
            self._require(epoch)
        if (epoch, update) != (self.epoch, self.update):
            self.epoch, self.update = epoch, update
            self._frame = None

    def updates(self, epoch: int) -> int:
        """Count the updates of an epoch; epoch 0 has none."""
        timelines = self._timelines.values()
        return next((each.updates(epoch) for each in timelines), 1) if epoch > 0 else 0

    def distance(self, epoch: int) -> int:
        """Count the epochs that must be replayed, in all engines, before the frame of this one can be computed."""
        return sum(each.distance(epoch) for each in self._timelines.values() if each.trained >= epoch)

    def approach(self, epoch: int, most: int) -> None:
        """Replay towards an epoch, at most that many epochs in each engine, so that `frame_of` has less to do."""
        for timeline in self._timelines.values():
            if timeline.trained >= epoch:
                timeline.approach(max(epoch - 1, 0), most)

    def change(self, settings: Mapping[str, object]) -> None:
        """Train with other settings from here on, by their dotted keys; what was trained behind this epoch is dropped.

        The change becomes part of the experiment.

        Raises:
            ValueError: the settings can't be changed midway.
        """
        kept = tuple(each for each in self.experiment.change if each.epoch <= self.epoch)
        change = Change(self.epoch + 1, dict(settings))
        self.experiment = msgspec.structs.replace(self.experiment, change=(*kept, change))
        self._courses.clear()
        self.update = None
        for timeline in self._timelines.values():
            timeline.cut(min(self.epoch, timeline.trained), self._course(timeline.engine.precision))
        self._frame = None

    def frame(self) -> Frame:
        """Return all that is known of where the session stands; recomputed, to the same bits, if need be."""
        reached = self._reached(self.epoch, self.update)
        if self._frame is None or tuple(self._frame.engines) != tuple(reached):
            self._frame = self.frame_of(self.epoch, self.update)
        return self._frame

    def frame_of(self, epoch: int, update: int | None = None) -> Frame:
        """Return an epoch's frame without going there: every engine that has trained it.

        Raises:
            EpochError: none has.
        """
        self._require(epoch if update is None else epoch - 1)
        frames = {name: timeline.frame(epoch, update) for name, timeline in self._reached(epoch, update).items()}
        return Frame(epoch, frames, update, self.updates(epoch))

    def losses(self, engine: str, first: int = 1, last: int | None = None) -> Float64Array:
        """Return an engine's losses of epochs `first` to `last`, as many as it has trained."""
        return self._timelines[engine].losses(first, last)

    def trained_by(self, engine: str) -> int:
        """How many epochs one engine has trained."""
        return self._timelines[engine].trained

    def metrics(self, engine: str, first: int = 1, last: int | None = None) -> dict[str, Float64Array]:
        """Return what an engine was measured by after epochs `first` to `last`, as far as it has trained, by name."""
        return self._timelines[engine].metrics(first, last)

    @property
    def metric_names(self) -> tuple[str, ...]:
        """Name what is measured after each epoch, where it means something with these samples."""
        return metric_names(self.samples, self.held_out)

    def predictions(self) -> dict[str, FloatArray]:
        """Return each engine's ŷ for all samples, shape (N, outputs), with the parameters it ended with."""
        return {name: timeline.predict() for name, timeline in self._timelines.items()}

    def precisions(self) -> dict[str, Precision]:
        """Return what each engine computes in."""
        return {name: timeline.engine.precision for name, timeline in self._timelines.items()}

    def labels(self) -> dict[str, str]:
        """Return each engine's name with what it runs on, such as `scratch (NumPy 2.4.6)`."""
        return {name: timeline.engine.label for name, timeline in self._timelines.items()}

    @property
    def diverged(self) -> tuple[str, ...]:
        """Name the engines whose last epoch is the first with a loss that is not finite."""
        return tuple(name for name, timeline in self._timelines.items() if timeline.diverged)

    @property
    def comparable(self) -> bool:
        """Whether all engines started from the same parameters."""
        return len({timeline.engine.start for timeline in self._timelines.values()}) <= 1

    def _reached(self, epoch: int, update: int | None) -> dict[str, Timeline]:
        """Return the engines that have trained an epoch, or all that an update of it follows."""
        needed = epoch if update is None else epoch - 1
        return {name: each for name, each in self._timelines.items() if each.trained >= needed}

    def _require(self, epoch: int) -> None:
        if not 0 <= epoch <= self.trained:
            raise EpochError(f"epoch {epoch} has not been trained", expected=f"0 to {self.trained}")

    def _course(self, precision: Precision) -> Course:
        """Return the course in a precision; engines that compute in the same share it, samples and all."""
        if precision not in self._courses:
            self._courses[precision] = Course(self.experiment, self.samples.cast(precision))
        return self._courses[precision]
