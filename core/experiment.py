"""Experiment: the one description of a run.

All that changes a run's numbers stands in it, mistakes planted in an engine included. `core.experiment_file` reads and
writes it as TOML. Nothing here imports NumPy, so that a command line can be checked before anything slow is loaded.
"""

from __future__ import annotations

import itertools
import math
from typing import TYPE_CHECKING, Annotated, Any, Literal, NamedTuple, TypeAlias

from msgspec import Meta, Struct, ValidationError, convert, field, to_builtins
from msgspec.structs import force_setattr, replace

from core.functions.activations import ACTIVATIONS
from core.functions.losses import LOSSES
from core.functions.optimizers import OPTIMIZERS, Settings
from core.mistakes import Planted, plantable, refuse_unknown
from core.samples import held_count
from core.sources import SOURCES, Source

Precision = Literal["float64", "float32"]
Law = Literal[
    "torch",
    "notebook",
    "manual_seed",
    "xavier_uniform",
    "xavier_normal",
    "kaiming_uniform",
    "kaiming_normal",
    "unit",
    "normal",
    "zeros",
]
EngineName = Literal["scratch", "autograd"]
Width = Annotated[int, Meta(ge=1, le=1_000_000)]
Seed = Annotated[int, Meta(ge=0, le=2**32 - 1)]
Column = str | Annotated[int, Meta(ge=0, le=1_000_000)]
Columns = Annotated[tuple[Column, ...], Meta(min_length=1, max_length=1_000_000)]
NotNegative = Annotated[float, Meta(ge=0)]
BelowOne = Annotated[float, Meta(ge=0, lt=1)]

if TYPE_CHECKING:
    HiddenName: TypeAlias = str
    ActivationName: TypeAlias = str
    LossName: TypeAlias = str
    OptimizerName: TypeAlias = str
    SourceName: TypeAlias = str
else:  # the names in the tables, so that a new entry is an allowed value
    HiddenName = Literal[tuple(name for name, each in ACTIVATIONS.items() if each.elementwise)]
    ActivationName = Literal[tuple(ACTIVATIONS)]
    LossName = Literal[tuple(LOSSES)]
    OptimizerName = Literal[tuple(OPTIMIZERS)]
    SourceName = Literal[tuple(SOURCES)]

MOST_PARAMETERS = 100_000_000
"""More would not fit in memory beside their gradients and the history."""

MOST_SAMPLES = 10_000_000
"""As for the parameters."""

WEIGHTS_SUFFIXES = (".safetensors", ".pt", ".pth")
"""How files of weights end."""

MOST_VALUES = 100_000_000
"""Of samples that are made: inputs and targets of all of them."""


class _Table(Struct, frozen=True, forbid_unknown_fields=True):
    """A table of an experiment's TOML: immutable, no key that is not known."""


class Optimizer(_Table, frozen=True):
    """How parameters follow their gradients; what is left out is PyTorch's default. See `core.functions.optimizers`."""

    name: OptimizerName = "sgd"
    lr: NotNegative = 0.1
    """The learning rate η."""
    momentum: NotNegative | None = None
    nesterov: bool | None = None
    weight_decay: NotNegative | None = None
    betas: tuple[BelowOne, BelowOne] | None = None
    eps: NotNegative | None = None
    alpha: Annotated[float, Meta(ge=0, le=1)] | None = None
    centered: bool | None = None
    lr_decay: NotNegative | None = None

    def __post_init__(self) -> None:
        """Refuse numbers that are not finite, and keys that mean nothing to this optimizer."""
        known = OPTIMIZERS[self.name].defaults
        for key, value in {"lr": self.lr, **self.options()}.items():
            if isinstance(value, float) and not math.isfinite(value):
                raise ValueError(f"Expected `{key}` to be finite")
            if key != "lr" and key not in known:
                raise ValueError(f"Expected {', '.join(('lr', *known))} alone with {self.name}, got {key}")
        if self.nesterov and not self.momentum:
            raise ValueError("Expected a `momentum` above 0 with nesterov")

    def options(self) -> dict[str, Any]:
        """Return the keys that are given, beside the name and the learning rate."""
        given = {key: getattr(self, key) for key in self.__struct_fields__ if key not in ("name", "lr")}
        return {key: value for key, value in given.items() if value is not None}

    def settings(self) -> Settings:
        """Return all settings of the update, PyTorch's defaults where none is given."""
        return OPTIMIZERS[self.name].settings(self.lr, self.options())


class Init(_Table, frozen=True):
    """Where the parameters start: a law, `torch` if nothing is said, or a file. See `core.initial.draw`."""

    law: Law | None = None
    """None where the parameters come from a file."""
    file: Annotated[str, Meta(min_length=1)] | None = None
    """The path of a file of weights (see `core.weights`)."""

    def __post_init__(self) -> None:
        """Refuse a law beside a file, and a file that holds no weights by its name."""
        if self.file is None:
            force_setattr(self, "law", self.law or "torch")
            return
        if self.law is not None:
            raise ValueError("Expected either `law` or `file`, got both")
        if not self.file.lower().endswith(WEIGHTS_SUFFIXES):
            raise ValueError(f"Expected `file` to end with {' or '.join(WEIGHTS_SUFFIXES)}, got {self.file!r}")


class Data(_Table, frozen=True):
    """The samples: a source makes them, or a file has them. See `core.sources`, `core.tables` and `core.data`."""

    source: SourceName | None = None
    """`notebook` where neither this nor a file is given."""
    samples: Annotated[int, Meta(ge=1, le=MOST_SAMPLES)] | None = None
    """How many are made; absent, what the source says."""
    noise: NotNegative | None = None
    """The standard deviation of what is added to each coordinate."""
    seed: Seed = 4
    """Of the noise, and of which samples are held out."""
    file: Annotated[str, Meta(min_length=1)] | None = None
    """CSV, TSV, NPZ or NPY. In a TOML file, a relative path begins at its folder."""
    inputs: Columns | None = None
    """The file's columns that are inputs, by name or by number from 0; absent, all that are no targets."""
    targets: Columns | None = None
    """Absent, the last column."""
    standardize: bool = False
    """Whether each input is brought to mean 0 and deviation 1 of the training samples."""
    test_fraction: BelowOne = 0.0
    """How much of the samples is held out of the training."""

    def __post_init__(self) -> None:
        """Refuse what goes with a file alone or with a source alone, and what the source does not take."""
        if self.file is None:
            if self.source is None:
                force_setattr(self, "source", "notebook")
            self._check_source(self.maker())
        elif (self.source, self.samples, self.noise) != (None, None, None):
            raise ValueError("Expected none of `source`, `samples` and `noise` beside `file`, got one of them")

    def _check_source(self, source: Source) -> None:
        if (self.inputs, self.targets) != (None, None):
            raise ValueError("Expected `file` with `inputs` and `targets`, which name its columns, got none")
        if source.fixed and (self.samples, self.noise) != (None, None):
            raise ValueError(
                f"Expected neither `samples` nor `noise`, as those of {self.source} are given, got one of them"
            )
        if self.noise is not None and not math.isfinite(self.noise):
            raise ValueError("Expected `noise` to be finite")
        if self.test_fraction and not 0 < held_count(self.count(), self.test_fraction) < self.count():
            raise ValueError(
                f"Expected `test_fraction` to hold out some of the {self.count()} samples and to leave some, got "
                f"{self.test_fraction:g}"
            )

    def maker(self) -> Source:
        """Return the source that makes the samples, where no file has them."""
        return SOURCES[str(self.source)]

    def count(self) -> int:
        """Return how many samples the source makes."""
        return self.maker().samples if self.samples is None else self.samples


def _refuse_manual_seed(init: Init | None) -> None:
    if init is not None and init.law == "manual_seed":
        raise ValueError(
            "Expected another `init.law` than manual_seed here: it is PyTorch's own, for [engines.autograd]"
        )


class ScratchSettings(_Table, frozen=True):
    """What only the scratch engine does otherwise."""

    init: Init | None = None
    precision: Precision | None = None
    mistakes: tuple[str, ...] = ()
    """Mistakes planted in the backward pass, such as `derivative-at-activation@2`; see `core.mistakes.planted`."""

    def __post_init__(self) -> None:
        """Refuse names that the catalogue does not know, and an initialisation that needs PyTorch."""
        for text in self.mistakes:
            refuse_unknown(text)
        _refuse_manual_seed(self.init)


class AutogradSettings(_Table, frozen=True):
    """What only the autograd engine does otherwise."""

    init: Init | None = None
    precision: Precision | None = None


class Change(_Table, frozen=True):
    """Settings that are others from an epoch on; `set` has them by their dotted keys, such as `optimizer.lr`."""

    epoch: Annotated[int, Meta(ge=1)]
    """The first that is trained with them."""
    set: dict[str, Any]


CHANGEABLE = ("activation", "output", "loss", "batch", "shuffle", "optimizer")
"""What a change may set, or set a key of: what parameters and samples don't depend on."""


class Engines(_Table, frozen=True):
    """Settings of one engine alone."""

    scratch: ScratchSettings = ScratchSettings()
    autograd: AutogradSettings = AutogradSettings()


class _Described(NamedTuple):
    """What a mistake has to know of the network."""

    layers: tuple[int, ...]
    activations: tuple[str, ...]
    loss: str


class Experiment(_Table, frozen=True):
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
        _refuse_manual_seed(self.init)
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
