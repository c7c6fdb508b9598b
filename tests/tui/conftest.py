"""The program in Textual's harness, with a trainer that both engines have joined and that runs in the same loop."""

import asyncio
import contextlib
import json
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path

import pytest
from textual._context import active_app

from core.engines.autograd import Autograd
from core.experiment_file import load
from tui.app import MlpApp
from tui.cli import _command
from tui.conductor import LocalConductor
from tui.player import Player, open_files
from tui.protocol import Mine
from tui.recorded import Compared
from tui.trainer import Trainer

PATIENCE = 20.0
"""Seconds after which a test gives up waiting; nothing here takes one."""


GLANCE = 0.002
"""Seconds between two looks at whether something has happened that another thread, process or clock brings about."""
LONG_BUSY = 0.2
"""Seconds after which a loop counts as one that is busy for long: it trains, and goes on doing so."""


async def settled(app):
    """Wait until the loop has nothing to do now: no message unhandled, no repaint due, no thread at work."""
    loop, until = asyncio.get_running_loop(), time.monotonic() + LONG_BUSY
    while time.monotonic() < until:
        await asyncio.sleep(0)
        if loop._default_executor is not None and _at_work(loop._default_executor):
            await asyncio.sleep(0.001)
        elif not loop._ready:
            if not app.screen_stack or not app.screen._update_timer._active.is_set():
                return
            app.screen._on_timer_update()


def _at_work(executor):
    return executor._work_queue.qsize() > 0 or executor._idle_semaphore._value < len(executor._threads)


@pytest.fixture(autouse=True, scope="session")
def _settles_without_sleep():
    """Let Textual's pilot wait in this way too.

    Its own sleeps for 20 ms at a time until the processor has been used for less than one of them: twice a key, that is
    most of the time of a test, and where the machine has other work to do it guesses wrong.
    """

    async def idle(*_):
        await settled(active_app.get())

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("textual.app.wait_for_idle", idle)
        patch.setattr("textual.pilot.wait_for_idle", idle)
        yield


@dataclass(frozen=True)
class Done:
    """What a command line came to."""

    returncode: int
    stdout: str
    stderr: str

    @property
    def refusal(self):
        """The one line of an error that the user can mend."""
        assert self.returncode == 2, self.stdout + self.stderr
        assert self.stdout == ""
        assert self.stderr.startswith("mlp-tui: ")
        assert self.stderr.count("\n") == 1
        return self.stderr.removeprefix("mlp-tui: ").removesuffix("\n")

    @property
    def lines(self):
        """The objects that `--json` prints."""
        assert (self.returncode, self.stderr) == (0, "")
        return [json.loads(line, parse_constant=pytest.fail) for line in self.stdout.splitlines()]


@pytest.fixture
def mlp_tui(capfd):
    """Return a function that runs a command line in this process: starting another takes a second."""

    def run(*words):
        status = _command([str(word) for word in words])
        return Done(status, *capfd.readouterr())

    return run


@pytest.fixture
def mlp_tui_process():
    """Return a function that runs a command line as a shell does, for what only a process can show."""

    def run(*words):
        done = subprocess.run(
            [Path(sys.executable).with_name("mlp-tui"), *map(str, words)],
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            check=False,
            timeout=60,
        )
        return Done(done.returncode, done.stdout, done.stderr)

    return run


class WatchedConductor(LocalConductor):
    """A trainer in the same loop, which tells whether it has done all that it was asked."""

    def __init__(self, make):
        self.sent = []
        self.trainer = None
        super().__init__(lambda emit: self._watched(make(emit)))

    def send(self, command):
        self.sent.append(command)
        return super().send(command)

    @property
    def idle(self):
        if self._task is not None and self._task.done() and not self._task.cancelled():
            self._task.result()  # raises what ended the trainer
        return self.trainer is not None and self._commands.empty() and bool(self._commands._getters)

    def _watched(self, trainer):
        self.trainer = trainer
        return trainer


def joined(experiment, emit, mine=None):
    """A trainer that both engines have joined, and the user's own file where there is one."""
    trainer = Trainer(experiment, emit, mine=mine)
    trainer.join(Autograd)
    return trainer


class Program:
    """The running program: its keys, its screen, its trainer."""

    def __init__(self, app, conductor, pilot):
        self.app = app
        self.conductor = conductor
        self.pilot = pilot
        self.main = app.screen

    @property
    def view(self):
        return self.main.view

    @property
    def selection(self):
        return self.main.selection

    @property
    def focused(self):
        return self.app.focused.id if self.app.focused else None

    @property
    def said(self):
        """All notices, those that have gone from sight included."""
        return "\n".join(f"{each.title}\n{each.message}" for each in self.app._notifications)

    @property
    def text(self):
        """What stands on the screen."""
        return "\n".join(strip.text.rstrip() for strip in self.app.screen._compositor.render_strips())

    async def press(self, *keys):
        """Press keys, and wait until the trainer has done what they ask and the screen has taken it in."""
        await self.pilot.press(*keys)
        await self.until(lambda: self.conductor.idle, "the trainer has nothing to do")
        await settled(self.app)

    async def until(self, condition, what):
        """Wait for something that is to happen."""
        until = time.monotonic() + PATIENCE
        while not condition():
            if time.monotonic() > until:
                raise AssertionError(f"never: {what}\n{self.text}\n{self.said}")
            await settled(self.app)
            if not condition():
                await asyncio.sleep(GLANCE)

    async def shows(self, text):
        """Wait until a text stands on the screen."""
        await self.until(lambda: text in self.text, f"the screen shows {text!r}")


@pytest.fixture
def make_app():
    """Return a function that makes the App on an experiment, by name or file, with its conductor."""

    def make(source="notebook", mine=None):
        experiment, own = load(str(source)), mine and Mine(mine)
        conductor = WatchedConductor(lambda emit: joined(experiment, emit, own))
        return MlpApp(conductor), conductor

    return make


@contextlib.asynccontextmanager
async def running(app, conductor, size):
    """Run the program, and give it when the panes are filled."""
    async with app.run_test(size=size, notifications=True) as pilot:
        program = Program(app, conductor, pilot)
        await program.until(lambda: program.view is not None and conductor.idle, "the first View comes")
        await settled(app)
        yield program
    conductor.close()
    await asyncio.gather(conductor._task, return_exceptions=True)
    conductor.trainer.close()


@pytest.fixture
def opened(make_app):
    """Return an asynchronous context manager that opens the program on an experiment."""
    return lambda source="notebook", size=(120, 40), mine=None: running(*make_app(source, mine), size)


@pytest.fixture
def opened_files():
    """Return an asynchronous context manager that opens the program on two files of gradients."""

    def open_files_in(a, b, size=(120, 40), digits=5):
        recording = open_files(Compared(a, b, digits))
        conductor = WatchedConductor(lambda emit: Player(recording, emit))
        conductor.of_files = True
        return running(MlpApp(conductor), conductor, size)

    return open_files_in
