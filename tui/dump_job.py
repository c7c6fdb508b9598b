"""DumpJob: dumps that were accepted, written an epoch at a time, whatever becomes of the run meanwhile."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from core import dat
from core.errors import DumpError, MlpError
from tui.protocol import Dumped, NotDumped, WriteDumps
from tui.shown import MINE

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from core.experiment import Experiment
    from core.frame import EngineFrame, Frame
    from core.session import Session
    from tui.mine import OwnFile


class DumpJob:
    """What one WriteDumps asks for, of the session that it was asked of; the session is kept as long as the job is."""

    def __init__(
        self, number: int, asked: WriteDumps, session: Session, experiment: Experiment, mine: OwnFile | None = None
    ) -> None:
        self.number = number
        self.asked = asked
        self.session = session
        self._experiment = experiment
        self._mine = mine
        self._paths: list[Path] = []
        self._nbytes = 0
        self._steps = self._write()

    @property
    def awaited(self) -> tuple[str, ...]:
        """The engines that have not joined yet."""
        return tuple(name for name in self.asked.engines if name not in (*self.session.engines, MINE))

    @property
    def state(self) -> str:
        """What it does, in a sentence."""
        if self.awaited:
            return "A dump waits until PyTorch has been imported."
        if self.asked.count <= len(self.asked.engines):
            return "A dump is being written."
        return f"Writing dumps: {len(self._paths):,} of {self.asked.count:,} files."

    def step(self) -> Dumped | NotDumped | None:
        """Write an epoch, or train towards it; return the answer to the command when there is one."""
        try:
            next(self._steps)
        except StopIteration:
            return Dumped(self.number, tuple(self._paths), self._nbytes)
        except MlpError as error:
            return self.refuse(str(error))
        return None

    def refuse(self, reason: str) -> NotDumped:
        """Return the answer that it can't be done; says what had been written by then."""
        written = f" ({len(self._paths):,} files were written before)" if self._paths else ""
        return NotDumped(self.number, f"{reason}{written}")

    def _write(self) -> Iterator[None]:
        asked = self.asked
        engines = [name for name in asked.engines if name in self.session.engines] or self.session.engines[:1]
        while any(self.session.trained_by(name) < asked.last for name in engines):
            train = self.session.advance if self.session.in_lockstep else self.session.catch_up
            train(1)
            yield
        self._look_for_what_is_in_the_way()
        for epoch in range(asked.first, asked.last + 1):
            frame = self.session.frame_of(epoch)
            for engine in asked.engines:
                path = asked.path(engine, epoch)
                each = frame.engines.get(engine)
                while each is None and (each := self._mine_at(frame)) is None:
                    yield
                dump = dat.dump_of(each, epoch, self._experiment, asked.quantities)
                self._nbytes += dat.write(path, dump, replace=path in asked.replace)
                self._paths.append(path)
            yield

    def _mine_at(self, frame: Frame) -> EngineFrame | None:
        """Return the user's engine there; None where it is still being asked."""
        if self._mine is None:
            raise DumpError(f"there is no engine {MINE} here")
        return self._mine.frame_for_dump(frame, self.session)

    def _look_for_what_is_in_the_way(self) -> None:
        """Refuse before anything is written where a file has come that nobody agreed to replace.

        Raises:
            DumpError: there is one.
        """
        for path in existing(self.asked):
            if path not in self.asked.replace:
                raise dat.in_the_way(path)


def existing(asked: WriteDumps) -> list[Path]:
    """List the files asked for that are there already; as quick for many epochs as the folder is small."""
    try:
        names = sorted(os.listdir(asked.folder))  # noqa: PTH208 - names, not paths
    except (OSError, ValueError):
        return []  # what can't be listed can't be written either, which is told then
    if not asked.numbered:
        return [path for path in asked.paths() if path.name in names]
    found = []
    for name in names:
        engine, epoch = dat.parse_dump_name(name) or ("", None)
        if engine in asked.engines and epoch is not None and asked.first <= epoch <= asked.last:
            found.append(asked.path(engine, epoch))
    return found
