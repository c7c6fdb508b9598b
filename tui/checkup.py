"""Checkup: the check of the user's file by a thread, at once and whenever the file is saved."""

from __future__ import annotations

import threading
import time
from collections import deque
from typing import TYPE_CHECKING

import msgspec

from core.doctor.check import Report, Second, examine
from core.doctor.words import closing_lines, diagnoses, share_words, verdict_line
from core.errors import GuestError, MlpError
from core.guest.printable import printable_lines
from core.guest.process import Guest, Limits
from core.second_opinion import by_autograd, by_scratch
from tui.findings import Checkup, Diagnosed, Row

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from core.mistakes import Planted
    from tui.protocol import Mine

SECONDS_A_CHECK = 10.0
"""For all calls of the file in one check."""
DEBOUNCE_MS, STEP_MS = 50, 10
"""How long the disk has to be quiet after a change, and how often it is asked; editors write in several steps."""


class Checker:
    """Checks a file whenever it is saved. `wake` is called where there is something to take, from another thread."""

    def __init__(self, mine: Mine, wake: Callable[[], object]) -> None:
        self._mine = mine
        self._path = mine.path.absolute()
        self._wake = wake
        self._found: deque[Checkup] = deque()
        self._changed = False
        """Whether the file has changed since `take_change`."""
        self._due = threading.Event()
        self._stop = threading.Event()
        self._last: Checkup | None = None
        self._warm: Guest | None = None
        """A process that has been started, for the next check."""
        self._asked: Guest | None = None
        """That of the check under way."""
        self._threads = [threading.Thread(target=each, daemon=True) for each in (self._check_when_due, self._watch)]

    def begin(self) -> None:
        """Check the file, and watch it."""
        self._due.set()
        for each in self._threads:
            each.start()

    def take(self) -> list[Checkup]:
        """Return what has been found since the last time."""
        found = []
        while self._found:
            found.append(self._found.popleft())
        return found

    def take_change(self) -> bool:
        """Tell whether the file has changed since the last time."""
        changed, self._changed = self._changed, False
        return changed

    def close(self) -> None:
        """End the threads and their processes."""
        self._stop.set()
        self._due.set()
        for guest in (self._asked, self._warm):
            if guest is not None:
                guest.interrupt()

    def _watch(self) -> None:
        from watchfiles import watch  # noqa: PLC0415 - only where there is a file to be watched

        name, folder = self._path.name, self._path.parent
        changes = watch(
            folder,
            watch_filter=lambda _change, path: path.rpartition("/")[2] == name,
            debounce=DEBOUNCE_MS,
            step=STEP_MS,
            stop_event=self._stop,
            recursive=False,
            raise_interrupt=False,
        )
        try:
            for _ in changes:
                self._changed = True
                self._due.set()
                if (guest := self._asked) is not None:
                    guest.interrupt()
                self._wake()
        except OSError as error:
            self._say(Checkup(self._path, line=f"{name} can't be watched: {error}", last=self._last))

    def _check_when_due(self) -> None:
        while self._due.wait() and not self._stop.is_set():
            self._due.clear()
            self._say(self._under_way())
            begun = time.monotonic()
            report = self._report()
            if self._due.is_set() or self._stop.is_set():
                continue  # it has changed meanwhile, and is checked again
            found = checkup_of(report, self._path, time.monotonic() - begun)
            if found.verdict == "cannot run":
                found = msgspec.structs.replace(found, last=self._last)
            else:
                self._last = found
            self._say(found)
            self._warm = self._warm or self._new_guest()

    def _under_way(self) -> Checkup:
        return msgspec.structs.replace(self._last or Checkup(self._path), checking=True, last=None)

    def _report(self) -> Report:
        guest, self._warm = self._warm or self._new_guest(), None
        self._asked = guest
        try:
            report = examine(guest, self._mine.source, Second(by_autograd, by_scratch))
        except GuestError as error:
            report = Report("cannot run", error=error)
        except MlpError as error:
            report = Report("cannot run", error=GuestError(error.what, error.where, error.expected))
        except Exception as error:  # a mistake of this program must not end the thread unseen
            report = Report("cannot run", error=GuestError(f"can't be checked for a mistake of mlp-tui: {error!r}"))
        finally:
            self._asked = None
            guest.close()
        return Report(**{**vars(report), "output": guest.output.text()})

    def _new_guest(self) -> Guest:
        return Guest(self._path, Limits(SECONDS_A_CHECK, self._mine.memory))

    def _say(self, found: Checkup) -> None:
        self._found.append(found)
        self._wake()


def checkup_of(report: Report, path: Path, seconds: float) -> Checkup:
    """Put a report into words."""
    error = report.error
    lines = () if error is None else (*error.lines, *([f"expected {error.expected}"] if error.expected else []))
    return Checkup(
        path,
        verdict=report.verdict,
        line=verdict_line(report, path.name),
        rows=tuple(Row(row.name, share_words(row), row.wrong_on) for row in report.rows),
        diagnosed=tuple(Diagnosed(_shown_in(first, report), tuple(said)) for first, said in diagnoses(report)),
        closing=tuple(closing_lines(report)),
        remarks=report.remarks[1:] if report.verdict == "cannot tell" else report.remarks,
        error=lines,
        output=tuple(printable_lines(report.output.expandtabs(4))),
        seconds=seconds,
    )


def _shown_in(mistake: Planted, report: Report) -> str:
    """Name the gradient where a mistake shows first; empty where it changes the loss alone."""
    if mistake.change.slot == "loss":
        return ""
    if mistake.change.slot in ("dW", "db"):
        return f"dL/{mistake.change.slot}{mistake.layer}"
    if mistake.layer:
        own = [row for row in report.rows if row.wrong_on and row.name[5:] == str(mistake.layer)]
        return own[0].name if own else f"dL/dW{mistake.layer}"
    return next((row.name for row in report.rows if row.wrong_on and row.name != "loss"), "")
