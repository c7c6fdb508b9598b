"""The process that runs the user's file: loads it, calls its `gradients`, answers with what came back or went wrong.

The supervisor starts it, in a session of its own. What it needs is bound before the user's code runs, so that deleting
or replacing something global mostly harms that code alone.
"""

from __future__ import annotations

import contextlib
import faulthandler
import importlib.abc
import importlib.machinery
import linecache
import os
import random
import resource
import sys
import threading
import time
import traceback
import types
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from core.guest.by_hand import by_hand
from core.guest.calling import ORDER, missing, order_of, rate_of
from core.guest.constants import constants_in, unused_in
from core.guest.returned import ReturnedError, named
from core.guest.wire import DISABLED, Message, packed, unpacked

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from core.arrays import FloatArray

LINES_SHOWN = 12
MOST_SAID = 400
"""Characters of an exception's own words."""
OURS = ("core", "tui")
ROOT = str(Path(__file__).parents[2]) + os.sep
ENGINES = ("core.engines.scratch", "core.engines.autograd", "core.simulation", "core.reference", "core.second_opinion")


class UserFinder(importlib.abc.MetaPathFinder):
    """Finds the user's own `core.py` and `tui.py`, which the rest of the path would find in this program."""

    def __init__(self, folder: str) -> None:
        self._folder = folder

    def find_spec(
        self, fullname: str, path: Sequence[str] | None, target: types.ModuleType | None = None
    ) -> importlib.machinery.ModuleSpec | None:
        """Look in the user's folder alone, for these names alone."""
        if fullname not in OURS:
            return None
        return importlib.machinery.PathFinder.find_spec(fullname, [self._folder], target)


class Runner:
    """The user's file, loaded anew where that is asked for."""

    def __init__(self) -> None:
        self._path = Path()
        self._function: Callable[..., Any] | None = None
        self._rate: str | None = None
        self._order = ORDER
        self._autograd = 0

    def load(self, path: Path) -> dict[str, Any]:
        """Run the file from its beginning; return what it says of its network, and what its function takes."""
        if path != self._path:
            self._path = path
            self._prepare(str(path.parent))
        self._forget()
        module = types.ModuleType(_module_name(path))
        module.__file__ = str(path)
        sys.modules[module.__name__] = module
        source = path.read_bytes()
        linecache.checkcache(str(path))
        exec(compile(source, str(path), "exec"), module.__dict__)  # the user's own file, in its process
        self._watch_autograd()
        function = module.__dict__.get("gradients")
        if not callable(function):
            raise ReturnedError(missing(module.__dict__, module.__name__))
        self._function = function
        self._rate, self._order = rate_of(function), order_of(function)
        constants = constants_in(module.__dict__, source)
        return {"constants": constants, "unused": unused_in(module.__dict__, constants), "rate": self._rate}

    def call(self, words: dict[str, Any], arrays: dict[str, FloatArray]) -> Message:
        """Call the function with copies of the arrays."""
        if words.get("fresh"):
            self.load(self._path)
        assert self._function is not None
        random.seed(0)
        np.random.seed(0)  # it is the user's file that may draw from it
        given = {name: array.copy() for name, array in arrays.items()}
        for array in given.values():
            array.setflags(write=bool(words.get("writable")))
        depth = int(words["depth"])
        W = [given[f"W{k}"] for k in range(1, depth + 1)]
        b = [given[f"b{k}"] for k in range(1, depth + 1)]
        extra = {self._rate: words["lr"]} if self._rate else {}
        before, dice = self._autograd, _dice()
        held: dict[str, Any] = {"x": given["x"], "y": given["y"], "weights": W, "biases": b}
        returned = self._function(*(held[name] for name in self._order), **extra)
        changed = _changed(arrays, given, W, b)
        words = {
            "changed": changed,
            "autograd": self._autograd > before,
            "torch": "torch" in sys.modules,
            "drew": any(_dice()[name] != state for name, state in dice.items()),
            "engines": _engines(),
        }
        return Message(words, named(returned, depth))

    def error(self, error: BaseException) -> dict[str, Any]:
        """Return an error with the user's own lines alone."""
        return {"error": _said(error), "lines": self._lines(error), "read_only": "read-only" in str(error)}

    def _prepare(self, folder: str) -> None:
        for name in [name for name in sys.modules if name.partition(".")[0] in OURS]:
            del sys.modules[name]
        sys.meta_path.insert(0, UserFinder(folder))
        sys.path.append(folder)
        with contextlib.suppress(OSError):
            os.chdir(folder)

    def _forget(self) -> None:
        """Let go of the modules of the user's folder, so that nothing is left of an earlier run."""
        folder = str(self._path.parent)
        for name, module in list(sys.modules.items()):
            file = getattr(module, "__file__", None)
            if isinstance(file, str) and file.startswith(folder + os.sep) and "site-packages" not in file:
                del sys.modules[name]

    def _watch_autograd(self) -> None:
        """Count calls of PyTorch's autograd, once the file has imported PyTorch; not those of passes made by hand."""
        torch = sys.modules.get("torch")
        if torch is None or getattr(torch.autograd, "watched", False):
            return

        def counted(function: Callable[..., Any]) -> Callable[..., Any]:
            def call(*args: Any, **options: Any) -> Any:  # noqa: ANN401
                if not by_hand(args[:1], torch.autograd.function.BackwardCFunction):
                    self._autograd += 1
                return function(*args, **options)

            return call

        for name in ("backward", "grad", "_engine_run_backward"):  # the last is called by what was imported before
            if hasattr(torch.autograd, name):
                setattr(torch.autograd, name, counted(getattr(torch.autograd, name)))
        torch.autograd.watched = True

    def _lines(self, error: BaseException) -> list[str]:
        """Return the traceback through the files of the user's folder."""
        if isinstance(error, SyntaxError) and error.filename == str(self._path):
            return [f"{self._path.name}, line {error.lineno}: {(error.text or '').strip()}"]
        lines = []
        folder = str(self._path.parent) + os.sep
        for frame in traceback.extract_tb(error.__traceback__):
            if frame.filename.startswith(folder) and "site-packages" not in frame.filename:
                name = frame.filename.removeprefix(folder)
                lines.append(f"{name}, line {frame.lineno}, in {frame.name}: {frame.line}")
        half = LINES_SHOWN // 2
        return lines if len(lines) <= LINES_SHOWN else [*lines[:half], "…", *lines[-half:]]


def _engines() -> list[str]:
    """Name the modules of this program that make backward passes, which the file may have imported."""
    found = []
    for name, module in list(sys.modules.items()):
        file = getattr(module, "__file__", None)
        if name.startswith(ENGINES) and isinstance(file, str) and file.startswith(ROOT):
            found.append(name)
    return found


def _dice() -> dict[str, object]:
    """Return the states of the generators that random numbers are drawn from without naming one."""
    _, keys, position, *_ = np.random.get_state()  # the user's file may draw from it
    states: dict[str, object] = {"random": random.getstate(), "NumPy": (np.asarray(keys).tobytes(), position)}
    torch = sys.modules.get("torch")
    return states if torch is None else {**states, "PyTorch": torch.get_rng_state().numpy().tobytes()}


def _module_name(path: Path) -> str:
    name = path.stem
    taken = name in sys.stdlib_module_names or name in sys.modules or not name.isidentifier()
    return "mine" if taken else name


def _changed(
    arrays: dict[str, FloatArray], given: dict[str, FloatArray], W: list[FloatArray], b: list[FloatArray]
) -> list[str]:
    """Name the arguments that are not what they were, be it the arrays or the lists that held them."""
    held: dict[str, Any] = {"x": given["x"], "y": given["y"]}
    held |= {f"W{k}": each for k, each in enumerate(W, start=1)}
    held |= {f"b{k}": each for k, each in enumerate(b, start=1)}
    return [
        name
        for name, array in arrays.items()
        if not (name in held and np.array_equal(held[name], array) and np.array_equal(given[name], array))
    ]


def _said(error: BaseException) -> str:
    """Say an error in a line."""
    if isinstance(error, ReturnedError):
        return str(error)
    if isinstance(error, SystemExit):
        return f"called sys.exit({error.code!r})"
    text = " ".join(str(error)[:MOST_SAID].split())
    if isinstance(error, MemoryError):
        return f"ran out of the memory that it may have{f' ({text})' if text else ''}"
    if isinstance(error, SyntaxError):
        return f"is no Python that can be run (SyntaxError: {error.msg})"
    return f"raised {type(error).__name__}{': ' + text if text else ''}"


def _answer(runner: Runner, request: Message) -> Message:
    try:
        if request.words["do"] == "load":
            return Message(runner.load(Path(request.words["path"])))
        return runner.call(request.words, request.arrays)
    except BaseException as error:  # whatever the user's file does is an answer
        return _complaint(runner, error)


def _complaint(runner: Runner, error: BaseException) -> Message:
    try:
        return Message(runner.error(error))
    except BaseException:  # its own text is the user's code too
        return Message({"error": f"raised {type(error).__name__}, whose text can't be had", "lines": []})


def serve(read_fd: int, write_fd: int) -> None:
    """Answer requests until there are no more."""
    own, runner, leave, write = os.getpid(), Runner(), os._exit, os.write
    source = os.fdopen(read_fd, "rb")

    def read(count: int) -> bytes:
        content = source.read(count)
        if len(content) < count:
            leave(0)
        return content

    while True:
        answer = packed(_answer(runner, unpacked(read)))
        for stream in (sys.stdout, sys.stderr):
            with contextlib.suppress(Exception):
                stream.flush()
        if os.getpid() != own:
            leave(0)  # a copy that the user's file made of this process has nothing to say
        sent = 0
        while sent < len(answer):
            sent += write(write_fd, answer[sent : sent + 65536])


def _end_with(parent: int) -> None:
    """End this process when the one that started it has ended, even where the user's file never comes back."""
    its_parent, leave, sleep = os.getppid, os._exit, time.sleep

    def watch() -> None:
        while its_parent() == parent:
            sleep(1)
        leave(0)

    threading.Thread(target=watch, daemon=True).start()


def _limit(memory: int) -> None:
    """Limit the memory, and leave no core dump behind."""
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    kind = resource.RLIMIT_DATA if sys.platform == "linux" else resource.RLIMIT_AS
    with contextlib.suppress(ValueError, OSError):  # macOS refuses some limits
        resource.setrlimit(kind, (memory, memory))


def run(parent: int, read_fd: int, write_fd: int, crash_fd: int, memory: int) -> None:
    """Answer requests within the memory limit; where it crashed is written to `crash_fd`."""
    faulthandler.enable(crash_fd)
    _limit(memory)
    _end_with(parent)
    sys.argv = ["mine.py"]
    leave, whatever = os._exit, BaseException  # even builtins may be gone by then
    try:
        serve(read_fd, write_fd)
    except whatever:
        leave(DISABLED)
