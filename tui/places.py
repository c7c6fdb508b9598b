"""Places: what can be opened, as far as a text that is being typed says which; the list of the open dialog."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from core.experiment_file import describe, shipped
from tui.recent import recent
from tui.served import may_open_files

SUFFIXES = (".toml", ".safetensors")
"""Experiments, and saved runs."""
MOST = 200
"""Entries of a folder; a text narrows them down."""

Kind = Literal["ships", "recent", "folder", "file"]


@dataclass(frozen=True)
class Place:
    """Something that can be opened, or a folder to look into."""

    kind: Kind
    target: str
    """The name of an experiment that ships, or a path."""
    label: str
    note: str = ""


def places(text: str) -> list[Place]:
    """List what a text may mean: a path's folder where it looks like a path, else what has the text in its name.

    It reads folders, which may take long on a slow disk. Where there is no such folder, there is nothing to list.
    """
    text = text.strip()
    wanted = text.lower()
    ship = [Place("ships", name, name, describe(name)) for name in shipped() if wanted in name.lower()]
    if not may_open_files():
        return ship
    if text.startswith(("/", "~", ".")) or "/" in text:
        return _in_folder(text)
    last = [Place("recent", str(path), path.name, str(path.parent)) for path in recent() if wanted in path.name.lower()]
    here = [place for place in _in_folder("./") if wanted in place.label.lower()]
    return [*ship, *last, *here]


def _in_folder(text: str) -> list[Place]:
    """List the folders, experiments and saved runs in a path's folder whose names begin as the path ends."""
    folder, beginning = os.path.split(os.path.expanduser(text))  # noqa: PTH111 - Path.expanduser raises for ~nobody
    shown = os.path.split(text)[0]
    found: list[Place] = []
    if not os.path.isdir(folder or "."):  # noqa: PTH112 - Path.is_dir raises for a path too long
        return found
    if beginning in ("", ".", ".."):
        up = os.path.join(shown or ".", "..", "")  # noqa: PTH118 - a text that goes on being typed
        found.append(Place("folder", up, "../", "the folder above"))
        beginning = "" if beginning != ".." else beginning
    try:
        entries = sorted(os.scandir(folder or "."), key=lambda entry: (not _is_folder(entry), entry.name.lower()))
    except (OSError, ValueError):
        return found
    for entry in entries:
        if not entry.name.lower().startswith(beginning.lower()) or (entry.name.startswith(".") and not beginning):
            continue
        path = os.path.join(shown, entry.name)  # noqa: PTH118 - as above
        if _is_folder(entry):
            found.append(Place("folder", f"{path}/", f"{entry.name}/"))
        elif entry.name.lower().endswith(SUFFIXES):
            note = "experiment" if entry.name.lower().endswith(".toml") else "saved run"
            found.append(Place("file", str(Path(folder or ".", entry.name)), entry.name, note))
    return found[:MOST]


def _is_folder(entry: os.DirEntry[str]) -> bool:
    try:
        return entry.is_dir()
    except OSError:
        return False
