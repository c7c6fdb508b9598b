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

from core.engines.autograd import Autograd
from core.experiment_file import load
from tui.app import MlpApp
from tui.cli import _command
from tui.conductor import LocalConductor
from tui.protocol import Mine
from tui.trainer import Trainer

PATIENCE = 20.0
"""Seconds after which a test gives up waiting; nothing here takes one."""


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

    def __init__(self, experiment, mine=None):
        self.sent = []
        self.trainer = None
        self._mine = mine
        super().__init__(lambda emit: self._joined(experiment, emit))

    def send(self, command):
        self.sent.append(command)
        return super().send(command)

    @property
    def idle(self):
        if self._task is not None and self._task.done() and not self._task.cancelled():
            self._task.result()  # raises what ended the trainer
        return self.trainer is not None and self._commands.empty() and bool(self._commands._getters)

    def _joined(self, experiment, emit):
        self.trainer = Trainer(experiment, emit, mine=self._mine)
        self.trainer.join(Autograd)
        return self.trainer


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
        await self.pilot.pause()

    async def until(self, condition, what):
        """Wait for something that is to happen."""
        until = time.monotonic() + PATIENCE
        while not condition():
            if time.monotonic() > until:
                raise AssertionError(f"never: {what}\n{self.text}\n{self.said}")
            await self.pilot.pause()

    async def shows(self, text):
        """Wait until a text stands on the screen."""
        await self.until(lambda: text in self.text, f"the screen shows {text!r}")


@pytest.fixture
def make_app():
    """Return a function that makes the App on an experiment, by name or file, with its conductor."""

    def make(source="notebook", mine=None):
        conductor = WatchedConductor(load(str(source)), mine and Mine(mine))
        return MlpApp(conductor), conductor

    return make


@pytest.fixture
def opened(make_app):
    """Return an asynchronous context manager that opens the program and gives it when the panes are filled."""

    @contextlib.asynccontextmanager
    async def open_program(source="notebook", size=(120, 40), mine=None):
        app, conductor = make_app(source, mine)
        async with app.run_test(size=size, notifications=True) as pilot:
            program = Program(app, conductor, pilot)
            await program.until(lambda: program.view is not None and conductor.idle, "the first View comes")
            await pilot.pause()
            yield program
        conductor.close()
        await asyncio.gather(conductor._task, return_exceptions=True)
        conductor.trainer.close()

    return open_program
