"""What the screen shows of an epoch, and all that a View is made of."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from msgspec import Struct

if TYPE_CHECKING:
    from array import array
    from collections.abc import Mapping

    import numpy as np
    from numpy.typing import NDArray

    from core.agreement import Agreement
    from core.arrays import FloatArray
    from core.judge import Judgement
    from core.pictures.plane import Extent
    from core.pictures.spread import Spread
    from core.tensors import TensorName
    from core.trace import Explanation, Phase
    from tui.protocol.commands import Explain, ShowPlane, Window


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

    @property
    def left_behind(self) -> bool:
        """Whether the run trains on beyond what is shown."""
        return self.running and self.jump is None and (self.epoch < self.trained or self.inside is not None)
