"""Open the screen: the trainer first, so that it starts while Textual is imported, then the app."""

from __future__ import annotations

import contextlib
import gc
import os
import signal
import sys
from typing import TYPE_CHECKING

from tui.served import clear_away, is_served

if TYPE_CHECKING:
    from tui.conductor import ProcessConductor
    from tui.protocol import Start

MOMENT = 0.25
"""Seconds in which a trainer that has nothing to write ends by itself; then it is ended."""

FRAMES_A_SECOND = 250
"""Frames painted at the most: a key is not to wait for its frame. Only what changes is painted."""


def open_screen(start: Start | None = None) -> int:
    """Open the screen on what is known to be right (None: the default experiment); return the exit status."""
    problem = _terminal_problem()
    if problem:
        print(f"mlp-tui: {problem}; mlp-tui train works without one", file=sys.stderr)
        return 2
    os.environ.setdefault("TEXTUAL_FPS", str(FRAMES_A_SECOND))
    gc.disable()  # none of what is imported is garbage; the app enables it with the first frame
    from tui.conductor import ProcessConductor  # noqa: PLC0415 - a command that fails needs none of this
    from tui.protocol import Start  # noqa: PLC0415

    conductor = ProcessConductor(start or Start())
    let_ctrl_c_interrupt()
    try:
        from tui.app import MlpApp  # noqa: PLC0415 - the trainer starts meanwhile

        app = MlpApp(conductor)
        app.run()
        return _finish(conductor) or app.return_code or 0
    except BaseException:
        conductor.close()
        raise
    finally:
        if is_served():
            clear_away()


def let_ctrl_c_interrupt() -> None:
    """Make ctrl+c a KeyboardInterrupt, which lets go of what is held; until then it ends the program at once."""
    signal.signal(signal.SIGINT, signal.default_int_handler)


def _finish(conductor: ProcessConductor) -> int:
    """End the trainer once the files that were asked for are written; return 0, or why the program did not end well.

    The screen has been given back by now; whoever waits is told what for, and can give up. In a browser nobody is left
    who waits for a file.
    """
    conductor.leave()
    if is_served():
        conductor.close()
        return 0
    if not conductor.wait(MOMENT) and (folders := conductor.unwritten):
        where = ", ".join(map(str, folders))
        _tell(f"files are still being written to {where}; ctrl+c gives up")
        try:
            conductor.wait(None)
        except KeyboardInterrupt:
            conductor.close()
            _tell(f"gave up: not all files were written to {where}")
            return 130
        if not conductor.failures:
            _tell("the files are written")
    conductor.close()
    for failure in conductor.failures:
        _tell(failure)
    return 2 if conductor.failures else 0


def _tell(text: str) -> None:
    with contextlib.suppress(OSError):  # the terminal may have been closed
        print(f"mlp-tui: {text}", file=sys.stderr, flush=True)


def _terminal_problem() -> str | None:
    """Say why the screen can't be drawn here, if it can't."""
    if is_served():
        return None
    if not sys.stdin.isatty() or not sys.stdout.isatty() or not sys.stderr.isatty():
        return "the screen needs a terminal, not a pipe or a file"
    if os.environ.get("TERM", "dumb") == "dumb":
        return "the screen needs a terminal that can move its cursor (TERM is dumb)"
    return None
