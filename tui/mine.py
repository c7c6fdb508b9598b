"""The user's own file in the trainer: an engine beside the others, and its check, both by threads of their own."""

from __future__ import annotations

from array import array
from dataclasses import replace
from typing import TYPE_CHECKING

from core.errors import DumpError, MlpError
from core.guest.described import experiment_of
from core.guest.process import Guest, Limits
from tui.beside import Beside
from tui.checkup import Checker
from tui.protocol import Event, Said
from tui.shown import MINE

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from core.experiment import Experiment
    from core.frame import EngineFrame, Frame
    from core.session import Session
    from tui.beside import Seen
    from tui.protocol import Mine

SECONDS_TO_SAY = 5.0
"""For a file to say which network it is for, before the run of it can begin."""
PATIENCE = 0.02
"""Seconds that a dump waits at a time."""


class OwnFile:
    """What the trainer knows of the user's file. `wake` is called from other threads where there is news."""

    def __init__(self, mine: Mine, wake: Callable[[], object]) -> None:
        self.own_path = False
        """Whether the engine trains by its own gradients."""
        self._beside = Beside(mine, wake)
        self._checker = Checker(mine, wake)
        self._checking = False
        self._session: Session | None = None
        self._told_losses = 0
        self._told_failure = ""
        self._joined: tuple[Frame, EngineFrame, Frame] | None = None
        """A frame, the user's own, and both in one."""

    def begin(self, session: Session) -> None:
        """Go along with a session from its beginning; the first time, begin to check the file too."""
        self._session = session
        self._beside.begin(session.experiment, session.samples, own_path=self.own_path)
        if not self._checking:
            self._checking = True
            self._checker.begin()

    def toggle(self) -> None:
        """Train by its own gradients, or follow scratch again; from the beginning."""
        self.own_path = not self.own_path
        assert self._session is not None
        self.begin(self._session)

    def news(self) -> Iterator[Event]:
        """Give what is to be said; where the file has changed, run it anew."""
        if self._checker.take_change():
            self._beside.reload()
        yield from self._checker.take()
        failure = self._beside.failure
        if failure and failure != self._told_failure:
            yield Said(f"{MINE} can't be used: {failure}", "error")
        self._told_failure = failure

    @property
    def missing(self) -> dict[str, str]:
        """Why there is no such engine, where there is none."""
        failure = self._beside.failure
        return {MINE: failure} if failure else {}

    def seen(self, frame: Frame) -> tuple[Frame, Seen | None]:
        """Return the frame with the user's engine in it as soon as that is known; and how its gradients stand."""
        assert self._session is not None
        self._beside.come_to(self._session.trained)
        seen = self._beside.look(frame)
        if seen is None or seen.frame is None or not seen.marks:
            return frame, None
        known = self._joined
        if known is None or known[0] is not frame or known[1] is not seen.frame:
            joined = replace(frame, engines={**frame.engines, MINE: seen.frame})
            self._joined = known = (frame, seen.frame, joined)
        return known[2], seen

    def frame_for_dump(self, frame: Frame, session: Session) -> EngineFrame | None:
        """Return the user's engine at a frame of a session; None where it is not known yet.

        Raises:
            DumpError: it never will be.
        """
        if session is not self._session:
            raise DumpError(f"the run of {MINE} has been given up for another one")
        seen = self._beside.look(frame, PATIENCE)
        if seen is not None and seen.frame is None:
            raise DumpError(f"{MINE} can't be used: {seen.reason}")
        return None if seen is None else seen.frame

    def series(self) -> dict[str, tuple[int, array[float]]]:
        """Return what is new of its losses, and where it begins."""
        first = min(self._told_losses, self._beside.trained)
        losses = self._beside.losses(first + 1)
        self._told_losses = first + len(losses)
        return {MINE: (first, array("d", losses))}

    def close(self) -> None:
        """End the file's processes."""
        self._beside.close()
        self._checker.close()


def experiment_said(mine: Mine) -> Experiment | None:
    """Return the experiment that the file says it is for; None where it says none that can be run, or need not."""
    if mine.source is not None:
        return None
    with Guest(mine.path, Limits(SECONDS_TO_SAY, mine.memory)) as guest:
        try:
            guest.load()
            experiment, has_samples = experiment_of(guest.constants, guest.path)
        except MlpError:
            return None
    return experiment if has_samples else None
