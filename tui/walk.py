"""Walk: where a run is going. Steps, jumps back in time, training, and the pause where a run diverges."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from core.divergence import origin
from tui.protocol import Cancel, Command, Event, GoTo, GoToLast, Jump, Said, Step, StepUpdate, ToggleRun

if TYPE_CHECKING:
    from collections.abc import Callable

    from core.session import Session

SLICE = 0.010
"""Seconds of training between two looks at the commands."""
LEAST_PART = 0.2
"""Of a slice, that is worth a call of its own."""


class Walk:
    """A session under way: `work` trains, or computes epochs again to go back in time, a slice at a time."""

    def __init__(self, session: Session, emit: Callable[[Event], object]) -> None:
        self.session = session
        self.planned = max(session.experiment.epochs, session.trained)
        """Grows where epochs past it are asked for."""
        self.speed = 0.0
        """Epochs trained in a second of late; 0 while it does not train, and while an engine catches up."""
        self.jump: Jump | None = None
        """A jump that is under way."""
        self._emit = emit
        self._jump_to: tuple[int, int | None] = (0, None)
        self._jump_begun = 0.0
        self._goal = 0
        self._running = False
        self._by_steps = False
        """Whether the goal came of steps alone."""

    @property
    def training(self) -> bool:
        """Whether there is an epoch to be trained."""
        return self.session.trained < self._goal

    @property
    def busy(self) -> bool:
        """Whether `work` has something to do."""
        return self.training or self.jump is not None or not self.session.in_lockstep

    @property
    def heading(self) -> int:
        """The epoch where it will stand when it has taken the steps asked for."""
        if self.jump is not None:
            return self._jump_to[0]
        return self._goal if self._stepping else self.session.epoch

    def stop(self) -> None:
        """Train no more, and stay here."""
        self._goal, self._running, self.jump = 0, False, None

    def follow(self, command: Command) -> bool:
        """Take a command that says where to go; False where it says something else."""
        match command:
            case Step(epochs, train):
                self._step(epochs, train=train)
            case StepUpdate(updates):
                self._step_update(updates)
            case GoTo(epoch):
                self._by_steps = False
                self._go_to(epoch)
            case GoToLast():
                self._seek(self.session.trained)
            case ToggleRun():
                self._toggle_run()
            case Cancel():
                self._give_up()
            case _:
                return False
        return True

    def work(self) -> None:
        """Go back in time or train for about a slice."""
        until = time.perf_counter() + SLICE
        if self.jump is not None:
            self._approach(self.jump, until)
        else:
            self._train(until)
        if not self.training:
            self._running, self.speed = False, 0.0

    @property
    def _stepping(self) -> bool:
        """Whether it trains towards an epoch that was asked for, to show it."""
        session = self.session
        return self.training and not self._running and session.epoch == session.trained and session.update is None

    @property
    def nearly_there(self) -> bool:
        """Whether a slice is all that it takes to stand at an epoch that was asked for, as far as is known."""
        return self._stepping and (self.speed == 0 or self._goal - self.session.trained <= self.speed * SLICE)

    def _step(self, epochs: int, *, train: bool) -> None:
        if epochs < 0 and self._stepping and not self._by_steps and not self.nearly_there:
            self._give_up()  # a step back from a long way counts from what is seen
        base = self.heading
        if self.session.update is not None and self.jump is None and epochs > 0:
            base -= 1  # from inside an epoch, the first step leads to its end
        target = max(0, base + epochs)
        self._by_steps = self._by_steps or not self.training
        self._go_to(target if train else min(target, self.session.trained))

    def _step_update(self, updates: int) -> None:
        session = self.session
        epoch, update = self._jump_to if self.jump is not None else (self.heading, session.update)
        at = session.updates(epoch) if update is None else update
        at += updates
        while at > max(session.updates(epoch), 0):
            at -= session.updates(epoch)
            epoch += 1
        while at < 1 and epoch > 0:
            epoch -= 1
            at += session.updates(epoch)
        if epoch == 0 or at == session.updates(epoch):
            self._go_to(max(epoch, 0))
        elif epoch > session.trained + 1:
            self._go_to(epoch - 1)
        else:
            self._stop_stepping()
            self._seek(epoch, at)

    def _go_to(self, epoch: int) -> None:
        trained = self.session.trained
        if epoch > trained:
            self._seek(trained)
            self._goal = max(epoch, self._goal if self._running else 0)
            self.planned = max(self.planned, epoch)
            return
        self._stop_stepping()
        self._seek(epoch)

    def _give_up(self) -> None:
        """Stay here, short of an epoch that was asked for; epochs planned only for its sake are planned no more."""
        self.jump = None
        if self.training and not self._running:
            self._goal = 0
            self.planned = max(self.session.experiment.epochs, self.session.trained)

    def _stop_stepping(self) -> None:
        """Train no further towards an epoch that was asked for; a run goes on."""
        if not self._running:
            self._goal = 0

    def _seek(self, epoch: int, update: int | None = None) -> None:
        """Stand at an epoch; where more has to be computed again than a slice allows, begin to go there."""
        self._jump_to = epoch, update
        self._jump_begun = time.perf_counter()
        self._approach(Jump(epoch, 0, self.session.distance(epoch), 0.0), self._jump_begun + SLICE)

    def _approach(self, jump: Jump, until: float) -> None:
        """Compute epochs again until then; stand at the jump's end when there are none left."""
        epochs, left = 1, self.session.distance(jump.epoch)
        while left and time.perf_counter() < until:
            self.session.approach(jump.epoch, epochs)
            left = self.session.distance(jump.epoch)
            epochs *= 2 if time.perf_counter() < until - SLICE / 2 else 1
        if not left:
            self.jump = None
            self.session.seek(*self._jump_to)
            return
        done = max(jump.done, jump.total - left)
        seconds = (time.perf_counter() - self._jump_begun) * left / max(done, 1)
        self.jump = Jump(jump.epoch, done, jump.total, seconds)

    def _toggle_run(self) -> None:
        if self.training:
            self.stop()
            return
        if self.session.trained >= self.planned:
            self._emit(Said(f"All {self.planned:,} epochs are trained. n trains one more; g goes further."))
            return
        self._seek(self.session.trained)
        self._running, self._goal = True, self.planned

    def _train(self, until: float) -> None:
        """Train until then, in as few calls as can be: each costs half an epoch of a small network.

        What is left of a slice that is nearly over is not worth another call.
        """
        session = self.session
        before = session.trained
        begun = now = time.perf_counter()
        epochs = max(1, int(self.speed * SLICE))
        while until - now > SLICE * LEAST_PART:
            if not session.in_lockstep:
                session.catch_up(epochs)
            elif (left := self._goal - session.trained) > 0:
                session.advance(min(epochs, left))
                self._look_for_divergence()
            else:
                break
            last, now = now, time.perf_counter()
            fitting = epochs * (until - now) / max(now - last, 1e-9)
            epochs = max(1, min(2 * epochs, int(fitting)))
        trained = session.trained - before
        if not trained or not session.in_lockstep:
            self.speed = 0.0
            return
        speed = trained / max(time.perf_counter() - begun, 1e-9)
        self.speed = speed if self.speed == 0 else 0.9 * self.speed + 0.1 * speed

    def _look_for_divergence(self) -> None:
        """Pause where a loss has just stopped being finite, and say which tensor was the first to do so."""
        diverged = self.session.diverged
        if not diverged:
            return
        self.stop()
        epoch, update, name = origin(self.session, diverged[0])
        place = f"epoch {epoch:,}" + ("" if update is None else f", update {update}")
        first = f"{name} at {place} was the first tensor with an inf or a nan" if name else "it alone overflowed"
        lost = f"The loss of {' and '.join(diverged)} is not finite any more at epoch {self.session.trained:,}"
        self._emit(Said(f"{lost}: {first}. p steps back to look; space trains on.", "warning"))
