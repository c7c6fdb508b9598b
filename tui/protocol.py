"""What the screen and the trainer say to one another: small, immutable messages.

Commands go to the trainer; Described, View, Dumped and Said come back. Nothing here imports NumPy or Textual.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal, TypeAlias

if TYPE_CHECKING:
    from array import array
    from collections.abc import Mapping
    from pathlib import Path

    from core.agreement import Agreement
    from core.arrays import FloatArray
    from core.tensors import Quantity, TensorName

DUMP_STEMS = {"scratch": "my_autograd", "autograd": "torch_autograd"}
"""What an engine's dump is called, without the ending."""

DERIVED = ("difference", "digits")
"""What can be shown of a tensor beside what each engine has: first engine minus second, and the digits they share."""


@dataclass(frozen=True)
class Window:
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


@dataclass(frozen=True)
class Step:
    """Go some epochs on or back from where the run is heading; train new ones if need be, unless `train` is off."""

    epochs: int
    train: bool = True


@dataclass(frozen=True)
class GoTo:
    """Go to an epoch; train up to it if it is new."""

    epoch: int


@dataclass(frozen=True)
class GoToLast:
    """Go to the last epoch trained, and follow from there."""


@dataclass(frozen=True)
class ToggleRun:
    """Train to the last planned epoch, or stop."""


@dataclass(frozen=True)
class Restart:
    """Start again at epoch 0."""


@dataclass(frozen=True)
class Show:
    """Look at this tensor, and at this part of it, from now on."""

    tensor: TensorName
    window: Window


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
    replace: bool


Command: TypeAlias = Step | GoTo | GoToLast | ToggleRun | Restart | Show | WriteDumps


@dataclass(frozen=True)
class Described:
    """What does not change during a run; the first thing that the trainer says."""

    name: str
    layers: tuple[int, ...]
    activations: tuple[str, ...]
    summary: str
    """Network, loss, optimizer and precision in one line."""
    engines: tuple[str, ...]
    """Those that take part, also where they have not joined yet."""

    @property
    def depth(self) -> int:
        """The number of layers with parameters."""
        return len(self.layers) - 1


@dataclass(frozen=True)
class Sample:
    """The first sample of the batch: x, y, and each engine's ŷ at the epoch shown (none at epoch 0)."""

    x: tuple[float, ...]
    y: tuple[float, ...]
    predictions: Mapping[str, tuple[float, ...]]


@dataclass(frozen=True, eq=False)
class Matrix:
    """The selected tensor in every engine that has it, as a matrix: a vector is one column."""

    tensor: TensorName
    shape: tuple[int, ...]
    """The tensor's own shape."""
    window: Window
    values: Mapping[str, FloatArray]
    """By engine, and by `difference` and `digits` where they mean something; of the window's shape."""
    after: Mapping[str, FloatArray]
    """For parameters: θ_k by engine, beside the θ_{k−1} in `values`."""
    largest: Mapping[str, float]
    """The largest finite magnitude in the whole tensor, by engine and for the difference."""
    precision: Mapping[str, str]
    """What each engine computes in."""
    ulps: FloatArray | None
    """Distances in units in the last place, of the window's shape."""

    @property
    def rows(self) -> int:
        """The matrix's rows."""
        return self.shape[0]

    @property
    def columns(self) -> int:
        """The matrix's columns."""
        return self.shape[1] if len(self.shape) == 2 else 1


@dataclass(frozen=True, eq=False)
class View:
    """What the screen shows of the epoch where the run stands."""

    epoch: int
    trained: int
    planned: int
    running: bool
    """Whether it trains."""
    joined: tuple[str, ...]
    """The engines that have trained the epoch shown."""
    comparable: bool
    """Whether all engines started from the same parameters."""
    matrix: Matrix | None
    """None where the epoch has nothing of the kind."""
    agreements: Mapping[TensorName, Agreement]
    """Of every tensor of the selected quantity, where two engines can be compared."""
    sample: Sample
    series: Mapping[str, tuple[int, array[float]]]
    """News of the losses of every epoch, by engine, and of the `digits` that they share: where it begins, and the
    values from there on. Epoch k is at k − 1."""


@dataclass(frozen=True)
class Dumped:
    """Dumps have been written."""

    paths: tuple[Path, ...]
    nbytes: int


@dataclass(frozen=True)
class Said:
    """Something that the user should know."""

    text: str
    severity: Literal["information", "warning", "error"] = "information"


@dataclass(frozen=True)
class Ended:
    """The trainer has stopped though nobody asked it to."""

    reason: str


Event: TypeAlias = Described | View | Dumped | Said | Ended


def dump_name(engine: str, epoch: int | None) -> str:
    """Name an engine's dump, with the epoch in it where one is given: `torch_autograd.0007.dat`."""
    number = "" if epoch is None else f".{epoch:04}"
    return f"{DUMP_STEMS[engine]}{number}.dat"
