"""Beside: the user's file as an engine, run by a thread of its own, so that the trainer never waits for it.

The trainer says which run it is and how far that has come, and asks for what an epoch's frame is in the user's engine;
the answer is there or not there yet. Where one comes, the trainer is woken.
"""

from __future__ import annotations

import threading
import time
from array import array
from collections import deque
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

import numpy as np

from core.arrays import diverging
from core.course import Course
from core.engines.guest import NAME, Yours
from core.errors import GuestError, MlpError
from core.frame import EngineFrame
from core.guest.described import experiment_of
from core.guest.process import Guest, Limits
from core.judge import judge_tensor, shares
from core.reference import Network, reference
from core.tensors import Quantity, tensor_names
from core.timeline import Timeline
from core.trace import lend

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from core.arrays import Float64Array, FloatArray
    from core.experiment import Experiment, Precision
    from core.frame import Frame
    from core.judge import Judgement
    from core.samples import Samples
    from core.tensors import TensorName
    from core.trace import Lent
    from tui.protocol import Mine

SLICE = 0.02
"""Seconds of training between two looks at what is asked for."""
QUICK = 0.01
"""Seconds; an engine that answered that quickly is waited for, twice as long, so that a View has its numbers too."""
NEWS = 0.1
"""Seconds between two times that the trainer is woken for losses alone."""
SECONDS_TO_LOAD = 10.0


@dataclass(frozen=True)
class Seen:
    """An epoch in the user's engine."""

    frame: EngineFrame | None
    """None where the file gives nothing there."""
    marks: Mapping[TensorName, Judgement] = field(default_factory=dict)
    """Its gradients judged, at its own parameters; none at epoch 0."""
    shares: Mapping[TensorName, FloatArray] = field(default_factory=dict)
    """The share of what rounding can do that each of their numbers differs by."""
    lent: Lent | None = None
    """What it is explained with; None at epoch 0."""
    reason: str = ""
    """Why there is no frame."""

    @property
    def lending(self) -> Mapping[str, Lent]:
        """What it is explained with, by its name."""
        return {} if self.lent is None else {NAME: self.lent}


@dataclass(frozen=True)
class _Run:
    """What is to be trained beside."""

    experiment: Experiment
    samples: Samples
    own_path: bool


class Beside:
    """The user's engine in a thread. Everything public is called by the trainer, and none of it waits for the file."""

    def __init__(self, mine: Mine, wake: Callable[[], object]) -> None:
        self._mine = mine
        self._wake = wake
        self._news = threading.Condition()
        self._run: _Run | None = None
        self._fresh = False
        """Whether file and run are those that the thread works with."""
        self._closed = False
        self._target = 0
        self._asked: deque[Frame] = deque(maxlen=2)
        self._seen: deque[tuple[Frame, Seen]] = deque(maxlen=4)
        self._losses = array("d")
        self._failure = ""
        self._took = QUICK
        self._told = 0.0
        self._guest: Guest | None = None
        self._engine: Yours | None = None
        self._timeline: Timeline | None = None
        self._thread = threading.Thread(target=self._work, daemon=True)

    def begin(self, experiment: Experiment, samples: Samples, *, own_path: bool) -> None:
        """Train another run from its beginning."""
        with self._news:
            self._run = _Run(experiment, samples, own_path)
            self._target = 0
            self._stale()
        if self._thread.ident is None:
            self._thread.start()

    def reload(self) -> None:
        """Run the file anew, which has changed; a call that is under way is given up."""
        with self._news:
            self._stale()

    def come_to(self, epoch: int) -> None:
        """Train up to an epoch, as time allows."""
        with self._news:
            self._target = epoch
            self._news.notify_all()

    def look(self, frame: Frame, patience: float = 0.0) -> Seen | None:
        """Return what an epoch is in the user's engine; None where that is not known yet. Then it is asked for."""
        with self._news:
            found = self._known(frame)
            if found is None and all(each is not frame for each in self._asked):
                self._asked.append(frame)
                self._news.notify_all()
            wait = max(patience, 2 * self._took if self._took < QUICK else 0.0)
            if found is None and wait:
                self._news.wait_for(lambda: self._known(frame) is not None, wait)
                found = self._known(frame)
            return found

    @property
    def failure(self) -> str:
        """Why there is no engine of the user's; empty where there is one, or none yet."""
        return self._failure

    @property
    def trained(self) -> int:
        """How many losses are known."""
        return len(self._losses)

    def losses(self, first: int) -> Float64Array:
        """Return the losses from epoch `first` on; a copy."""
        with self._news:
            return np.array(self._losses[first - 1 :], np.float64)

    def close(self) -> None:
        """End the file's process, and the thread."""
        with self._news:
            self._closed = True
            self._stale()

    # The thread

    def _stale(self) -> None:
        self._fresh = False
        self._asked.clear()
        self._seen.clear()
        del self._losses[:]
        self._failure = ""
        if self._guest is not None:
            self._guest.interrupt()
        self._news.notify_all()

    def _known(self, frame: Frame) -> Seen | None:
        if self._failure:
            return Seen(None, reason=self._failure)
        return next((seen for each, seen in self._seen if each is frame), None)

    def _work(self) -> None:
        while (do := self._next()) is not None:
            try:
                do()
            except MlpError as error:
                self._fail(_told(error))
            except Exception as error:  # a mistake of this program must not end the thread unseen
                self._fail(f"a mistake of mlp-tui: {type(error).__name__}: {error}")
        if self._guest is not None:
            self._guest.close()

    def _next(self) -> Callable[[], None] | None:
        """Wait until there is something to do; None where there never will be."""
        with self._news:
            while not self._closed:
                if not self._fresh:
                    return self._load
                frame = next((each for each in self._asked if self._can_look_at(each)), None)
                if frame is not None:
                    return lambda: self._look_at(frame)
                if self._behind:
                    return self._train
                self._news.wait()
        return None

    @property
    def _behind(self) -> bool:
        return not self._failure and self._timeline is not None and self._timeline.trained < self._target

    def _can_look_at(self, frame: Frame) -> bool:
        """Whether a frame can be made: on its own path, only where the engine has been."""
        timeline, run = self._timeline, self._run
        if timeline is None or run is None or self._failure:
            return False
        return not run.own_path or timeline.trained >= (frame.epoch if frame.update is None else frame.epoch - 1)

    def _fail(self, reason: str) -> None:
        with self._news:
            if self._fresh:  # else the file or the run is another by now
                self._failure = reason
                self._asked.clear()
                self._news.notify_all()
        self._wake()

    def _load(self) -> None:
        """Start the file's process, and an engine at the beginning of the run."""
        with self._news:
            run, self._fresh = self._run, True
            self._engine = self._timeline = None
            old, self._guest = self._guest, None
        if old is not None:
            old.close()
        assert run is not None
        guest = Guest(self._mine.path, Limits(SECONDS_TO_LOAD, self._mine.memory))
        with self._news:
            self._guest = guest
        guest.load()
        require_fit(guest, run.experiment, self._mine.source)
        engine = Yours(run.experiment, guest, follow_own=run.own_path)
        timeline = Timeline(engine, Course(run.experiment, run.samples.cast(engine.precision)))
        with self._news:
            if self._fresh:
                self._engine, self._timeline = engine, timeline
        self._wake()

    def _train(self) -> None:
        timeline = self._timeline
        assert timeline is not None
        until, first = time.monotonic() + SLICE, timeline.trained
        try:
            while time.monotonic() < until and timeline.trained < self._target and self._fresh:
                timeline.train(1)
        except GuestError as error:
            self._fail(f"at epoch {timeline.trained + 1:,}, {_told(error)}")
        with self._news:
            if self._fresh:
                self._losses.extend(timeline.losses(first + 1))
        if time.monotonic() - self._told > NEWS or not self._behind:
            self._told = time.monotonic()
            self._wake()

    def _look_at(self, frame: Frame) -> None:
        begun = time.monotonic()
        try:
            seen = self._made(frame)
        except GuestError as error:
            if self._guest is None or not self._guest.alive:
                raise
            seen = Seen(None, reason=_told(error))
        with self._news:
            self._took = time.monotonic() - begun
            others = [each for each in self._asked if each is not frame]
            if len(others) < len(self._asked):  # else the file or the run is another by now
                self._asked = deque(others, self._asked.maxlen)
                self._seen.append((frame, seen))
            self._news.notify_all()
        self._wake()

    def _made(self, frame: Frame) -> Seen:
        """Make the engine's frame of an epoch: at scratch's parameters, or of its own path."""
        timeline, engine, run = self._timeline, self._engine, self._run
        assert timeline is not None
        assert engine is not None
        assert run is not None
        scratch = next(iter(frame.engines.values()))
        if run.own_path:
            made = timeline.frame(frame.epoch, frame.update)
        else:
            made = as_engine_frame(engine, scratch)
            if made.computed is not None and timeline.trained >= frame.epoch and frame.update is None:
                made = replace(made, loss=float(timeline.losses(frame.epoch, frame.epoch)[0]))
        return judged(made, run.experiment.at(max(frame.epoch, 1)), None if run.own_path else scratch)


def as_engine_frame(engine: Yours, scratch: EngineFrame) -> EngineFrame:
    """Return an epoch of the user's engine, made at the parameters that scratch has; its loss is that of the batch.

    Raises:
        GuestError: the file makes no pass there.
    """
    plain = EngineFrame(NAME, engine.label, engine.start, scratch.before, scratch.after, None, None)
    if scratch.computed is None:
        return plain
    computed = engine.look_at(scratch.before, scratch.computed.x, scratch.computed.y)
    return replace(plain, computed=computed, loss=computed.loss, batch=scratch.batch)


def judged(frame: EngineFrame, experiment: Experiment, follows: EngineFrame | None = None) -> Seen:
    """Judge the gradients of a frame; in float32's bounds where they are that, whatever the parameters are.

    `follows` is the engine at whose parameters the pass was made, where they are not its own.
    """
    if frame.computed is None:
        return Seen(frame)
    computed = frame.computed
    precision: Precision = "float32" if computed.gradients.flat.itemsize == 4 else "float64"
    with diverging():
        against = reference(Network.of(experiment), frame.before, computed.x, computed.y, precision)
        names = tensor_names(Quantity.GRADIENT, experiment.depth)
        marks = {name: judge_tensor(frame.tensor(name), against.bounded(name)) for name in names}
        off = {name: shares(frame.tensor(name), against.bounded(name)) for name in names}
        return Seen(frame, marks, off, lend(frame, experiment, against, follows))


def require_fit(guest: Guest, run: Experiment, source: str | None) -> None:
    """Refuse a file that is for another network than the run's; one that says no widths takes any.

    Raises:
        GuestError: it is.
    """
    said, _ = experiment_of(guest.constants, guest.path, source)
    hidden, hidden_of_run = said.activations()[:-1], run.activations()[:-1]
    same_hidden = hidden == hidden_of_run or (len(set(hidden)) == 1 and set(hidden) >= set(hidden_of_run))
    if not same_hidden or (said.output, said.loss) != (run.output, run.loss) or not _same_widths(guest, run):
        raise GuestError(
            f"is for {said.network()} with loss {said.loss}", str(guest.path), f"{run.network()} with loss {run.loss}"
        )


def _same_widths(guest: Guest, run: Experiment) -> bool:
    return "layers" not in guest.constants or tuple(guest.constants["layers"]) == run.layers


def _told(error: MlpError) -> str:
    """Say an error of the file in a line; where it is known already."""
    expected = f"; expected {error.expected}" if error.expected else ""
    where = f" ({error.lines[-1]})" if isinstance(error, GuestError) and error.lines else ""
    return f"it {error.what}{expected}{where}" if isinstance(error, GuestError) else str(error)
