"""The player: a trainer for two files of gradients. It walks through their passes; there is nothing to train."""

from __future__ import annotations

from array import array
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING, cast

from core.dat.foreign import read_any
from core.errors import EpochError
from core.recording import SIDES, Recording
from core.saved_run import read_run
from core.tensors import Quantity, TensorName
from tui.look import matrix_of
from tui.printed import matrix_as_printed
from tui.protocol import (
    ChangeSettings,
    Command,
    Described,
    Event,
    Explain,
    Explained,
    FollowOwn,
    GoTo,
    GoToLast,
    NotDumped,
    NotSaved,
    Open,
    Restart,
    Resume,
    Said,
    SavePicture,
    SaveRun,
    SaveWeights,
    Show,
    ShowMap,
    Step,
    StepUpdate,
    ToggleRun,
    View,
    Window,
    WriteDumps,
)
from tui.recorded import UNCHANGEABLE, UNEXPLAINED, Recorded
from tui.recorded_numbers import (
    agreements_of,
    bounds_of_sides,
    first_sample,
    held_by_side,
    judgements_of,
    lacking,
    shares_of,
)
from tui.recorded_text import line_of, names_of, said_of_pass, telling_pass
from tui.trainer import Trainer
from tui.whole import Whole

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from core.agreement import Agreement
    from core.compare.bounds import Bounds
    from core.judge import Judgement
    from core.saved_run import SavedRun
    from tui.protocol import Matrix
    from tui.recorded import Compared

FIRST = Show(TensorName(Quantity.GRADIENT, 1, "W"), Window())


def open_files(compared: Compared) -> Recording:
    """Read and compare two files.

    Raises:
        MlpError: one can't be read.
    """
    return Recording(read_any(compared.a), read_any(compared.b), digits=compared.digits)


class Player:
    """Two files under command: what a Trainer takes and says, as far as it means something of them."""

    def __init__(self, recording: Recording, emit: Callable[[Event], object]) -> None:
        self._recording = recording
        self._emit = emit
        self._shown = FIRST
        self._map: ShowMap | None = None
        self.wake: Callable[[], object] = lambda: None
        self._asked = Explain()
        self._handled = 0
        self._told = False
        """Whether the losses have been sent."""
        self._files = names_of(recording)
        self._passes = tuple(said_of_pass(each) for each in recording.passes)
        self._described: Described | None = None
        self._go_to(telling_pass(recording))

    def handle(self, command: Command, number: int = 0) -> None:
        """Carry out a command; what means nothing of two files is said."""
        self._handled = number
        match command:
            case Step(by) | StepUpdate(by):
                self._go_to(self._number + by)
            case GoTo(epoch):
                self._go_to(epoch)
            case GoToLast():
                self._go_to(self._recording.count)
            case Restart():
                self._go_to(1)
            case Show():
                self._shown = command
            case ShowMap():
                self._map = command
            case Explain():
                self._asked = command
            case WriteDumps():
                self._emit(NotDumped(number, UNCHANGEABLE))
            case SaveWeights() | SaveRun() | SavePicture():
                self._emit(NotSaved(number, UNCHANGEABLE))
            case ChangeSettings() | ToggleRun() | FollowOwn():
                self._emit(Said(UNCHANGEABLE))

    def succeeded_by(self, command: Open | Resume, number: int = 0) -> Trainer:
        """Return a trainer for a run that is opened in the place of the files; it looks at what was looked at.

        Raises:
            MlpError: what the run needs can't be had.
        """
        saved = read_run(command.path) if isinstance(command, Resume) else None
        experiment = saved.experiment if saved is not None else cast("Open", command).experiment
        trainer = Trainer(experiment, self._emit, saved)
        fits = self._shown.tensor.layer <= experiment.depth
        trainer.handle(self._shown if fits else FIRST, number)
        for looked_at in (self._map, self._asked):
            if looked_at is not None:
                trainer.handle(looked_at, number)
        return trainer

    def view(self) -> View:
        """Return what is to be seen now."""
        recording, frame, name, number = self._recording, self._frame, self._shown.tensor, self._number
        return View(
            epoch=number,
            trained=recording.count,
            planned=recording.count,
            running=False,
            heading=number,
            handled=self._handled,
            dumping="",
            missing={},
            joined=tuple(frame.engines),
            comparable=True,
            matrix=self._matrix(name),
            agreements=self._agreements(name.quantity),
            sample=first_sample(frame, self._depth),
            series=self._series(),
            judgements=self._judgements(name.quantity),
            explained=Explained(self._asked, None, UNEXPLAINED) if self._asked.tensor is not None else None,
            lacking=lacking(frame, name),
            drift=recording.at(number).drift,
        )

    def _go_to(self, number: int) -> None:
        """Stand at a pass; say where there are no more of them."""
        count = self._recording.count
        if number > count and self._described is not None:
            self._emit(Said(f"The files end here: they have {count:,} pass{'es' * (count > 1)}."))
        self._number = max(1, min(number, count))
        self._frame = self._recording.frame(self._number)
        self._whole = Whole(self._frame)
        self._describe()

    def _describe(self) -> None:
        """Tell what is shown, where that is of another network than what was."""
        sides = self._recording.at(self._number)
        recorded = Recorded(
            self._files,
            sides.layers,
            sides.activations,
            sides.loss,
            sides.network,
            line_of(self._recording),
            self._recording.comparison.remarks,
            self._passes,
        )
        described = Described(recorded, SIDES)
        if described != self._described:
            self._described = described
            self._emit(described)

    def _series(self) -> dict[str, tuple[int, array[float]]]:
        """Return the losses, once; nan where a file does not tell them."""
        if self._told:
            return {}
        self._told = True
        losses = [each.losses for each in self._recording.passes]
        nan = float("nan")
        return {side: (0, array("d", [each.get(side, nan) for each in losses])) for side in SIDES}

    def _matrix(self, name: TensorName) -> Matrix | None:
        """Return the selected tensor; what comes after it no file tells."""
        known = {}
        for side, bounds in self._bounds().items():
            share = self._whole.once((name, side, "shares"), partial(shares_of, self._frame, side, name, bounds))
            if share is not None:
                known[side] = share
        matrix = matrix_of(self._frame, name, self._shown.window, self._whole, self._map, shares=known)
        held = held_by_side(self._frame, name)
        return matrix and replace(matrix_as_printed(matrix, held), after={})

    def _agreements(self, quantity: Quantity) -> dict[TensorName, Agreement]:
        """Compare the two sides in every tensor of a quantity that both hold."""
        return self._whole.once((quantity,), partial(agreements_of, self._frame, quantity, self._depth))

    @property
    def _depth(self) -> int:
        return len(self._recording.at(self._number).layers) - 1

    # What a trainer has to do beside, and a player has not

    busy = False
    nearly_there = False
    has_dumps = False
    to_keep = None

    def join(self, make: object) -> None:
        """Take in no engine: the files are both that there are."""

    def do_without(self, engine: str, reason: str) -> None:
        """Do without any engine."""

    def work(self) -> None:
        """Do nothing: there is nothing to train."""

    def stop(self) -> None:
        """Do nothing, as nothing goes on."""

    def take_news(self) -> None:
        """Take in nothing: no file of the user's is run."""

    def close(self) -> None:
        """End nothing: no process was started."""

    def saved(self) -> SavedRun:
        """Refuse: nothing was trained.

        Raises:
            EpochError: always.
        """
        raise EpochError(UNCHANGEABLE)

    # Judging

    def _judgements(self, quantity: Quantity) -> dict[str, Mapping[TensorName, Judgement]]:
        """Judge the tensors of a quantity on each side whose pass can be computed again."""
        found: dict[str, Mapping[TensorName, Judgement]] = {}
        for side, bounds in self._bounds().items():
            judge = partial(judgements_of, self._frame, side, quantity, bounds)
            if judged := self._whole.once(("judged", side, quantity), judge):
                found[side] = judged
        return found

    def _bounds(self) -> dict[str, Bounds]:
        return self._whole.once(("bounds",), lambda: bounds_of_sides(self._recording.at(self._number)))
