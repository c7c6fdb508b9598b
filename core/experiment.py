"""Experiment: the one description of a run; TOML in, TOML out.

All that changes a run's numbers stands in it, mistakes planted in an engine included. Reading is strict: an unknown key
or a wrong type is an `ExperimentError` that names the file, the key and what was expected. Nothing here imports NumPy,
so that a command line can be checked before anything slow is loaded.
"""

from __future__ import annotations

import difflib
import itertools
import math
import re
import tomllib
from importlib import resources
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal, TypeAlias, get_args, get_origin, get_type_hints

import msgspec
from msgspec import Meta, Struct, field

from core.data import SOURCES
from core.errors import ExperimentError
from core.functions.activations import ACTIVATIONS
from core.functions.losses import LOSSES
from core.functions.optimizers import OPTIMIZERS, Settings
from core.mistakes import MISTAKES

if TYPE_CHECKING:
    from collections.abc import Iterator

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

MOST_BYTES = 1_000_000
"""No experiment is longer than that."""

DEFAULT = "notebook"
"""The experiment that runs when none is named."""


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
    """Where the parameters start; see `core.parameters.draw` for what each law draws."""

    law: Law = "torch"


class Data(_Table, frozen=True):
    """The samples; `core.data` says what each source makes, and how many of them if nothing is said."""

    source: SourceName = "notebook"
    samples: Annotated[int, Meta(ge=1, le=MOST_SAMPLES)] | None = None
    noise: NotNegative | None = None
    """The standard deviation of what is added to each coordinate."""
    seed: Seed = 4
    """Of the noise."""

    def __post_init__(self) -> None:
        """Refuse what the source does not take."""
        if SOURCES[self.source].fixed and (self.samples, self.noise) != (None, None):
            raise ValueError(f"Expected neither `samples` nor `noise`, as {self.source} is one sample, got one of them")
        if self.noise is not None and not math.isfinite(self.noise):
            raise ValueError("Expected `noise` to be finite")


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
    """Mistakes planted in the backward pass, by their names in `core.mistakes`."""

    def __post_init__(self) -> None:
        """Refuse mistakes that the catalogue does not know, and an initialisation that needs PyTorch."""
        for name in self.mistakes:
            if name not in MISTAKES:
                raise ValueError(f"Expected `mistakes` to be among {', '.join(MISTAKES)}, got `{name}`")
        _refuse_manual_seed(self.init)


class AutogradSettings(_Table, frozen=True):
    """What only the autograd engine does otherwise."""

    init: Init | None = None
    precision: Precision | None = None


class Engines(_Table, frozen=True):
    """Settings of one engine alone."""

    scratch: ScratchSettings = ScratchSettings()
    autograd: AutogradSettings = AutogradSettings()


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
        if parameter_count(self.layers) > MOST_PARAMETERS:
            raise ValueError(f"Expected `layers` to have at most {MOST_PARAMETERS:,} parameters")

    def _check_data(self) -> None:
        """Refuse widths that the samples don't have."""
        source = SOURCES[self.data.source]
        begins, ends = self.layers[0] == source.inputs, not source.outputs or self.layers[-1] in source.outputs
        if not (begins and ends):
            last = f" and end with {' or '.join(map(str, source.outputs))}" if source.outputs else ""
            raise ValueError(
                f"Expected `layers` to begin with {source.inputs}{last}, as the samples of {self.data.source} do, got "
                f"{list(self.layers)}"
            )

    def _check_loss(self) -> None:
        """Refuse a loss whose output activation is another, and a softmax of one output, which is always 1."""
        needed = LOSSES[self.loss].output
        if needed not in (None, self.output):
            raise ValueError(f"Expected `output` to be {needed}, as loss {self.loss} needs it, got {self.output}")
        if self.loss == "bce" and not SOURCES[self.data.source].within_one:
            raise ValueError(
                f"Expected targets between 0 and 1, as loss bce needs them, got those of {self.data.source}"
            )
        if self.output == "softmax" and self.layers[-1] < 2:
            raise ValueError("Expected `layers` to end with 2 or more, as output softmax needs it, got 1")

    @property
    def depth(self) -> int:
        """The number of layers with parameters, L."""
        return len(self.layers) - 1

    def activations(self) -> tuple[str, ...]:
        """Name the activation of each layer, 1 to L."""
        hidden = (self.activation,) * (self.depth - 1) if isinstance(self.activation, str) else self.activation
        return (*hidden, self.output)

    def init_of(self, engine: EngineName) -> Init:
        """Return the initial law that one engine starts from."""
        return getattr(self.engines, engine).init or self.init

    def precision_of(self, engine: EngineName) -> Precision:
        """Return the precision that one engine computes in."""
        precision: Precision = getattr(self.engines, engine).precision or self.precision
        return precision

    def network(self) -> str:
        """Describe the network in a few words: widths, then activations (of all hidden layers, or of each)."""
        names = (self.activation, self.output) if isinstance(self.activation, str) else self.activations()
        return " ".join(["-".join(map(str, self.layers)), *names])


def parameter_count(layers: tuple[int, ...]) -> int:
    """Count the weights and biases of a network with these widths."""
    return sum(outputs * (inputs + 1) for inputs, outputs in itertools.pairwise(layers))


def shipped() -> tuple[str, ...]:
    """Name the experiments that come with the package, the default one first."""
    folder = resources.files("core") / "experiments"
    names = sorted(entry.name.removesuffix(".toml") for entry in folder.iterdir() if entry.name.endswith(".toml"))
    return tuple(sorted(names, key=lambda name: name != DEFAULT))


def load(source: str) -> Experiment:
    """Return the experiment of that name, or of that file.

    A name that ships wins over a file of the same name without an ending; write `./notebook` for such a file.

    Raises:
        ExperimentError: the name is not known, or the file can't be read or says something that can't be run.
    """
    if source in shipped():
        return parse((resources.files("core") / "experiments" / f"{source}.toml").read_text("utf-8"), source)
    return parse(_text_of(Path(source)), source)


def parse(text: str, where: str) -> Experiment:
    """Read an experiment's TOML; `where` names it in errors.

    Raises:
        ExperimentError: no TOML, an unknown key, a wrong type or a value out of range.
    """
    values = _toml(text, where)
    try:
        return msgspec.convert(values, Experiment)
    except msgspec.ValidationError as error:
        raise _explained(str(error), values, where) from None


def to_toml(experiment: Experiment) -> str:
    """Write an experiment as TOML that `parse` reads back to an equal one."""
    import tomlkit  # noqa: PLC0415 - only a run that saves needs it

    return tomlkit.dumps(_filled(msgspec.to_builtins(experiment)))


def _toml(text: str, where: str) -> dict[str, Any]:
    try:
        return tomllib.loads(text)
    except RecursionError:
        raise ExperimentError("is nested too deeply", where) from None
    except ValueError as error:  # no TOML, or a number too long for Python to read
        raise ExperimentError(f"is no TOML: {error}", where) from None


def _text_of(path: Path) -> str:
    """Read an experiment's file: a regular one, of at most a megabyte of UTF-8."""
    expected = f"a TOML file, or one of {', '.join(shipped())}"
    try:
        if path.exists() and not path.is_file():
            raise ExperimentError("is no regular file", str(path), expected)
        if path.stat().st_size > MOST_BYTES:
            raise ExperimentError("is larger than a megabyte", str(path), "a TOML file of a few lines")
        return path.read_text("utf-8")
    except UnicodeDecodeError:
        raise ExperimentError("is not UTF-8 text", str(path), expected) from None
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or str(error)
        raise ExperimentError(f"can't be read ({reason})", str(path), expected) from None


def _filled(table: dict[str, Any]) -> dict[str, Any]:
    """Leave out what is not given, and tables with nothing in them."""
    inner = {key: _filled(value) if isinstance(value, dict) else value for key, value in table.items()}
    return {key: value for key, value in inner.items() if value is not None and value not in ({}, [], ())}


def _explained(message: str, values: dict[str, Any], where: str) -> ExperimentError:
    """Turn msgspec's message into what is wrong, the key, and what was expected."""
    placed = re.fullmatch(r"(.*) - at `\$\.?([^`]*)`", message, re.DOTALL)
    text, key = (placed[1], placed[2]) if placed else (message, "")
    unknown = re.fullmatch(r"Object contains unknown field `(.*)`", text, re.DOTALL)
    if unknown:
        return _unknown_key(unknown[1], key, where)
    at = f"{where}: {key}" if key else where
    if text.startswith("Invalid enum value"):
        return ExperimentError(f"got {_value_at(values, key)}", at, " or ".join(_choices(key)))
    wanted = re.fullmatch(r"Expected (.*?)(?:, got (.*))?", text, re.DOTALL)
    if not wanted:
        return ExperimentError(text, at)
    return ExperimentError(f"got {wanted[2] or _value_at(values, key)}", at, wanted[1])


def _value_at(values: Any, key: str) -> str:  # noqa: ANN401 - TOML's values are of any type
    """Return what stands at a key such as `engines.scratch.mistakes[0]`, as TOML writes it; long ones cut short."""
    for name, index in re.findall(r"([^.\[\]]+)|\[(\d+)\]", key):
        values = values[int(index)] if index else values[name]
    text = str(values).lower() if isinstance(values, bool) else repr(values)
    return text if len(text) <= 60 else f"{text[:57]}…"


def _unknown_key(name: str, table: str, where: str) -> ExperimentError:
    known = _keys(table)
    nearest = difflib.get_close_matches(name, known, n=1)
    expected = f"{nearest[0]}?" if nearest else f"one of {', '.join(known)}"
    return ExperimentError(f"unknown key {f'{table}.{name}' if table else name}", where, expected)


def _keys(table: str) -> list[str]:
    """List the keys of a table, by its dotted path."""
    return list(getattr(_kind_of(table), "__struct_fields__", ()))


def _choices(key: str) -> list[str]:
    """List what a key may say."""
    return list(dict.fromkeys(_names_in(_kind_of(key))))


def _names_in(kind: Any) -> Iterator[str]:  # noqa: ANN401 - a type of any kind
    """Go through the names that a type allows, those of a list's elements included."""
    if get_origin(kind) is Literal:
        yield from get_args(kind)
    else:
        for inner in get_args(kind):
            yield from _names_in(inner)


def _kind_of(key: str) -> Any:  # noqa: ANN401 - a type of any kind
    """Return the declared type of a key, by its dotted path; the type that it has where it is given."""
    kind: Any = Experiment
    for part in re.sub(r"\[\d+\]", "", key).split(".") if key else ():
        kind = get_type_hints(kind)[part]
        given = [each for each in get_args(kind) if each is not type(None)]
        if type(None) in get_args(kind) and len(given) == 1:
            kind = given[0]
    return kind
