"""The player: a trainer for two files of gradients. It walks through their passes; there is nothing to train."""

from __future__ import annotations

from array import array
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, cast

from core.arrays import diverging
from core.compare.bounds import Bounds, NoBoundsError, bounds_of
from core.dat.foreign import read_any
from core.errors import EpochError
from core.judge import judge_tensor, judged_names, shares
from core.recording import SIDES, RecordedEngine, Recording
from core.reference import judging_cost
from core.saved_run import read_run
from core.tensors import INPUT, TARGET, Quantity, TensorName, tensor_names
from tui.look import matrix_of
from tui.printed import agreement_as_printed, matrix_as_printed
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
    Sample,
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
from tui.recorded import UNCHANGEABLE, UNEXPLAINED, Recorded, RecordedPass
from tui.trainer import Trainer
from tui.verdicts import COST_AT_REST
from tui.whole import Whole

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from core.agreement import Agreement
    from core.arrays import Float64Array, FloatArray
    from core.dat.reading import Tensor
    from core.frame import Frame
    from core.judge import Judgement
    from core.recording import Sides
    from core.saved_run import SavedRun
    from tui.protocol import Matrix
    from tui.recorded import Compared

FIRST = Show(TensorName(Quantity.GRADIENT, 1, "W"), Window())

MARKS = {0: "✓", 1: "✗", 3: "~"}
"""By the exit status of a verdict."""


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
        self._files = _names(recording)
        self._passes = tuple(_of_pass(each) for each in recording.passes)
        self._described: Described | None = None
        self._go_to(_telling(recording))

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
            sample=_sample(frame, self._depth),
            series=self._series(),
            judgements=self._judgements(name.quantity),
            explained=Explained(self._asked, None, UNEXPLAINED) if self._asked.tensor is not None else None,
            lacking=_lacking(frame, name),
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
            _line(self._recording),
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
            share = self._whole.once((name, side, "shares"), partial(_shares, self._frame, side, name, bounds))
            if share is not None:
                known[side] = share
        matrix = matrix_of(self._frame, name, self._shown.window, self._whole, self._map, shares=known)
        held = _held(self._frame, name)
        return matrix and replace(matrix_as_printed(matrix, held), after={})

    def _agreements(self, quantity: Quantity) -> dict[TensorName, Agreement]:
        """Compare the two sides in every tensor of a quantity that both hold."""
        return self._whole.once((quantity,), partial(_agreements, self._frame, quantity, self._depth))

    @property
    def _depth(self) -> int:
        return len(self._recording.at(self._number).layers) - 1

    # What a trainer has to do beside, and a player has not

    busy = False
    stepping = False
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
            judge = partial(_judged, self._frame, side, quantity, bounds)
            if judged := self._whole.once(("judged", side, quantity), judge):
                found[side] = judged
        return found

    def _bounds(self) -> dict[str, Bounds]:
        return self._whole.once(("bounds",), lambda: _bounds_of(self._recording.at(self._number)))


def _bounds_of(sides: Sides) -> dict[str, Bounds]:
    """Return the bounds of each side, where they can be derived and that takes no longer than one waits for."""
    known = {}
    for side, found in sides.found.items():
        try:
            bounds = bounds_of(found)
        except NoBoundsError:  # the comparison's remarks say why
            continue
        if bounds is not None and judging_cost(bounds.experiment.layers, len(bounds.batch.x)) <= COST_AT_REST:
            known[side] = bounds
    return known


def _held(frame: Frame, name: TensorName) -> dict[str, Tensor]:
    """Return a tensor of each side that holds it, with the digits that are printed."""
    engines = [each for each in frame.engines.values() if isinstance(each, RecordedEngine)]
    return {each.name: each.held[str(name)] for each in engines if str(name) in each.held}


def _agreements(frame: Frame, quantity: Quantity, depth: int) -> dict[TensorName, Agreement]:
    pairs = {name: tuple(_held(frame, name).values()) for name in tensor_names(quantity, depth)}
    return {name: agreement_as_printed(*pair) for name, pair in pairs.items() if len(pair) == len(SIDES)}


def _judged(frame: Frame, side: str, quantity: Quantity, bounds: Bounds) -> dict[TensorName, Judgement]:
    judgements = {}
    for name in judged_names(bounds.experiment.depth):
        tensor = _tensor(frame, side, name) if name.quantity is quantity else None
        if tensor is None:
            continue
        with diverging():
            bounded = bounds.reference(bounds.precision).bounded(name)
            if bounded.value.shape == tensor.shape:
                judgements[name] = judge_tensor(tensor, bounded)
    return judgements


def _shares(frame: Frame, side: str, name: TensorName, bounds: Bounds) -> Float64Array | None:
    """Return |difference|/bound of each number of a tensor; None where it is not judged."""
    tensor = _tensor(frame, side, name)
    if tensor is None or name not in judged_names(bounds.experiment.depth):
        return None
    with diverging():
        bounded = bounds.reference(bounds.precision).bounded(name)
        return shares(tensor, bounded) if bounded.value.shape == tensor.shape else None


def _tensor(frame: Frame, side: str, name: TensorName) -> FloatArray | None:
    try:
        return frame.engines[side].tensor(name)
    except EpochError:
        return None


def _lacking(frame: Frame, name: TensorName) -> dict[str, str]:
    """Say which side lacks a tensor, and why."""
    lacking = {side: f"{side} has no such pass" for side in SIDES if side not in frame.engines}
    for side, engine in frame.engines.items():
        try:
            engine.tensor(name)
        except EpochError as error:
            lacking[side] = str(error)
    return lacking


def _sample(frame: Frame, depth: int) -> Sample:
    """Return the first sample, where a file holds it, with each ŷ that is held."""
    output = TensorName(Quantity.ACTIVATION, depth)
    x, y, predictions = (_first_rows(frame, name) for name in (INPUT, TARGET, output))
    return Sample(next(iter(x.values()), ()), next(iter(y.values()), ()), predictions)


def _first_rows(frame: Frame, name: TensorName) -> dict[str, tuple[float, ...]]:
    held = {side: tensor for side in frame.engines if (tensor := _tensor(frame, side, name)) is not None}
    return {side: tuple(float(value) for value in tensor[0]) for side, tensor in held.items()}


def _of_pass(sides: Sides) -> RecordedPass:
    """Return what is said of a pass."""
    labels = {side: found.label for side, found in sides.found.items()}
    pair = sides.pair
    if pair is None:
        return RecordedPass(labels, "", f"{next(iter(labels))} alone has this pass", losses=sides.losses)
    digits = min((row.digits[0] for row in pair.rows), default=None)
    remarks = [*pair.remarks]
    if pair.other_way is not None:
        remarks.append(f"read the other way: {pair.other_way.line}")
    if pair.basis:
        remarks.append(f"judged by {pair.basis}")
    return RecordedPass(labels, MARKS[pair.verdict.status], pair.line, tuple(remarks), digits, sides.losses)


def _line(recording: Recording) -> str:
    """Say what all passes come to; of one that was taken of many, why."""
    pairs, verdict = recording.comparison.pairs, recording.comparison.verdict
    if len(pairs) == 1 and sum(each.pair is not None for each in recording.passes) > 1:
        return f"{verdict.value}; {pairs[0].remarks[-1]}"
    if len(pairs) > 1:
        return f"{verdict.value}, {sum(pair.verdict is verdict for pair in pairs)} of {len(pairs)}"
    return recording.comparison.line


def _telling(recording: Recording) -> int:
    """Return the pass to begin with: that which the verdict on all is of."""
    verdict = recording.comparison.verdict
    telling = next((pair for pair in recording.comparison.pairs if pair.verdict is verdict), None)
    pairs = [each.pair for each in recording.passes]
    alike = (at for at, pair in enumerate(pairs, start=1) if pair and telling and pair.labels == telling.labels)
    return next(alike, 1)


def _names(recording: Recording) -> dict[str, str]:
    """Return the files' names, by engine; with their folders where the names are the same."""
    paths = {side: Path(path) for side, path in recording.paths.items()}
    if len({path.name for path in paths.values()}) == len(paths):
        return {side: path.name for side, path in paths.items()}
    return {side: str(Path(path.absolute().parent.name, path.name)) for side, path in paths.items()}
