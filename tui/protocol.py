"""What the screen and the trainer say to one another: small, immutable messages.

Commands go to the trainer; Described, View, Dumped and Said come back. Nothing here imports NumPy or Textual.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Literal, TypeAlias, cast, get_args

from msgspec import Struct

from tui.findings import Checkup
from tui.recorded import Compared, Recorded

if TYPE_CHECKING:
    from array import array
    from collections.abc import Iterator, Mapping

    import numpy as np
    from numpy.typing import NDArray

    from core.agreement import Agreement
    from core.arrays import FloatArray
    from core.experiment import EngineName, Experiment
    from core.judge import Judgement
    from core.pictures.plane import Extent
    from core.pictures.spread import Spread
    from core.tensors import Quantity, TensorName
    from core.trace import Explanation, Name, Phase


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
    """Stay here: give up a jump that is under way."""


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


class Described(Struct, frozen=True):
    """What is run: the first thing that the trainer says, and said anew where it has become another."""

    run: Experiment | Recorded
    engines: tuple[str, ...]
    """Those that take part, also where they have not joined yet."""
    metrics: tuple[str, ...] = ()
    """What is measured after each epoch beside the loss."""

    @property
    def recorded(self) -> Recorded | None:
        """The two files that are looked at; None where an experiment is trained."""
        return self.run if isinstance(self.run, Recorded) else None

    @property
    def experiment(self) -> Experiment:
        """The experiment that is trained.

        Raises:
            ValueError: there is none, as two files are looked at.
        """
        if isinstance(self.run, Recorded):
            raise ValueError("two files are looked at, and no experiment")  # noqa: TRY004 - no wrong argument
        return self.run

    @property
    def name(self) -> str:
        """The experiment's name, or those of the files."""
        if isinstance(self.run, Recorded):
            return " · ".join(f"{side} {name}" for side, name in self.run.files.items())
        return self.run.name

    @property
    def layers(self) -> tuple[int, ...]:
        """Widths from the input to the output."""
        return self.run.layers

    @property
    def activations(self) -> tuple[str, ...]:
        """The activation of each layer, 1 to L."""
        return self.run.activations if isinstance(self.run, Recorded) else self.run.activations()

    @property
    def depth(self) -> int:
        """The number of layers with parameters."""
        return len(self.run.layers) - 1

    @property
    def loss(self) -> str:
        """The loss with how it reduces over samples and outputs."""
        if isinstance(self.run, Recorded):
            return self.run.loss
        from core.functions.losses import LOSSES  # noqa: PLC0415 - the first frame does without

        return LOSSES[self.run.loss].formula

    @property
    def summary(self) -> str:
        """Network, loss, optimizer and precision in one line."""
        if isinstance(self.run, Recorded):
            return self.run.network
        experiment = self.run
        precisions = {name: experiment.precision_of(cast("EngineName", name)) for name in engines()}
        first, *others = precisions.items()
        same = all(precision == first[1] for _, precision in others)
        precision = first[1] if same else ", ".join(f"{name} {each}" for name, each in precisions.items())
        optimizer = f"{experiment.optimizer.name} {experiment.optimizer.lr:g}"
        return f"{experiment.network()} · {experiment.loss} · {optimizer} · {precision}"


class Jump(Struct, frozen=True):
    """A way to an epoch that takes a while, as the epochs before it have to be computed again."""

    epoch: int
    done: int
    """Epochs computed again so far."""
    total: int
    left: float
    """Seconds that it will take yet, as far as can be told."""


class Inside(Struct, frozen=True):
    """Where the run stands inside an epoch."""

    update: int
    """1 or later."""
    losses: Mapping[str, float]
    """Of the update's own batch, by engine."""
    batch: str
    """Which one it is."""


@dataclass(frozen=True)
class Sample:
    """The first sample of the batch: x, y, and each engine's ŷ at the epoch shown (none at epoch 0)."""

    x: tuple[float, ...]
    y: tuple[float, ...]
    predictions: Mapping[str, tuple[float, ...]]


@dataclass(frozen=True, eq=False)
class BlockMap:
    """A whole matrix at a glance: one number for each block of so many rows and columns."""

    height: int
    """Rows of the matrix that a block spans."""
    width: int
    """Columns that it spans."""
    values: Mapping[str, FloatArray]
    """By engine, and by the names in DERIVED where they mean something. A block stands for its number of largest
    magnitude, of digits for the fewest; for nan where there is one in it."""


@dataclass(frozen=True, eq=False)
class Matrix:
    """The selected tensor in every engine that has it, as a matrix: a vector is one column."""

    tensor: TensorName
    shape: tuple[int, ...]
    """The tensor's own shape."""
    window: Window
    values: Mapping[str, FloatArray]
    """By engine, and by the names in DERIVED where they mean something; of the window's shape."""
    after: Mapping[str, FloatArray]
    """For parameters: θ_k by engine, beside the θ_{k−1} in `values`."""
    largest: Mapping[str, float]
    """The largest finite magnitude in the whole tensor, by engine and for the difference."""
    precision: Mapping[str, str]
    """What each engine computes in."""
    ulps: Mapping[str, FloatArray]
    """Distances from the first engine in units in the last place, of the window's shape, by the other engine."""
    peak: Mapping[str, tuple[int, ...]] = field(default_factory=dict)
    """The cell with the largest magnitude in the whole tensor, by engine and for the difference."""
    map: BlockMap | None = None
    """Where it was asked for."""
    shares: Mapping[str, FloatArray] = field(default_factory=dict)
    """How much of what rounding can do each engine's numbers are off, of the window's shape; where they are judged."""

    @property
    def rows(self) -> int:
        """The matrix's rows."""
        return self.shape[0]

    @property
    def columns(self) -> int:
        """The matrix's columns."""
        return self.shape[1] if len(self.shape) == 2 else 1


@dataclass(frozen=True)
class Explained:
    """Where a number comes from, at the epoch shown: the answer to an Explain, as long as that is looked at."""

    asked: Explain
    explanation: Explanation | None
    reason: str = ""
    """Why there is none."""


@dataclass(frozen=True, eq=False)
class PlaneSamples:
    """The samples that lie on a plane: the first so many."""

    x: FloatArray
    """Shape (N, inputs)."""
    y: FloatArray
    """Shape (N, outputs)."""
    classes: NDArray[np.intp] | None
    """The class of each, shape (N,); None where targets are no classes."""
    wrong: NDArray[np.bool_] | None
    """Whether another class is predicted, shape (N,)."""
    total: int
    """How many samples there are."""


@dataclass(frozen=True, eq=False)
class Plane:
    """What units of a layer answer over the inputs, with the parameters after the epoch shown."""

    asked: ShowPlane
    engine: str
    layer: int
    width: int
    """The layer's units, of which so many as were asked for are here."""
    values: FloatArray
    """Shape (units, rows, columns), row 0 on top; with one input (units, 1, columns), from end to end."""
    span: tuple[float, float]
    """The least and the largest finite value of all the layer's units."""
    extent: Extent
    boundary: NDArray[np.bool_] | None
    """Where the predicted class changes, shape (rows, columns); None where there are no classes."""
    samples: PlaneSamples
    class_names: tuple[str, ...] | None


@dataclass(frozen=True, eq=False)
class View:
    """What the screen shows of the epoch where the run stands."""

    epoch: int
    trained: int
    planned: int
    running: bool
    """Whether it trains."""
    heading: int
    """The epoch that it will stand at when it has taken the steps asked for; `epoch` where it has, or only runs."""
    handled: int
    """The number of the last command that this View knows of."""
    dumping: str
    """What the dumps do that are not written yet, in a sentence; empty where there are none."""
    missing: Mapping[str, str]
    """The engines that can't be had, and why."""
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
    """News of the losses of every epoch, by engine, of the `digits` that they share, and of each metric of each engine
    (`accuracy scratch`): where it begins, and the values from there on. Epoch k is at k − 1."""
    updates: int = 1
    """How many updates the epoch shown has."""
    inside: Inside | None = None
    """None where the run stands at an epoch's end."""
    jump: Jump | None = None
    """A jump under way; the epoch shown is still the one before it."""
    speed: float = 0.0
    """Epochs trained in a second of late; 0 while it does not run."""
    plane: Plane | None = None
    """Where it was asked for, and the network has one or two inputs."""
    spread: Spread | None = None
    """Where it was asked for."""
    explained: Explained | None = None
    """Where it was asked for."""
    phases: tuple[Phase, ...] = ()
    """What the epoch (or each of its updates) does one after the other, where it was asked for; none at epoch 0."""
    judgements: Mapping[str, Mapping[TensorName, Judgement]] = field(default_factory=dict)
    """Of every tensor of the selected quantity, by engine, where it is judged: whether it is right but for rounding."""
    parted: int | None = None
    """The first epoch that was found to have a gradient that rounding does not explain."""
    lacking: Mapping[str, str] = field(default_factory=dict)
    """Which engines have no numbers of the selected tensor though they have the epoch, and why: of files alone."""
    drift: float | None = None
    """How far the parameters of two engines have drifted apart, relative to the largest; None if there are not two."""
    marks: Mapping[TensorName, Judgement] = field(default_factory=dict)
    """The user's gradients judged, whatever quantity is selected, where there is a file of theirs."""
    own_path: bool = False
    """Whether the user's engine trains by its own gradients."""


class Saved(Struct, frozen=True):
    """Weights or a run have been written: the answer to a SaveWeights or a SaveRun."""

    number: int
    """That of the command."""
    path: Path
    nbytes: int


class NotSaved(Struct, frozen=True):
    """They could not be written: the other answer."""

    number: int
    reason: str


class Dumped(Struct, frozen=True):
    """Dumps have been written: the answer to a WriteDumps."""

    number: int
    """That of the command."""
    paths: tuple[Path, ...]
    nbytes: int


class NotDumped(Struct, frozen=True):
    """Dumps could not be written, or not all of them: the other answer to a WriteDumps."""

    number: int
    reason: str


class MayRestart(Struct, frozen=True):
    """Much has been trained, and would be dropped: should it start again?"""

    trained: int


class Said(Struct, frozen=True):
    """Something that the user should know."""

    text: str
    severity: Literal["information", "warning", "error"] = "information"


class Kept(Struct, frozen=True):
    """The run as it was after an epoch is in one of the files that the trainer was given, to be gone on with."""

    slot: int
    epoch: int


class Ended(Struct, frozen=True):
    """The trainer has stopped though nobody asked it to."""

    reason: str


Event: TypeAlias = Described | View | Dumped | NotDumped | Saved | NotSaved | MayRestart | Said | Kept | Checkup | Ended
