"""An experiment's samples: made by a source or read from a file, standardized, and parted into trained and held out."""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeAlias

from core import tables
from core.errors import DataError
from core.functions.losses import LOSSES
from core.samples import Loaded, Samples, class_targets, held_count
from core.sources import Wanted

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from core.arrays import FloatArray
    from core.experiment import Data, Experiment
    from core.tables.table import Table

    IntArray: TypeAlias = NDArray[np.int64]
else:
    from core.functions.later import np


def of(experiment: Experiment) -> Loaded:
    """Return the samples of an experiment, in float64, after checking that its network and its loss take them.

    Raises:
        DataError: the data file can't be read, or doesn't fit; file, line and column are named.
    """
    data, outputs = experiment.data, experiment.layers[-1]
    if data.file is None:
        return _parted(_made(data, outputs), data)
    table = _read(data)
    if len(table.inputs) != experiment.layers[0]:
        raise DataError(
            f"has {len(table.inputs)} inputs ({_few(table.inputs)})",
            table.file,
            f"`layers` to begin with as many, got {experiment.layers[0]}",
        )
    samples = _samples(table, outputs)
    if LOSSES[experiment.loss].fused:  # with sigmoid or softmax: a loss of probabilities
        _refuse_improbable(table, samples, experiment.loss)
    loaded = _parted(samples, data)
    if "float32" in (experiment.precision_of("scratch"), experiment.precision_of("autograd")):
        _refuse_beyond_float32(loaded, table.file)
    return loaded


def load(data: Data, outputs: int = 1) -> Samples:
    """Return the samples to train a network with so many outputs on, in float64.

    Raises:
        DataError: see `of`, which also checks the inputs and the loss.
    """
    return _parted(_made(data, outputs) if data.file is None else _samples(_read(data), outputs), data).train


def ends(data: Data, output: str) -> tuple[int, int]:
    """Return the widths that a network for these samples begins and ends with, given its output activation.

    The outputs are as few as fit: one for numbers and for two classes, more for more; with softmax at least two, and as
    many as a column of whole numbers has different ones.

    Raises:
        DataError: the data file can't be read.
    """
    softmax = output == "softmax"
    if data.file is None:
        source = data.maker()
        return source.inputs, _fewest(source.outputs or (1, 2), softmax=softmax)
    table = _read(data)
    if table.labels is not None:
        count = len(table.labels)
        return len(table.inputs), 1 if count <= 2 and not softmax else count
    if softmax and len(table.targets) == 1:
        return len(table.inputs), len(np.unique(table.y))
    return len(table.inputs), len(table.targets)


def _fewest(widths: tuple[int, ...], *, softmax: bool) -> int:
    """Return the smallest of the widths that targets may have; 2 or more with softmax, where there is one."""
    return min((width for width in widths if width > 1 or not softmax), default=min(widths))


def _made(data: Data, outputs: int) -> Samples:
    source = data.maker()
    noise = source.noise if data.noise is None else data.noise
    return source.make(Wanted(data.count(), noise, outputs, data.seed))


def _read(data: Data) -> Table:
    from pathlib import Path  # noqa: PLC0415 - only a file needs it

    return tables.read(Path(str(data.file)), data.inputs, data.targets)


def _samples(table: Table, outputs: int) -> Samples:
    """Return a table's rows as samples for so many outputs.

    As many columns of targets as outputs are taken as they are. A single column for several outputs names classes, as
    one of text does for one output; see `_classes`.
    """
    if len(table.targets) == outputs and table.labels is None:
        return Samples(table.x, table.y, _names_of_columns(table))
    if len(table.targets) != 1:
        raise DataError(
            f"has {len(table.targets)} targets ({_few(table.targets)})",
            table.file,
            _ending(len(table.targets), outputs),
        )
    _refuse_too_many(table, outputs)
    labels, names = _classes(table, outputs)
    return Samples(table.x, class_targets(labels, outputs), names)


def _names_of_columns(table: Table) -> tuple[str, ...] | None:
    """Name the classes, where the targets are 0 and 1 in one column, or one-hot in several."""
    if not np.isin(table.y, (0, 1)).all():
        return None
    if len(table.targets) == 1:
        return ("0", "1") if len(np.unique(table.y)) == 2 else None
    return table.targets if (table.y.sum(axis=1) == 1).all() else None


def _classes(table: Table, outputs: int) -> tuple[IntArray, tuple[str, ...]]:
    """Return the class of each row, shape (N,), from 0, and the names of all.

    Texts are classes in their sorted order. Whole numbers from 0 that are below the outputs are the classes' own
    numbers; others are classes in the order of their size.
    """
    distinct, labels = np.unique(table.y[:, 0], return_inverse=True)
    if table.labels is not None:
        names = table.labels
    else:
        _refuse_fractions(table)
        if distinct[0] >= 0 and distinct[-1] < outputs:
            return table.y[:, 0].astype(np.int64), tuple(map(str, range(outputs)))
        names = tuple(f"{value:.0f}" for value in distinct)
    if len(names) != max(outputs, 2):
        raise DataError(
            f"column {table.targets[0]} has {len(names)} class{'es' if len(names) > 1 else ''} ({_few(names)})",
            table.file,
            _ending(len(names), outputs) if len(names) > 1 else "two classes or more",
        )
    return labels.astype(np.int64), names


def _refuse_fractions(table: Table) -> None:
    wrong = np.flatnonzero(table.y[:, 0] % 1)
    if len(wrong):
        row = int(wrong[0])
        raise DataError(
            f"{table.y[row, 0]} is no class",
            table.place(row, table.targets[0]),
            "whole numbers or text, as there are several outputs",
        )


def _refuse_improbable(table: Table, samples: Samples, loss: str) -> None:
    """Refuse targets that a loss of probabilities can't take."""
    wrong = (samples.y < 0) | (samples.y > 1)
    if wrong.any():
        row, at = (int(each[0]) for each in np.nonzero(wrong))
        raise DataError(
            f"the target is {samples.y[row, at]:g}",
            table.place(row, table.targets[min(at, len(table.targets) - 1)]),
            f"0 to 1, as loss {loss} needs it",
        )


def _refuse_beyond_float32(loaded: Loaded, where: str) -> None:
    """Refuse numbers that an engine in float32 would see as infinite."""
    most = float(np.finfo(np.float32).max)
    for part in (loaded.train, loaded.held_out):
        if part is not None and max(np.abs(part.x).max(), np.abs(part.y).max()) > most:
            raise DataError(f"has numbers beyond {most:.1e}, the most that float32 holds", where, "precision float64")


def _refuse_too_many(table: Table, outputs: int) -> None:
    from core.tables.table import MOST_NUMBERS  # noqa: PLC0415 - it loads NumPy

    if len(table.x) * outputs > MOST_NUMBERS:
        raise DataError(
            f"has {len(table.x):,} rows for {outputs:,} outputs", table.file, f"at most {MOST_NUMBERS:,} targets in all"
        )


def _parted(samples: Samples, data: Data) -> Loaded:
    """Hold out what the experiment asks for, and standardize the inputs if it does.

    Held out are the first of `np.random.default_rng(seed).permutation(N)`; both parts keep the samples' own order.
    """
    held = held_count(len(samples), data.test_fraction)
    if data.test_fraction and not 0 < held < len(samples):
        raise DataError(
            f"`test_fraction` {data.test_fraction:g} holds out {held} of {len(samples)} samples",
            data.file,
            "some held out and some to train on",
        )
    train, held_out = samples, None
    if held:
        order = np.random.default_rng(data.seed).permutation(len(samples))
        train, held_out = samples.rows(np.sort(order[held:])), samples.rows(np.sort(order[:held]))
    return _standardized(train, held_out, data.file) if data.standardize else Loaded(train, held_out)


def _standardized(train: Samples, held_out: Samples | None, where: str | None) -> Loaded:
    """Bring each input to mean 0 and deviation 1 of the training samples; one that is constant there, to 0 there."""
    with np.errstate(all="ignore"):  # what overflows is refused
        mean, deviation = _moments(train.x)
        parts = [
            Samples((part.x - mean) / deviation, part.y, part.classes) for part in (train, held_out) if part is not None
        ]
        inverse = 1 / deviation
    if not all(np.isfinite(each).all() for each in (deviation, inverse, *(part.x for part in parts))):
        raise DataError("has inputs that are too large, or too close together, to be standardized", where)
    return Loaded(*parts)


def _moments(x: FloatArray) -> tuple[FloatArray, FloatArray]:
    """Return the mean and the standard deviation of each column, in the population's sense; of a constant one, 1.

    A constant is compared, not measured: the mean that is computed of it may be another number.
    """
    constant = x.max(axis=0) == x.min(axis=0)
    return np.where(constant, x[0], x.mean(axis=0)), np.where(constant, 1.0, x.std(axis=0))


def _ending(count: int, outputs: int) -> str:
    return f"`layers` to end with {count}, got {outputs}"


def _few(names: tuple[str, ...]) -> str:
    """List names, the first few of many."""
    return ", ".join(names[:5]) + (", …" if len(names) > 5 else "")
