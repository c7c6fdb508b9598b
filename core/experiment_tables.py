"""The tables of an experiment's TOML: optimizer, start, data, what one engine does otherwise, changes midway.

Nothing here imports NumPy.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Annotated, Any, Literal, TypeAlias

from msgspec import Meta, Struct
from msgspec.structs import force_setattr

from core.functions.activations import ACTIVATIONS
from core.functions.losses import LOSSES
from core.functions.optimizers import OPTIMIZERS, Settings
from core.mistakes import refuse_unknown
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

MOST_SAMPLES = 10_000_000
"""More would not fit in memory."""

WEIGHTS_SUFFIXES = (".safetensors", ".pt", ".pth")
"""How files of weights end."""


class Table(Struct, frozen=True, forbid_unknown_fields=True):
    """A table of an experiment's TOML: immutable, no key that is not known."""


class Optimizer(Table, frozen=True):
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


class Init(Table, frozen=True):
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


class Data(Table, frozen=True):
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


def refuse_manual_seed(init: Init | None) -> None:
    """Refuse the law that PyTorch alone can draw.

    Raises:
        ValueError: it is that law.
    """
    if init is not None and init.law == "manual_seed":
        raise ValueError(
            "Expected another `init.law` than manual_seed here: it is PyTorch's own, for [engines.autograd]"
        )


class ScratchSettings(Table, frozen=True):
    """What only the scratch engine does otherwise."""

    init: Init | None = None
    precision: Precision | None = None
    mistakes: tuple[str, ...] = ()
    """Mistakes planted in the backward pass, such as `derivative-at-activation@2`; see `core.mistakes.planted`."""

    def __post_init__(self) -> None:
        """Refuse names that the catalogue does not know, and an initialisation that needs PyTorch."""
        for text in self.mistakes:
            refuse_unknown(text)
        refuse_manual_seed(self.init)


class AutogradSettings(Table, frozen=True):
    """What only the autograd engine does otherwise."""

    init: Init | None = None
    precision: Precision | None = None


class Change(Table, frozen=True):
    """Settings that are others from an epoch on; `set` has them by their dotted keys, such as `optimizer.lr`."""

    epoch: Annotated[int, Meta(ge=1)]
    """The first that is trained with them."""
    set: dict[str, Any]


CHANGEABLE = ("activation", "output", "loss", "batch", "shuffle", "optimizer")
"""What a change may set, or set a key of: what parameters and samples don't depend on."""


class Engines(Table, frozen=True):
    """Settings of one engine alone."""

    scratch: ScratchSettings = ScratchSettings()
    autograd: AutogradSettings = AutogradSettings()
