"""Experiment: the one description of a run.

All that changes a run's numbers stands in it, mistakes planted in an engine included. `core.experiment_file` reads and
writes it as TOML. Nothing here imports NumPy, so that a command line can be checked before anything slow is loaded.
"""

from __future__ import annotations

import itertools
from typing import Annotated, Any, NamedTuple

from msgspec import Meta, ValidationError, convert, field, to_builtins
from msgspec.structs import replace

from core.experiment_tables import (
    CHANGEABLE,
    WEIGHTS_SUFFIXES,
    ActivationName,
    AutogradSettings,
    Change,
    Data,
    EngineName,
    Engines,
    HiddenName,
    Init,
    LossName,
    Optimizer,
    Precision,
    ScratchSettings,
    Seed,
    Table,
    Width,
    refuse_manual_seed,
)
from core.functions.losses import LOSSES
from core.mistakes import Planted, plantable

__all__ = [
    "CHANGEABLE",
    "WEIGHTS_SUFFIXES",
    "AutogradSettings",
    "Change",
    "Data",
    "EngineName",
    "Engines",
    "Experiment",
    "Init",
    "Optimizer",
    "Precision",
    "ScratchSettings",
    "Width",
    "parameter_count",
    "put",
]

MOST_PARAMETERS = 100_000_000
"""More would not fit in memory beside their gradients and the history."""

MOST_VALUES = 100_000_000
"""Of samples that are made: inputs and targets of all of them."""


class _Described(NamedTuple):
    """What a mistake has to know of the network."""

    layers: tuple[int, ...]
    activations: tuple[str, ...]
    loss: str


class Experiment(Table, frozen=True):
    """One run, described. Keys left out take the values of the `notebook` experiment."""

    name: Annotated[str, Meta(min_length=1, max_length=80)] = "notebook"
    layers: Annotated[tuple[Width, ...], Meta(min_length=2, max_length=100)] = (2, 10, 10, 1)
    """Widths from the input to the output."""
    activation: HiddenName | tuple[HiddenName, ...] = "sigmoid"
    """Of the hidden layers: one for all, or one each."""
    output: ActivationName = "identity"
    """Of the output layer."""
    loss: LossName = "sse"
    epochs: Annotated[int, Meta(ge=1, le=1_000_000_000)] = 10
    batch: Annotated[int, Meta(ge=1)] | None = None
    """How many samples an update sees; absent, all of them."""
    shuffle: bool = True
    """Whether the samples take another order at each epoch; it matters only where an epoch has several batches."""
    precision: Precision = "float64"
    seed: Seed = 4
    """Of the initial parameters and of the order of the samples."""
    optimizer: Optimizer = Optimizer()
    init: Init = Init()
    data: Data = Data()
    engines: Engines = field(default_factory=Engines)
    change: tuple[Change, ...] = ()
    """In any order; where two of one epoch set the same key, the later one counts."""

    def __post_init__(self) -> None:
        """Refuse a network that its data, its initial law or the memory does not allow."""
        refuse_manual_seed(self.init)
        if not self.name.strip() or not self.name.isprintable():
            raise ValueError(f"Expected `name` to be a line of text, got {self.name!r}")
        self._check_data()
        if not isinstance(self.activation, str) and len(self.activation) != self.depth - 1:
            raise ValueError(
                f"Expected `activation` to be one name, or one for each of the {self.depth - 1} hidden layers, got "
                f"{len(self.activation)}"
            )
        self._check_loss()
        self.planted()
        if parameter_count(self.layers) > MOST_PARAMETERS:
            raise ValueError(f"Expected `layers` to have at most {MOST_PARAMETERS:,} parameters")
        self._check_changes()

    def _check_data(self) -> None:
        """Refuse widths that the samples of a source don't have; those of a file are known when it is read."""
        if self.data.file is not None:
            return
        source = self.data.maker()
        begins, ends = self.layers[0] == source.inputs, not source.outputs or self.layers[-1] in source.outputs
        if not (begins and ends):
            last = f" and end with {' or '.join(map(str, source.outputs))}" if source.outputs else ""
            raise ValueError(
                f"Expected `layers` to begin with {source.inputs}{last}, as the samples of {self.data.source} do, got "
                f"{list(self.layers)}"
            )
        if self.data.count() * (self.layers[0] + self.layers[-1]) > MOST_VALUES:
            raise ValueError(f"Expected the samples to have at most {MOST_VALUES:,} inputs and targets in all")

    def _check_loss(self) -> None:
        """Refuse a loss whose output activation is another, and a softmax of one output, which is always 1."""
        needed = LOSSES[self.loss].output
        if needed not in (None, self.output):
            raise ValueError(f"Expected `output` to be {needed}, as loss {self.loss} needs it, got {self.output}")
        if self.loss == "bce" and self.data.file is None and not self.data.maker().within_one:
            raise ValueError(
                f"Expected targets between 0 and 1, as loss bce needs them, got those of {self.data.source}"
            )
        if self.output == "softmax" and self.layers[-1] < 2:
            raise ValueError("Expected `layers` to end with 2 or more, as output softmax needs it, got 1")

    def _check_changes(self) -> None:
        """Refuse changes that can't be made midway, or that lead to something that can't be run."""
        for change in self.change:
            for key in change.set:
                if key.split(".")[0] not in CHANGEABLE:
                    raise ValueError(f"Expected `change` to set keys of {', '.join(CHANGEABLE)}, got {key}")
            try:
                self.at(change.epoch)
            except ValidationError as error:
                message = str(error).replace(" - at `$", " at `").replace("`.", "`")
                raise ValueError(
                    f"Expected a `change` that can be made, got that of epoch {change.epoch}: {message}"
                ) from None

    def at(self, epoch: int) -> Experiment:
        """Return the settings that an epoch is trained with, as an experiment that does not change."""
        due = sorted((change for change in self.change if change.epoch <= epoch), key=lambda change: change.epoch)
        values = {**to_builtins(self), "change": ()}
        for change in due:
            for key, value in change.set.items():
                put(values, key, value)
        return convert(values, Experiment) if due else replace(self, change=())

    @property
    def depth(self) -> int:
        """The number of layers with parameters, L."""
        return len(self.layers) - 1

    def activations(self) -> tuple[str, ...]:
        """Name the activation of each layer, 1 to L."""
        hidden = (self.activation,) * (self.depth - 1) if isinstance(self.activation, str) else self.activation
        return (*hidden, self.output)

    def planted(self) -> tuple[Planted, ...]:
        """Return the mistakes that are planted in the scratch engine.

        Raises:
            ValueError: one is not in the catalogue, or means nothing in this network.
        """
        described = _Described(self.layers, self.activations(), self.loss)
        return tuple(plantable(text, described) for text in self.engines.scratch.mistakes)

    def init_of(self, engine: EngineName) -> Init:
        """Return where one engine starts from."""
        return getattr(self.engines, engine).init or self.init

    def precision_of(self, engine: EngineName) -> Precision:
        """Return the precision that one engine computes in."""
        precision: Precision = getattr(self.engines, engine).precision or self.precision
        return precision

    def network(self) -> str:
        """Describe the network in a few words: widths, then activations (of all hidden layers, or of each)."""
        names = (self.activation, self.output) if isinstance(self.activation, str) else self.activations()
        return " ".join(["-".join(map(str, self.layers)), *names])


def put(values: dict[str, Any], key: str, value: Any) -> None:  # noqa: ANN401 - as TOML has them
    """Set a value by its dotted key, in a table of tables."""
    *tables, last = key.split(".")
    for table in tables:
        inner = values.get(table)
        values[table] = values = dict(inner) if isinstance(inner, dict) else {}
    values[last] = value


def parameter_count(layers: tuple[int, ...]) -> int:
    """Count the weights and biases of a network with these widths."""
    return sum(outputs * (inputs + 1) for inputs, outputs in itertools.pairwise(layers))
