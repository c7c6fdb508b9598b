"""The trainer: owns the Session, takes commands, answers with Views.

`Trainer` is plain and knows nothing of processes; `main` runs it in one of its own, at the far end of a socket whose
file descriptor stands on its command line. It begins with the scratch engine and lets autograd join once PyTorch is
imported, which takes over a second.
"""

from __future__ import annotations

import os
import sys
import threading
import time
from array import array
from multiprocessing.connection import Connection
from typing import TYPE_CHECKING

import numpy as np

from core import dat
from core.agreement import digits
from core.engines.scratch import Scratch
from core.errors import MlpError
from core.experiment import DEFAULT, Experiment, load
from core.session import Session
from core.tensors import Quantity, TensorName
from tui.look import agreements_of, matrix_of, sample_of
from tui.protocol import (
    Command,
    Described,
    Dumped,
    Event,
    GoTo,
    GoToLast,
    Restart,
    Said,
    Show,
    Step,
    ToggleRun,
    View,
    Window,
    WriteDumps,
    dump_name,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from core.engines.base import Engine

ENGINES = ("scratch", "autograd")
SLICE = 0.012
"""Seconds of training between two looks at the commands."""
VIEWS_A_SECOND = 15
MANY_FILES = 100
"""More take long enough for the user to be told that they are being written."""


class Trainer:
    """A run under command. `emit` takes what it has to say; `work` trains a slice at a time."""

    def __init__(self, experiment: Experiment, emit: Callable[[Event], object]) -> None:
        self._experiment = experiment
        self._emit = emit
        self._shown = Show(TensorName(Quantity.GRADIENT, 1, "W"), Window())
        self._late: list[Callable[[Experiment], Engine]] = []
        self._jobs: list[tuple[WriteDumps, Iterator[None]]] = []
        self._missing: set[str] = set()
        self._start()
        optimizer = f"{experiment.optimizer.name} {experiment.optimizer.lr:g}"
        summary = f"{experiment.network()} · {experiment.loss} · {optimizer} · {_precisions(experiment)}"
        emit(Described(experiment.name, experiment.layers, experiment.activations(), summary, ENGINES))

    def join(self, make: Callable[[Experiment], Engine]) -> None:
        """Take in an engine that could not be there from the beginning; it catches up as `work` goes on."""
        self._late.append(make)
        self._session.join(make(self._experiment))

    def do_without(self, engine: str, reason: str) -> None:
        """Go on without an engine that can't be had, and say why."""
        self._missing.add(engine)
        self._say(f"{engine} can't be used: {reason}", "error")

    def handle(self, command: Command) -> None:
        """Carry out a command, or begin to."""
        match command:
            case Step(epochs, train):
                self._step(epochs, train=train)
            case GoTo(epoch):
                self._go_to(epoch)
            case GoToLast():
                self._session.seek(self._session.trained)
            case ToggleRun():
                self._toggle_run()
            case Restart():
                self._start()
            case Show():
                self._shown = command
            case WriteDumps():
                self._jobs.append((command, self._write_dumps(command)))

    @property
    def busy(self) -> bool:
        """Whether `work` has something to do."""
        return self._training or self._dumping or not self._session.in_lockstep

    @property
    def _dumping(self) -> bool:
        """Whether the next dump can be written now; it may have to wait until an engine has been imported."""
        return bool(self._jobs) and set(self._jobs[0][0].engines) <= {*self._session.engines, *self._missing}

    def work(self) -> None:
        """Train for about a slice, or write a dump."""
        if self._dumping and next(self._jobs[0][1], self) is self:
            del self._jobs[0]
        until = time.perf_counter() + SLICE
        epochs = 1
        while (self._training or not self._session.in_lockstep) and time.perf_counter() < until:
            self._train(epochs)
            epochs *= 2 if time.perf_counter() < until - SLICE / 2 else 1
        if not self._training:
            self._running = False

    def view(self) -> View:
        """Return what is to be seen now, with the losses that have come since the last View."""
        session, frame = self._session, self._session.frame()
        return View(
            epoch=session.epoch,
            trained=session.trained,
            planned=self._planned,
            running=self._training,
            joined=tuple(frame.engines),
            comparable=session.comparable,
            matrix=matrix_of(frame, self._shown.tensor, self._shown.window),
            agreements=agreements_of(frame, self._shown.tensor, self._experiment.depth),
            sample=sample_of(frame, session.samples.x, session.samples.y),
            series=self._news(),
        )

    def _start(self) -> None:
        self._session = Session(self._experiment)
        self._session.join(Scratch(self._experiment))
        for make in self._late:
            self._session.join(make(self._experiment))
        self._planned = self._experiment.epochs
        self._goal = 0
        self._running = False
        self._sent = dict.fromkeys((*ENGINES, "digits"), 0)
        self._jobs.clear()

    @property
    def _training(self) -> bool:
        return self._session.trained < self._goal

    def _step(self, epochs: int, *, train: bool) -> None:
        following = self._session.epoch == self._session.trained
        base = self._goal if self._training and following and not self._running else self._session.epoch
        target = max(0, base + epochs)
        self._go_to(target if train else min(target, self._session.trained))

    def _go_to(self, epoch: int) -> None:
        trained = self._session.trained
        if epoch > trained:
            self._session.seek(trained)
            self._goal = max(epoch, self._goal if self._running else 0)
            self._planned = max(self._planned, epoch)
            return
        if not self._running:
            self._goal = 0
        self._session.seek(epoch)

    def _toggle_run(self) -> None:
        if self._training:
            self._running, self._goal = False, 0
            return
        if self._session.trained >= self._planned:
            self._say(f"All {self._planned} epochs are trained. n trains one more; g goes further.")
            return
        self._session.seek(self._session.trained)
        self._running, self._goal = True, self._planned

    def _train(self, epochs: int) -> None:
        if not self._session.in_lockstep:
            self._session.catch_up(epochs)
            return
        self._session.advance(min(epochs, self._goal - self._session.trained))

    def _news(self) -> dict[str, tuple[int, array[float]]]:
        """Return the losses that have not been sent, and the digits that both engines' losses share."""
        session = self._session
        news = {}
        for engine in session.engines:
            news[engine] = self._sent[engine], session.losses(engine, self._sent[engine] + 1)
        if session.comparable and len(session.engines) == 2:
            first = self._sent["digits"] + 1
            last = min(session.trained_by(engine) for engine in session.engines)
            losses = (session.losses(name, first, last).astype(p) for name, p in session.precisions().items())
            news["digits"] = self._sent["digits"], digits(*losses)
        for name, (begin, values) in news.items():
            self._sent[name] = begin + len(values)
        return {name: (begin, array("d", values.astype(np.float64))) for name, (begin, values) in news.items()}

    def _write_dumps(self, asked: WriteDumps) -> Iterator[None]:
        """Write the dumps, an epoch at a time; first wait for engines that are behind."""
        if self._missing & set(asked.engines):
            self._say(f"Nothing was written: {', '.join(self._missing)} can't be used.", "error")
            return
        while any(self._session.trained_by(name) < asked.last for name in asked.engines):
            yield
        count = (asked.last - asked.first + 1) * len(asked.engines)
        if count > MANY_FILES:
            self._say(f"Writing {count:,} files to {asked.folder}…")
        paths, nbytes = [], 0
        try:
            for epoch in range(asked.first, asked.last + 1):
                frame = self._session.frame_of(epoch)
                for engine in asked.engines:
                    path = asked.folder / dump_name(engine, epoch if asked.numbered else None)
                    dump = dat.dump_of(frame.engines[engine], epoch, self._experiment, asked.quantities)
                    nbytes += dat.write(path, dump, replace=asked.replace)
                    paths.append(path)
                yield
        except MlpError as error:
            written = f" ({len(paths)} files were written before)" if paths else ""
            self._say(f"{error}{written}", "error")
            return
        self._emit(Dumped(tuple(paths), nbytes))

    def _say(self, text: str, severity: str = "information") -> None:
        self._emit(Said(text, "error" if severity == "error" else "information"))


def _precisions(experiment: Experiment) -> str:
    scratch, autograd = experiment.precision_of("scratch"), experiment.precision_of("autograd")
    return scratch if scratch == autograd else f"{scratch}, autograd {autograd}"


class _Import:
    """Imports the autograd engine in a thread, so that commands are answered meanwhile."""

    def __init__(self) -> None:
        self.made: Callable[[Experiment], Engine] | None = None
        self.failure: str | None = None
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._thread.start()

    @property
    def under_way(self) -> bool:
        return self._thread.is_alive()

    def _run(self) -> None:
        try:
            from core.engines.autograd import Autograd  # noqa: PLC0415 - PyTorch takes over a second

            self.made = Autograd
        except Exception as error:
            self.failure = f"{type(error).__name__}: {error}"


def serve(connection: Connection, experiment: Experiment) -> None:
    """Run a trainer until the other end of the connection closes."""
    trainer = Trainer(experiment, connection.send)
    importing: _Import | None = _Import()
    connection.send(trainer.view())
    sent, changed = time.perf_counter(), False
    while True:
        waiting = 0.0 if trainer.busy else 0.01 if importing else None
        while connection.poll(waiting):
            trainer.handle(connection.recv())
            changed, waiting, sent = True, 0.0, 0.0
        if importing and not importing.under_way:
            _take_in(trainer, importing)
            importing, changed = None, True
        if trainer.busy:
            trainer.work()
            changed = True
        now = time.perf_counter()
        if changed and (not trainer.busy or now - sent > 1 / VIEWS_A_SECOND):
            connection.send(trainer.view())
            sent, changed = now, False


def _take_in(trainer: Trainer, importing: _Import) -> None:
    if importing.made is None:
        trainer.do_without("autograd", importing.failure or "it could not be imported")
    else:
        trainer.join(importing.made)


def main() -> None:
    """Serve the connection named on the command line, with the experiment named there; end when it does."""
    descriptor, *source = sys.argv[1:]
    try:
        serve(Connection(int(descriptor)), load(source[0] if source else DEFAULT))
    except (EOFError, BrokenPipeError, ConnectionResetError):
        os._exit(0)  # at once, even where PyTorch is still being imported


if __name__ == "__main__":
    main()
