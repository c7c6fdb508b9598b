"""What the trainer explains: the number that is looked at, and the phases of its epoch; nothing that is not."""

from __future__ import annotations

from typing import TYPE_CHECKING

from core.errors import MlpError
from core.tensors import TensorName
from core.trace import Address, explain, walk
from tui.protocol import Explain, Explained, ShowPhases

if TYPE_CHECKING:
    from collections.abc import Mapping

    from core.experiment import Experiment
    from core.frame import Frame
    from core.trace import Lent, Name, Phase


class Explaining:
    """Explains what was asked for last, anew for each frame, and once for each."""

    def __init__(self) -> None:
        self._asked = Explain()
        self._phases_wanted = False
        self._of: tuple[Frame, Explain] | None = None
        self._known: Explained | None = None
        self._phases: tuple[Frame | None, tuple[Phase, ...]] = (None, ())

    def follow(self, command: Explain | ShowPhases) -> None:
        """Look at what a command says from now on."""
        if isinstance(command, Explain):
            self._asked = command
        else:
            self._phases_wanted = command.wanted

    def explained(self, frame: Frame, experiment: Experiment, lent: Mapping[str, Lent]) -> Explained | None:
        """Return where the number looked at comes from; None where none is.

        `lent` completes the engines of the frame that return no more than some of their pass.
        """
        name = self._asked.tensor
        if name is None:
            self._of = self._known = None
        elif self._of is None or self._of[0] is not frame or self._of[1] != self._asked:
            self._of, self._known = (frame, self._asked), _explained(frame, experiment, self._asked, lent)
        return self._known

    def phases(self, frame: Frame, experiment: Experiment) -> tuple[Phase, ...]:
        """Return the phases of the frame's epoch, where they are looked at."""
        if not self._phases_wanted or not frame.epoch:
            return ()
        if self._phases[0] is not frame:
            computed = next((each.computed for each in frame.engines.values()), None)
            self._phases = (frame, walk(experiment, frame.epoch, computed))
        return self._phases[1]


def _explained(frame: Frame, experiment: Experiment, asked: Explain, lent: Mapping[str, Lent]) -> Explained:
    name = asked.tensor
    assert name is not None
    try:
        known = name.layer <= experiment.depth
        address = Address(name, _within(frame, name, asked.cell) if known else asked.cell)
        return Explained(asked, explain(frame, experiment, address, order=asked.order, most=asked.most, lent=lent))
    except MlpError as error:
        return Explained(asked, None, str(error))


def _within(frame: Frame, name: Name, cell: tuple[int, ...]) -> tuple[int, ...]:
    """Return the cell, or the last one of its row or column where the tensor ends before it.

    Raises:
        EpochError: the epoch has no such tensor.
    """
    engine = next(iter(frame.engines.values()), None)
    if engine is None or not isinstance(name, TensorName):
        return cell
    shape = engine.tensor(name).shape
    return tuple(min(at, size - 1) for at, size in zip(cell, shape, strict=False))
