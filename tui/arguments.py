"""What the arguments of a command line come to: the experiment, what is planted in it, the user's own file."""

from __future__ import annotations

import difflib
from pathlib import Path
from typing import TYPE_CHECKING

from core.errors import ExperimentError, GuestError
from core.experiment_file import DEFAULT, shipped
from tui.protocol import Mine
from tui.served import may_open_files

if TYPE_CHECKING:
    from collections.abc import Sequence


def own_file(path: Path | None, experiment: str | None, memory: str) -> Mine | None:
    """Return what the trainer is told of the user's own file; None where there is none.

    Raises:
        GuestError: it is not there, or the memory can't be read.
    """
    if path is None:
        return None
    from tui.check import memory_of  # noqa: PLC0415 - it imports NumPy, which --help need not wait for

    if not may_open_files():
        raise GuestError("your own file is off in a browser", expected="mlp-tui serve --trust --mine FILE")
    if not path.is_file():
        raise GuestError("can't be read: no such file", str(path), "a file that mlp-tui new writes")
    return Mine(path.absolute(), experiment, memory_of(memory))


def planting(mistakes: list[str]) -> list[str]:
    """Return the setting that plants these mistakes in the scratch engine."""
    return [f"engines.scratch.mistakes={list(map(str, mistakes))}"] if mistakes else []


def asked_for(experiment: str | None, settings: list[str] | None) -> str | None:
    """Return the experiment that was asked for, by settings put over the default too; None where none was."""
    return experiment if settings is None else experiment or DEFAULT


def source_of(experiment: str | None, settings: list[str] | None, resume: Path | None) -> str:
    """Return the experiment's name or file.

    Raises:
        ExperimentError: a saved run is to be gone on with, which brings its own experiment.
    """
    if resume is not None and (experiment is not None or settings):
        raise ExperimentError(
            "--resume brings the experiment of its run", expected="neither EXPERIMENT nor --set with it"
        )
    return experiment or DEFAULT


def require_known(word: str, commands: Sequence[str]) -> None:
    """Refuse a word that is neither an experiment's name nor looks like a file.

    Raises:
        ExperimentError: it says which of the commands and experiments may have been meant.
    """
    if word in shipped() or set(word) & set("/.~\\") or Path(word).exists():
        return
    near = difflib.get_close_matches(word, [*commands, *shipped()], 1)
    meant = f"did you mean {near[0]}?" if near else "mlp-tui --help and mlp-tui list name them"
    raise ExperimentError(f"no command or experiment is called {word}; {meant}")
