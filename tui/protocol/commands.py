"""What the screen asks of the trainer."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal, TypeAlias

from msgspec import Struct

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

    from core.experiment import Experiment
    from core.tensors import Quantity, TensorName
    from core.trace import Name


class Window(Struct, frozen=True):
    """The part of a matrix that is looked at."""

    row: int = 0
    column: int = 0
    rows: int = 64
    columns: int = 64

    def holds(self, row: int, column: int) -> bool:
        """Whether a cell lies in it."""
        return 0 <= row - self.row < self.rows and 0 <= column - self.column < self.columns

    def covers(self, other: Window) -> bool:
        """Whether every cell of another window lies in it."""
        last_row, last_column = other.row + other.rows - 1, other.column + other.columns - 1
        return self.holds(other.row, other.column) and self.holds(last_row, last_column)

    def with_margin(self) -> Window:
        """Return a window three times as high and as wide, around this one, for the cursor to move in."""
        row, column = max(0, self.row - self.rows), max(0, self.column - self.columns)
        return Window(row, column, self.row + 2 * self.rows - row, self.column + 2 * self.columns - column)


class Step(Struct, frozen=True):
    """Go some epochs on or back from where the run is heading; train new ones if need be, unless `train` is off."""

    epochs: int
    train: bool = True


class StepUpdate(Struct, frozen=True):
    """Go some updates on or back, through epochs that have several; train new ones if need be."""

    updates: int


class GoTo(Struct, frozen=True):
    """Go to an epoch; train up to it if it is new."""

    epoch: int


class GoToLast(Struct, frozen=True):
    """Go to the last epoch trained, and follow from there."""


class ToggleRun(Struct, frozen=True):
    """Train to the last planned epoch, or stop."""


class Cancel(Struct, frozen=True):
    """Stay here: give up a jump that is under way, or the training up to an epoch that was asked for."""


class Open(Struct, frozen=True):
    """Start a run of another experiment, known to be right."""

    experiment: Experiment


class Resume(Struct, frozen=True):
    """Go on with a saved run."""

    path: Path


class ChangeSettings(Struct, frozen=True):
    """Train with other settings, by dotted keys, after an epoch; what was trained behind it is dropped."""

    settings: Mapping[str, object]
    after: int


class SaveWeights(Struct, frozen=True):
    """Write the parameters that an engine has after the epoch shown."""

    engine: str
    path: Path
    replace: bool = False


class SaveRun(Struct, frozen=True):
    """Write the whole run, to be resumed after the last epoch trained."""

    path: Path
    replace: bool = False


Picture = Literal["curve", "map", "spread"]


class SavePicture(Struct, frozen=True):
    """Write a picture of the run, of the epoch shown, as the file's ending says: .svg or .png."""

    picture: Picture
    path: Path
    engine: str = "scratch"
    """Whose numbers; a curve has those of all."""
    layer: int = 0
    """Of a map; 0: the last."""
    unit: int | None = None
    """Of a map: one unit alone."""
    logarithmic: bool = True
    """Of a curve."""
    replace: bool = False


class Restart(Struct, frozen=True):
    """Start again at epoch 0; where more has been trained than `without_asking`, answer with MayRestart instead."""

    without_asking: int | None = None
    """None: however much it is."""


class Show(Struct, frozen=True):
    """Look at this tensor, and at this part of it, from now on."""

    tensor: TensorName
    window: Window


class ShowMap(Struct, frozen=True):
    """Look at a map of the whole tensor too from now on, of at most so many rows and columns of blocks; 0: at none."""

    rows: int
    columns: int


class ShowPlane(Struct, frozen=True):
    """Look from now on at what units of a layer answer over the inputs, on a grid of so many cells; 0: no more.

    With one input a grid has a single row.
    """

    columns: int
    rows: int
    layer: int = 0
    """0: the last one, whose units are the outputs."""
    first: int = 0
    """The first unit, and how many of them."""
    count: int = 1
    engine: str = "scratch"


class ShowSpread(Struct, frozen=True):
    """Look from now on at distributions, in histograms of so many bins, and at the gradients' flow; 0: no more."""

    bins: int
    engine: str = "scratch"


class Explain(Struct, frozen=True):
    """Look at where this number comes from, too, from now on; None: at that of none."""

    tensor: Name | None = None
    cell: tuple[int, ...] = ()
    """Row and column, or just a row, as the tensor has them; beyond its edge the last one is meant."""
    order: Literal["size", "index"] = "size"
    """How the terms of a sum are sorted."""
    most: int = 12
    """How many of them are wanted."""


class ShowPhases(Struct, frozen=True):
    """Look at the phases of the epoch too from now on, or no more."""

    wanted: bool


@dataclass(frozen=True)
class WriteDumps:
    """Write dumps of some engines, an epoch or a range of them, into a folder that exists."""

    engines: tuple[str, ...]
    quantities: tuple[Quantity, ...]
    folder: Path
    first: int
    last: int
    numbered: bool
    """Whether the epoch stands in the files' names."""
    replace: frozenset[Path] = frozenset()
    """The files that the user agreed to have replaced; any other that is in the way is kept."""

    @property
    def count(self) -> int:
        """How many files are asked for."""
        return (self.last - self.first + 1) * len(self.engines)

    def path(self, engine: str, epoch: int) -> Path:
        """Return the file of an engine's epoch."""
        from core.dat import dump_name  # noqa: PLC0415 - as above

        return self.folder / dump_name(engine, epoch if self.numbered else None)

    def paths(self) -> Iterator[Path]:
        """Give every file, in the order in which they are written."""
        return (self.path(engine, epoch) for epoch in range(self.first, self.last + 1) for engine in self.engines)


class FollowOwn(Struct, frozen=True):
    """Let the user's engine train by its own gradients, or be evaluated at scratch's parameters again."""


class Painted(Struct, frozen=True):
    """The first frame is on the screen: what takes long, and would have delayed it, may begin."""


Command: TypeAlias = (
    Painted
    | Step
    | StepUpdate
    | GoTo
    | GoToLast
    | ToggleRun
    | Cancel
    | Restart
    | Open
    | Resume
    | ChangeSettings
    | Show
    | ShowMap
    | ShowPlane
    | ShowSpread
    | FollowOwn
    | Explain
    | ShowPhases
    | WriteDumps
    | SaveWeights
    | SaveRun
    | SavePicture
)


class Numbered(Struct, frozen=True):
    """A command as it travels. A View tells the number of the last one that the trainer has handled."""

    number: int
    command: Command
