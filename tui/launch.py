"""Open the screen: the trainer first, so that it starts while Textual is imported, then the app."""

from __future__ import annotations

import os
import sys


def open_screen(source: str | None = None) -> int:
    """Open the screen on an experiment that is known to be right (None: the default one); return the exit status."""
    problem = _terminal_problem()
    if problem:
        print(f"mlp-tui: {problem}; mlp-tui train works without one", file=sys.stderr)
        return 2
    from tui.conductor import ProcessConductor  # noqa: PLC0415 - a command that fails needs none of this

    conductor = ProcessConductor(source)
    try:
        from tui.app import MlpApp  # noqa: PLC0415 - the trainer starts meanwhile

        app = MlpApp(conductor)
        app.run()
        return app.return_code or 0
    finally:
        conductor.close()


def _terminal_problem() -> str | None:
    """Say why the screen can't be drawn here, if it can't."""
    if not sys.stdin.isatty() or not sys.stdout.isatty() or not sys.stderr.isatty():
        return "the screen needs a terminal, not a pipe or a file"
    if os.environ.get("TERM", "dumb") == "dumb":
        return "the screen needs a terminal that can move its cursor (TERM is dumb)"
    return None
