"""The trainer's process: a Trainer at the far end of a socket, whose file descriptor stands on the command line.

It begins with the scratch engine and lets autograd join once PyTorch is imported. That takes over a second of
computing, so it begins when the screen has painted its first frame.
"""

from __future__ import annotations

import contextlib
import gc
import os
import selectors
import signal
import sys
import threading
import time
from multiprocessing.connection import Connection
from typing import TYPE_CHECKING

from core.errors import MlpError
from core.experiment_file import load
from core.saved_run import read_run
from tui.keeper import Keeper
from tui.player import Player, open_files
from tui.protocol import Open, Resume, Said, Start
from tui.served import is_served
from tui.trainer import Trainer

if TYPE_CHECKING:
    from collections.abc import Callable

    from core.engines.base import Engine
    from core.experiment import Experiment
    from tui.protocol import Event, Numbered

INTERVAL = 1 / 10.5
"""Seconds from one View to the next while it trains, on an average: what a slice holds up is made up for."""
MOST_DELAY = 2.0
"""Seconds after which PyTorch is imported even if nothing has been heard of the screen."""


class _Import:
    """Imports the autograd engine in a thread, so that commands are answered meanwhile."""

    def __init__(self) -> None:
        self.made: Callable[[Experiment], Engine] | None = None
        self.failure: str | None = None
        self._latest = time.perf_counter() + MOST_DELAY
        self._thread = threading.Thread(target=self._run, daemon=True)

    def begin(self) -> None:
        """Begin, if it has not begun."""
        if self._thread.ident is None:
            self._thread.start()

    @property
    def under_way(self) -> bool:
        """Whether it is still to be waited for; begins where that has taken too long."""
        if self._thread.ident is None:
            if time.perf_counter() < self._latest:
                return True
            self.begin()
        return self._thread.is_alive()

    def _run(self) -> None:
        try:
            from core.engines.autograd import Autograd  # noqa: PLC0415 - PyTorch takes over a second

            self.made = Autograd
        except Exception as error:
            self.failure = f"{type(error).__name__}: {error}"


class Service:
    """A trainer at the far end of a connection: commands come in, Views and the rest go out."""

    def __init__(self, connection: Connection, start: Start, keeper: Keeper) -> None:
        self._connection = connection
        self._keeper = keeper
        self._importing: _Import | None = _Import()
        self._heard = False
        """Whether the screen has said anything: by then its first frame is painted."""
        self._news, self._wake = os.pipe()
        """Bytes come from other threads where the trainer has news to take."""
        os.set_blocking(self._wake, False)
        self._selector = selectors.DefaultSelector()
        self._selector.register(self._connection, selectors.EVENT_READ)
        self._selector.register(self._news, selectors.EVENT_READ)
        self._trainer = self._begun(start)
        self._trainer.wake = self._rouse
        self._rouse()

    def _begun(self, start: Start) -> Trainer | Player:
        """Return the trainer of a run, or the player of two files."""
        if start.compared is not None:
            self._importing = None  # nothing is trained
            return Player(open_files(start.compared), self._tell)
        saved = None if start.resume is None else read_run(start.resume)
        experiment = _experiment_of(start) if saved is None else saved.experiment
        return Trainer(experiment, self._tell, saved, start.mine)

    def run(self) -> None:
        """Do what comes until the other end says that nothing more will.

        Raises:
            EOFError, ConnectionResetError: that has happened.
        """
        due, changed = 0.0, True
        while True:
            come = self._come(0.0 if changed or self._trainer.busy else self._patience)
            if self._news in come:
                self._take_news()
                changed = True
            asked = self._connection in come
            if asked:
                self._handle_what_has_come()
                due, changed = 0.0, True
            now = time.perf_counter()
            if changed and (not self._trainer.busy or now > due) and not (asked and self._trainer.nearly_there):
                self._tell(self._trainer.view())
                if self._importing is not None and self._heard:
                    self._importing.begin()  # not before: it would hold up the first View by a second
                due, changed = (due if now - due < INTERVAL else now) + INTERVAL, False
                continue  # what has come meanwhile does not wait for a slice
            if self._take_in_what_is_imported() or self._work():
                changed = True
            if self._waits_to_keep() == 0:
                self._keep()

    def finish(self) -> None:
        """Write the dumps that were accepted; then there is nothing left to do."""
        self._trainer.stop()
        while self._trainer.has_dumps:
            self._take_in_what_is_imported()
            if not self._work():
                time.sleep(0.01)  # the dump waits for PyTorch

    def _come(self, seconds: float | None) -> list[object]:
        """Return what there is to be read, of the connection and the news; wait for it that long, or without end."""
        return [key.fileobj for key, _ in self._selector.select(seconds)]

    @property
    def _patience(self) -> float | None:
        """Seconds to wait for what may come, where there is nothing to do; None without end."""
        return 0.01 if self._importing else self._waits_to_keep()

    def _handle_what_has_come(self) -> None:
        while self._connection.poll():
            order: Numbered = self._connection.recv()
            self._heard = True
            self._handle(order)

    def _handle(self, order: Numbered) -> None:
        """Carry out a command; where it opens a run in the place of two files, a trainer takes it on."""
        if isinstance(self._trainer, Player) and isinstance(order.command, Open | Resume):
            try:
                self._trainer = self._trainer.succeeded_by(order.command, order.number)
                self._trainer.wake = self._rouse
                self._importing = _Import()
            except MlpError as error:
                self._tell(Said(str(error), "error"))
        else:
            self._trainer.handle(order.command, order.number)

    def _rouse(self) -> None:
        with contextlib.suppress(BlockingIOError):  # it is full of news
            os.write(self._wake, b".")

    def _take_news(self) -> None:
        os.read(self._news, 4096)
        self._trainer.take_news()

    def _take_in_what_is_imported(self) -> bool:
        importing = self._importing
        if importing is None or importing.under_way:
            return False
        self._importing = None
        gc.freeze()  # what PyTorch consists of is no garbage; looking through it would take tens of milliseconds
        if importing.made is None:
            self._trainer.do_without("autograd", importing.failure or "it could not be imported")
        else:
            self._join(importing.made)
        return True

    def _join(self, make: Callable[[Experiment], Engine]) -> None:
        try:
            self._trainer.join(make)
        except MlpError as error:  # a file that it starts from has gone meanwhile
            self._trainer.do_without("autograd", str(error))

    def close(self) -> None:
        """End what else was started."""
        self._trainer.close()

    def _waits_to_keep(self) -> float | None:
        state = self._trainer.to_keep
        return None if state is None else self._keeper.waits(state)

    def _keep(self) -> None:
        """Leave a checkpoint; where that can't be done, the next one is tried in its time."""
        with contextlib.suppress(OSError, MlpError):
            self._tell(self._keeper.keep(self._trainer.saved(), self._trainer.to_keep))

    def _work(self) -> bool:
        if self._trainer.busy:
            self._trainer.work()
            return True
        return False

    def _tell(self, event: Event) -> None:
        with contextlib.suppress(OSError):  # where nobody listens any more, reading tells it
            self._connection.send(event)


def main() -> None:
    """Serve the connection named on the command line, from the start given there; end when it does.

    The words are the connection's file descriptor, those of the files for checkpoints, and the start.
    """
    descriptor, kept, *words = sys.argv[1:]
    signal.signal(signal.SIGTERM, _give_up)
    try:
        service = Service(Connection(int(descriptor)), Start.of(words), Keeper([int(each) for each in kept.split(",")]))
    except MlpError as error:  # what was right when the program was started
        sys.exit(str(error))
    try:
        with contextlib.suppress(EOFError, ConnectionResetError):
            service.run()
        if not is_served():  # nobody could download it any more
            service.finish()
    except SystemExit:
        service.close()
        os._exit(128 + signal.SIGTERM)
    service.close()
    os._exit(0)  # at once, even where PyTorch is still being imported


def _experiment_of(start: Start) -> Experiment:
    """Return the experiment to begin with: what the user's own file says it is for, if nothing else was asked for."""
    said = None
    if start.mine is not None:
        from tui.mine import experiment_said  # noqa: PLC0415 - only where there is such a file

        said = experiment_said(start.mine)
    return said or load(start.source, start.settings)


def _give_up(_number: int, _frame: object) -> None:
    """Leave by an exception, so that a file that is being written is taken away again."""
    raise SystemExit


if __name__ == "__main__":
    main()
