"""`mlp-tui serve`: from the command line's words to a server, where what it needs is installed."""

from __future__ import annotations

from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING

from core.errors import MlpError
from core.experiment_file import DEFAULT, shipped

if TYPE_CHECKING:
    from collections.abc import Sequence

    from tui.protocol import Mine

NEEDED = ("aiohttp", "textual_serve")
EXTRA = "pip install 'mlp-tui[web]'"


class ExtraError(MlpError):
    """What an extra installs is not there."""


def run(words: Sequence[str], *, host: str, port: int, sessions: int, idle: float, trust: bool) -> int:
    """Serve what `words` open, known to be right, until a signal ends it; return the exit status.

    Raises:
        ExtraError: what it needs is not installed.
        ServeError: it can't listen there.
    """
    missing = [name for name in NEEDED if find_spec(name) is None]
    if missing:
        raise ExtraError(f"serve needs {' and '.join(missing)}", expected=f"them to be installed, by {EXTRA}")
    from tui.web.server import Offer, serve  # noqa: PLC0415 - known to be there only now
    from tui.web.sessions import COMMAND, Program  # noqa: PLC0415

    program = Program((*COMMAND, *words), trust)
    return serve(Offer(program, host, port, sessions, idle))


def words_of(experiment: str | None, settings: Sequence[str], mine: Mine | None = None) -> tuple[str, ...]:
    """Return the words that open an experiment, and a file of somebody's own beside it, from any folder.

    There are none for the experiment that a bare start opens; and none that names it where only the file is given,
    which says what it is for.
    """
    bare = experiment is None or (experiment == DEFAULT and mine is None)
    named = () if bare and not settings else (_anywhere(experiment or DEFAULT),)
    own = () if mine is None else ("--mine", str(mine.path), "--memory", str(mine.memory))
    return (*named, *(word for setting in settings for word in ("--set", setting)), *own)


def _anywhere(experiment: str) -> str:
    return experiment if experiment in shipped() else str(Path(experiment).absolute())
