"""What the trainer says: what is run, what is seen of it, and what came of a command."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal, TypeAlias, cast

from msgspec import Struct

from tui.findings import Checkup
from tui.protocol.start import engines
from tui.protocol.view import View
from tui.recorded import Recorded

if TYPE_CHECKING:
    from pathlib import Path

    from core.experiment import EngineName, Experiment, Optimizer


class Described(Struct, frozen=True):
    """What is run: the first thing that the trainer says, and said anew where it has become another."""

    run: Experiment | Recorded
    engines: tuple[str, ...]
    """Those that take part, also where they have not joined yet."""
    metrics: tuple[str, ...] = ()
    """What is measured after each epoch beside the loss."""
    samples: int = 0
    """How many it is trained on; 0 where that isn't told."""

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
    def summary(self) -> tuple[str, ...]:
        """What is worth a word, the most telling first: network, loss, optimizer, batches, precision."""
        if isinstance(self.run, Recorded):
            return (self.run.network,)
        experiment = self.run
        precisions = {name: experiment.precision_of(cast("EngineName", name)) for name in engines()}
        first, *others = precisions.items()
        same = all(precision == first[1] for _, precision in others)
        precision = first[1] if same else ", ".join(f"{name} {each}" for name, each in precisions.items())
        return (experiment.network(), experiment.loss, *_optimizer(experiment.optimizer), *self._batches, precision)

    @property
    def _batches(self) -> tuple[str, ...]:
        """How many samples there are, and how many an update sees where it sees fewer."""
        size = None if isinstance(self.run, Recorded) else self.run.batch
        if not self.samples:
            return ()
        if size is not None and size < self.samples:
            return (f"batch {size:,} of {self.samples:,}",)
        return (f"{self.samples:,} sample{'s' * (self.samples > 1)}",)


def _optimizer(optimizer: Optimizer) -> tuple[str, ...]:
    """Write an optimizer's name with its learning rate, then each other setting that is given."""
    options = {key.replace("_", " "): each for key, each in optimizer.options().items() if each is not False}
    words = (name if each is True else f"{name} {_number(each)}" for name, each in options.items())
    return (f"{optimizer.name} {optimizer.lr:g}", *words)


def _number(value: float | tuple[float, ...]) -> str:
    return "/".join(f"{each:g}" for each in value) if isinstance(value, tuple) else f"{value:g}"


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
