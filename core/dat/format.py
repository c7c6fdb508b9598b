"""The project's own dump format, and its writer; `core.dat.strict` reads it.

A head of comment lines, then one block a tensor, two blank lines between them. A block is `# name`, `# shape …` and the
numbers: a matrix a row a line, a vector a number a line, with as many significant digits as give back the exact bits.
So `np.loadtxt` reads a block (of the text split at the blank lines), and gnuplot finds one by its name
(`index "dL/dW1"`).

The head ends with the experiment as TOML, in lines that begin `#|`: gnuplot takes none of them for a name. With it and
with the parameters that follow the gradients, the pass that a dump is of can be computed again.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, cast

from core.errors import DumpError
from core.experiment_file import to_toml
from core.files import write_whole
from core.functions.losses import LOSSES
from core.tensors import Quantity, tensor_names

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from core.arrays import FloatArray
    from core.experiment import Experiment, Precision
    from core.frame import EngineFrame

FORMAT = "mlp-tui dump 1"
"""The first line of a dump, after `# `."""

HEAD = ("engine", "experiment", "network", "loss", "dtype", "epoch", "loss-value", "start")
"""The head's keys, in their order; `batch` may stand behind `loss-value`, and `data` behind `start`."""

TOML_MARK = "#|"
"""What each line of the experiment begins with."""

DECIMALS = {"float64": 16, "float32": 8}
"""Digits after the point: with the one before it, 17 and 9 significant ones, which give back the exact bits."""


@dataclass(frozen=True)
class DataFile:
    """The file that the samples come from, as it was when the dump was made."""

    name: str
    sha256: str


@dataclass(frozen=True)
class Dump:
    """What a dump says."""

    engine: str
    experiment: str
    network: str
    """Widths, then activations: `2-10-10-1 sigmoid identity`."""
    loss: str
    """Its name and how it reduces: `sse (sum over samples and outputs)`; in older dumps the name alone."""
    dtype: Precision
    epoch: int
    loss_value: float
    """The epoch's: where it has several batches, the mean over its samples."""
    start: str
    """The sha256 of the flat initial parameters as drawn (see `core.initial.start_digest`): tells runs apart."""
    tensors: Mapping[str, FloatArray]
    """By name, in the file's order: W (outputs, inputs), b (outputs,), everything else (N, width)."""
    batch: str | None = None
    """Which batch the tensors are of, where an epoch has several."""
    settings: Experiment | None = None
    """The whole experiment; None in a dump of an earlier version, which says none."""
    data: DataFile | None = None
    """None where the samples are made, or their file was gone."""


def dump_of(
    frame: EngineFrame, epoch: int, experiment: Experiment, quantities: Iterable[Quantity] = (Quantity.GRADIENT,)
) -> Dump:
    """Make the dump of one engine's epoch: the gradients first, then whatever else is asked for.

    With gradients go the parameters that they were computed at.

    Raises:
        DumpError: nothing has been computed at that epoch.
    """
    if frame.computed is None or frame.loss is None:
        raise DumpError(f"epoch {epoch} of {frame.name} has no gradients", expected="an epoch that has been trained")
    settings = experiment.at(epoch)
    asked = set(quantities)
    if Quantity.GRADIENT in asked:
        asked.add(Quantity.PARAMETER)
    names = [name for each in Quantity if each in asked for name in tensor_names(each, experiment.depth)]
    return Dump(
        engine=frame.label,
        experiment=experiment.name,
        network=settings.network(),
        loss=f"{settings.loss} ({LOSSES[settings.loss].reduces})",
        dtype=cast("Precision", str(frame.before.flat.dtype)),
        epoch=epoch,
        loss_value=frame.loss,
        start=frame.start,
        tensors={str(name): frame.tensor(name) for name in names},
        batch=frame.batch,
        settings=experiment,
        data=_data_file(experiment.data.file),
    )


def render(dump: Dump) -> str:
    """Return a dump's text."""
    return "\n\n\n".join(["\n".join(_head(dump)), *(_block(name, each) for name, each in dump.tensors.items())]) + "\n"


def write(path: Path, dump: Dump, *, replace: bool = False) -> int:
    """Write a dump whole or not at all (see `core.files`).

    Return the number of bytes written.

    Raises:
        DumpError: it can't be written, or a file is in the way and `replace` is not given.
    """
    text = render(dump).encode()
    write_whole(path, text, replace=replace, error=DumpError)
    return len(text)


def in_the_way(path: Path) -> DumpError:
    """Return the error that says that a file that is there is kept."""
    return DumpError("can't be written (exists already)", str(path))


def _head(dump: Dump) -> Iterator[str]:
    yield f"# {FORMAT}"
    values = (dump.engine, dump.experiment, dump.network, dump.loss, dump.dtype, str(dump.epoch))
    for key, value in zip(HEAD, values, strict=False):
        yield _head_line(key, value)
    yield _head_line("loss-value", _number(dump.loss_value, "float64").strip())
    if dump.batch is not None:
        yield _head_line("batch", dump.batch)
    yield _head_line("start", dump.start)
    if dump.data is not None:
        yield _head_line("data", f"{dump.data.sha256} {dump.data.name}")
    if dump.settings is not None:
        yield from (f"{TOML_MARK} {line}".rstrip() for line in to_toml(dump.settings).rstrip().split("\n"))


def _head_line(key: str, value: str) -> str:
    return f"# {key:<11} {' '.join(value.split())}"


def _block(name: str, values: FloatArray) -> str:
    precision = str(values.dtype)
    rows = values.reshape(values.shape[0], -1).tolist()
    lines = (" ".join(_number(value, precision) for value in row) for row in rows)
    return "\n".join([f"# {name}", f"# shape {' '.join(map(str, values.shape))}", *lines])


def _number(value: float, precision: str) -> str:
    decimals = DECIMALS[precision]
    return f"{value: .{decimals}e}".rjust(decimals + 7)


def _data_file(file: str | None) -> DataFile | None:
    """Name the file that the samples come from; None where there is none, or none any more."""
    if file is None:
        return None
    path = Path(file)
    try:
        status = path.stat()
        return DataFile(path.name, sha256_of(path, status.st_size, status.st_mtime_ns))
    except (OSError, ValueError):
        return None


@lru_cache(maxsize=8)
def sha256_of(path: Path, _size: int, _modified: int) -> str:
    """Return the digest of a file, which is read once as long as its size and its date stay.

    Raises:
        OSError: it can't be read.
    """
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
