"""Recent: what is remembered from one start to the next: the experiments and saved runs opened last, and the pane."""

from __future__ import annotations

import contextlib
from pathlib import Path

from core.errors import FileError
from core.files import write_whole
from tui.served import is_served

MOST = 10


def recent() -> list[Path]:
    """Return the files opened last, the latest first, those that are gone left out."""
    try:
        lines = _place().read_text("utf-8").splitlines()
    except (OSError, ValueError):
        return []
    return [path for line in lines if line and (path := Path(line)).is_file()][:MOST]


def remember(path: Path) -> None:
    """Put a file first; where that can't be kept, it is forgotten, and nobody is troubled."""
    path = path.absolute()
    paths = [path, *(each for each in recent() if each != path)][:MOST]
    _keep(_place(), "".join(f"{each}\n" for each in paths))


def remembered_pane() -> str:
    """Return the id of the pane that was turned to last; empty where there is none, and for visitors of a server."""
    if is_served():
        return ""
    try:
        return (_folder() / "pane").read_text("utf-8").strip()
    except (OSError, ValueError):
        return ""


def remember_pane(name: str) -> None:
    """Keep which pane was turned to, where that can be kept; what a visitor turns to is not the server's to keep."""
    if not is_served() and name != remembered_pane():
        _keep(_folder() / "pane", f"{name}\n")


def _keep(place: Path, text: str) -> None:
    with contextlib.suppress(OSError, FileError):
        place.parent.mkdir(parents=True, exist_ok=True)
        write_whole(place, text.encode(), replace=True)


def _folder() -> Path:
    from platformdirs import user_state_path  # noqa: PLC0415 - the first frame shows nothing of what is remembered

    return user_state_path("mlp-tui")


def _place() -> Path:
    return _folder() / "recent"
