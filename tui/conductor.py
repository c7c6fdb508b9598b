"""The conductor: the screen's end of the trainer. Sends commands; hands what comes back to a listener.

Two makes: `ProcessConductor`, whose trainer is a process of its own, and `LocalConductor`, for tests, whose trainer
runs where it is. Nothing here imports NumPy: the process is started before the screen's own imports.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import signal
import socket
import subprocess
import sys
import tempfile
import threading
from collections import deque
from collections.abc import Callable
from multiprocessing.connection import Connection
from pathlib import Path
from typing import IO, TYPE_CHECKING, Protocol

from tui.protocol import (
    Command,
    Described,
    Dumped,
    Ended,
    Event,
    Kept,
    NotDumped,
    NotSaved,
    Numbered,
    Painted,
    Saved,
    SavePicture,
    SaveRun,
    SaveWeights,
    Show,
    Start,
    View,
    WriteDumps,
)
from tui.served import is_served

if TYPE_CHECKING:
    from tui.player import Player
    from tui.trainer import Trainer

Listener = Callable[[Event], object]


class Conductor(Protocol):
    """What the screen knows of the trainer."""

    @property
    def of_files(self) -> bool:
        """Whether it begins with two files, and no run."""

    def listen(self, listener: Listener) -> None:
        """Hand all that comes, and has come, to `listener`; called once, from a running event loop."""

    def send(self, command: Command) -> int:
        """Send a command, never waiting; return its number, which a View tells when it has been handled."""

    def painted(self) -> None:
        """Tell that the first frame is on the screen."""

    def revive(self) -> None:
        """Start a trainer again, from the beginning, where it has ended."""

    def carry_on(self) -> int | None:
        """Start a trainer that has ended again at its last checkpoint; return the epoch, or None if there is none."""

    def leave(self) -> None:
        """Tell the trainer that nothing more will come; it ends by itself."""

    def close(self) -> None:
        """End the trainer."""


class Outbox:
    """Commands on their way: a thread sends them, so that nobody waits where the trainer does not read for long."""

    def __init__(self, connection: Connection, end: socket.socket) -> None:
        self._connection = connection
        self._end = end
        self._orders: deque[Numbered] = deque()
        self._closed = False
        self._news = threading.Condition()
        threading.Thread(target=self._run, daemon=True).start()

    def put(self, order: Numbered) -> None:
        """Have a command sent; where it is a Show, one that has not gone yet is not worth sending any more."""
        with self._news:
            if isinstance(order.command, Show) and self._orders and isinstance(self._orders[-1].command, Show):
                self._orders.pop()
            self._orders.append(order)
            self._news.notify()

    def close(self) -> None:
        """Send what is waiting, then tell the other end that nothing more will come."""
        with self._news:
            self._closed = True
            self._news.notify()

    def _run(self) -> None:
        with contextlib.suppress(OSError):  # where the trainer has ended, the reading thread reports it
            while (order := self._next()) is not None:
                self._connection.send(order)
            self._end.shutdown(socket.SHUT_WR)

    def _next(self) -> Numbered | None:
        with self._news:
            self._news.wait_for(lambda: self._orders or self._closed)
            return self._orders.popleft() if self._orders else None


class ProcessConductor:
    """A trainer in a process of its own; it ends with this one, once it has written the files that it was asked for."""

    def __init__(self, start: Start) -> None:
        self._start = start
        self._listener: Listener | None = None
        self._reader: threading.Thread | None = None
        self._number = 0
        self._pending: dict[int, WriteDumps | SaveWeights | SaveRun | SavePicture] = {}
        """What was asked to be written, and has been neither written nor refused."""
        self._leaving = False
        self._files = [tempfile.TemporaryFile() for _ in range(2)]  # noqa: SIM115 - open as long as this is
        """Where trainers leave checkpoints, for those that come after them."""
        self._kept: Kept | None = None
        self._trained = 0
        self.failures: list[str] = []
        """What went wrong with files after `leave`."""
        self._begin(module="tui.standby")

    @property
    def of_files(self) -> bool:
        """Whether it began with two files, and no run."""
        return self._start.compared is not None

    def listen(self, listener: Listener) -> None:
        """Read in a thread of its own; `listener` must be safe to call from there."""
        self._listener = listener
        self._reader = threading.Thread(target=self._read, args=(self._connection, self._process), daemon=True)
        self._reader.start()

    def send(self, command: Command) -> int:
        """Queue a command; where the trainer has ended, the reading thread reports it."""
        self._number += 1
        if isinstance(command, WriteDumps | SaveWeights | SaveRun | SavePicture):
            self._pending[self._number] = command
        self._outbox.put(Numbered(self._number, command))
        return self._number

    def painted(self) -> None:
        """Let the trainer import PyTorch, which would have slowed down the screen's own imports."""
        self._outbox.put(Numbered(self._number, Painted()))

    def revive(self) -> None:
        """Start a new process where the old one has ended."""
        if self._process.poll() is not None and self._listener is not None:
            self._let_go()
            self._begin()
            self.listen(self._listener)

    def carry_on(self) -> int | None:
        """Start a new process with what the old one left, where that has ended."""
        kept = self._kept
        if kept is None or self._process.poll() is None or self._listener is None:
            return None
        self._let_go()
        self._begin(kept)
        self.listen(self._listener)
        return kept.epoch

    @property
    def unwritten(self) -> tuple[Path, ...]:
        """The folders of the files that have been asked for and neither written nor refused."""
        return tuple(dict.fromkeys(_folder(each).absolute() for each in list(self._pending.values())))

    def leave(self) -> None:
        """Tell the trainer that nothing more will come: it writes the files that it was asked for, and ends."""
        self._leaving = True
        self._outbox.close()

    def wait(self, seconds: float | None) -> bool:
        """Wait until the trainer has ended; False where it has not by then."""
        try:
            self._process.wait(seconds)
        except subprocess.TimeoutExpired:
            return False
        if self._reader is not None:
            self._reader.join()  # what it said last has been heard
        return True

    def close(self) -> None:
        """End the process now: it takes away the file that it is writing, or is killed after a moment."""
        self._leaving = True
        self._process.terminate()
        try:
            self._process.wait(1)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        self._outbox.close()
        self._let_go()
        for file in self._files:
            file.close()

    def _begin(self, kept: Kept | None = None, module: str = "tui.service") -> None:
        """Start a process: from the beginning, or where a checkpoint was left."""
        descriptors = [file.fileno() for file in self._files]
        start = self._start if kept is None else self._start_again(kept, descriptors)
        self._socket, theirs = socket.socketpair()
        self._errors: IO[bytes] = tempfile.TemporaryFile()  # noqa: SIM115 - open as long as the process
        self._connection = Connection(os.dup(self._socket.fileno()))
        self._outbox = Outbox(self._connection, self._socket)
        self._process = subprocess.Popen(
            [sys.executable, "-P", "-m", module, *self._words(theirs, descriptors), *start.words()],
            pass_fds=[theirs.fileno(), *descriptors],
            stdin=subprocess.DEVNULL,
            stdout=self._errors,
            stderr=self._errors,
            start_new_session=not is_served(),  # a server ends both as one group
        )
        theirs.close()

    def _start_again(self, kept: Kept, files: list[int]) -> Start:
        return Start(resume=Path(f"/dev/fd/{files[kept.slot]}"), mine=self._start.mine)

    @staticmethod
    def _words(connection: socket.socket, files: list[int]) -> tuple[str, str]:
        return str(connection.fileno()), ",".join(map(str, files))

    def _let_go(self) -> None:
        """Close what belongs to a process that has ended; its reader ends with the connection."""
        if self._reader is not None and self._reader is not threading.current_thread():
            self._reader.join(1)
        self._connection.close()
        self._socket.close()
        self._errors.close()

    def _read(self, connection: Connection, process: subprocess.Popen[bytes]) -> None:
        try:
            while True:
                self._hear(connection.recv())
        except (EOFError, OSError):
            process.wait()
            reason = self._reason(process.returncode)
            for number, asked in list(self._pending.items()):
                lost = f"A file in {_folder(asked)} was not written: the trainer has stopped ({reason})."
                self._hear(NotDumped(number, lost))
            self._hear(Ended(f"{reason}{self._known()}"))

    def _hear(self, event: Event) -> None:
        if isinstance(event, Dumped | NotDumped | Saved | NotSaved):
            self._pending.pop(event.number, None)
        if isinstance(event, View):
            self._trained = event.trained
        if isinstance(event, Described):
            self._kept, self._trained = None, 0
        if isinstance(event, Kept):
            self._kept = event
        if not self._leaving:
            assert self._listener is not None
            self._listener(event)
        elif isinstance(event, NotDumped | NotSaved):
            self.failures.append(event.reason)

    def _known(self) -> str:
        """Say how far it had come, and what is left of it."""
        reached = f", at epoch {self._trained:,}" if self._trained else ""
        return f"{reached}; R goes on from epoch {self._kept.epoch:,}" if self._kept else reached

    def _reason(self, status: int) -> str:
        if status < 0:
            name = signal.Signals(-status).name
            return f"ended by {name}{', as it is when memory runs out' if -status == signal.SIGKILL else ''}"
        self._errors.seek(0)
        lines = self._errors.read().decode(errors="replace").strip().splitlines()
        return lines[-1] if lines else f"exit status {status}"


def _folder(asked: WriteDumps | SaveWeights | SaveRun | SavePicture) -> Path:
    return asked.folder if isinstance(asked, WriteDumps) else asked.path.parent


class LocalConductor:
    """A trainer in the same event loop, working between the loop's other tasks; for tests."""

    of_files = False

    def __init__(self, make: Callable[[Listener], Trainer | Player]) -> None:
        self._make = make
        self._commands: asyncio.Queue[Numbered | None] = asyncio.Queue()
        """None where the trainer has news to take."""
        self._number = 0
        self._task: asyncio.Task[None] | None = None

    def listen(self, listener: Listener) -> None:
        """Start the trainer."""
        self._task = asyncio.get_running_loop().create_task(self._work(listener))

    def send(self, command: Command) -> int:
        """Queue a command."""
        self._number += 1
        self._commands.put_nowait(Numbered(self._number, command))
        return self._number

    def painted(self) -> None:
        """Do nothing: nobody waits for it."""

    def revive(self) -> None:
        """Do nothing: a trainer in the same process does not end."""

    def carry_on(self) -> int | None:
        """Do nothing either."""
        return None

    def leave(self) -> None:
        """Do nothing: closing ends it."""

    def close(self) -> None:
        """Stop working."""
        if self._task is not None:
            self._task.cancel()

    async def _work(self, listener: Listener) -> None:
        trainer, loop = self._make(listener), asyncio.get_running_loop()
        trainer.wake = lambda: self._rouse(loop)
        trainer.take_news()
        listener(trainer.view())
        while True:
            self._carry_out(trainer, await self._commands.get())
            while not self._commands.empty():
                self._carry_out(trainer, self._commands.get_nowait())
            while trainer.busy and self._commands.empty():
                trainer.work()
                await asyncio.sleep(0)
            listener(trainer.view())

    def _rouse(self, loop: asyncio.AbstractEventLoop) -> None:
        with contextlib.suppress(RuntimeError):  # the loop has ended
            loop.call_soon_threadsafe(self._commands.put_nowait, None)

    @staticmethod
    def _carry_out(trainer: Trainer | Player, order: Numbered | None) -> None:
        if order is None:
            trainer.take_news()
        else:
            trainer.handle(order.command, order.number)
