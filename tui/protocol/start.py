"""What the program begins with, as words for the trainer's command line."""

from __future__ import annotations

from pathlib import Path
from typing import get_args

from msgspec import Struct

from tui.recorded import Compared


def engines() -> tuple[str, ...]:
    """Name the engines that take part in a run, in the order in which they are shown."""
    from core.experiment import EngineName  # noqa: PLC0415 - it takes a while, and the first frame does without

    return get_args(EngineName)


class Mine(Struct, frozen=True):
    """The user's own file."""

    path: Path
    source: str | None = None
    """The experiment that was asked for with it; None: what the file says."""
    memory: int = 2**31
    """Bytes that its process may use."""

    def words(self) -> list[str]:
        """Write it for a command line."""
        return [str(self.path), self.source or "", str(self.memory)]


class Start(Struct, frozen=True):
    """What the program begins with: an experiment's name or file with settings put over it, or a saved run.

    Or two files of gradients, which nothing is trained for.
    """

    source: str = "notebook"
    settings: tuple[str, ...] = ()
    resume: Path | None = None
    mine: Mine | None = None
    """The user's own backward pass, as an engine more."""
    compared: Compared | None = None

    def words(self) -> list[str]:
        """Write it for a command line."""
        mine = ["", "", ""] if self.mine is None else self.mine.words()
        compared = ["", "", ""] if self.compared is None else self.compared.words()
        return [self.source, "" if self.resume is None else str(self.resume), *mine, *compared, *self.settings]

    @classmethod
    def of(cls, words: list[str]) -> Start:
        """Read it as `words` writes it."""
        source, resume, path, asked, memory, a, b, digits, *settings = words
        mine = Mine(Path(path), asked or None, int(memory)) if path else None
        compared = Compared(Path(a), Path(b), int(digits)) if a else None
        return cls(source, tuple(settings), Path(resume) if resume else None, mine, compared)
