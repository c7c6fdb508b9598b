"""The project's own dump format: its writer, and a strict reader.

A head of comment lines, then one block a tensor, two blank lines between them. A block is `# name`, `# shape …` and the
numbers: a matrix a row a line, a vector a number a line, with as many significant digits as give back the exact bits.
So `np.loadtxt` reads a block (with `skiprows`, `max_rows`), and gnuplot finds one by its name (`index "dL/dW1"`).
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, cast

from core.errors import DumpError
from core.files import write_whole
from core.functions.later import np
from core.functions.losses import LOSSES
from core.tensors import Quantity, TensorName, parse_tensor_name, tensor_names

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping
    from pathlib import Path

    from core.arrays import FloatArray
    from core.experiment import Experiment, Precision
    from core.frame import EngineFrame

FORMAT = "mlp-tui dump 1"
"""The first line of a dump, after `# `."""

HEAD = ("engine", "experiment", "network", "loss", "dtype", "epoch", "loss-value", "start")
"""The head's keys, in their order; `batch` may stand behind `loss-value`."""

_DECIMALS = {"float64": 16, "float32": 8}
"""Digits after the point: with the one before it, 17 and 9 significant ones, which give back the exact bits."""


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
    """The sha256 of the flat initial parameters as drawn (see `core.parameters.start_digest`): tells runs apart."""
    tensors: Mapping[str, FloatArray]
    """By name, in the file's order: W (outputs, inputs), b (outputs,), everything else (N, width)."""
    batch: str | None = None
    """Which batch the tensors are of, where an epoch has several."""


def dump_of(
    frame: EngineFrame, epoch: int, experiment: Experiment, quantities: Iterable[Quantity] = (Quantity.GRADIENT,)
) -> Dump:
    """Make the dump of one engine's epoch: the gradients first, then whatever else is asked for.

    Raises:
        DumpError: nothing has been computed at that epoch.
    """
    if frame.computed is None or frame.loss is None:
        raise DumpError(f"epoch {epoch} of {frame.name} has no gradients", expected="an epoch that has been trained")
    settings = experiment.at(epoch)
    asked = set(quantities)
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


def read(path: Path) -> Dump:
    """Read a dump strictly: names, order, shapes and counts; any white space, any number that `float` takes.

    Raises:
        DumpError: it can't be read, or is no dump of this format; names the file, the line and what was expected.
    """
    try:
        if path.exists() and not path.is_file():
            raise DumpError("is no regular file", str(path), f"# {FORMAT}")
        text = path.read_text("utf-8")
    except UnicodeDecodeError:
        raise DumpError("is not UTF-8 text", str(path), f"# {FORMAT}") from None
    except OSError as error:
        raise DumpError(f"can't be read ({error.strerror or error})", str(path)) from None
    return _Reader(text, str(path)).dump()


def _head(dump: Dump) -> Iterator[str]:
    yield f"# {FORMAT}"
    values = (dump.engine, dump.experiment, dump.network, dump.loss, dump.dtype, str(dump.epoch))
    for key, value in zip(HEAD, values, strict=False):
        yield _head_line(key, value)
    yield _head_line("loss-value", _number(dump.loss_value, "float64").strip())
    if dump.batch is not None:
        yield _head_line("batch", dump.batch)
    yield _head_line("start", dump.start)


def _head_line(key: str, value: str) -> str:
    return f"# {key:<11} {' '.join(value.split())}"


def _block(name: str, values: FloatArray) -> str:
    precision = str(values.dtype)
    rows = values.reshape(values.shape[0], -1).tolist()
    lines = (" ".join(_number(value, precision) for value in row) for row in rows)
    return "\n".join([f"# {name}", f"# shape {' '.join(map(str, values.shape))}", *lines])


def _number(value: float, precision: str) -> str:
    decimals = _DECIMALS[precision]
    return f"{value: .{decimals}e}".rjust(decimals + 7)


class _Reader:
    """Reads one dump, line by line."""

    def __init__(self, text: str, where: str) -> None:
        self._lines = text.split("\n")
        self._where = where
        self._at = 0
        self._samples = 0
        """How many samples the first tensor of units has, and so each of them; 0 before it has been read."""

    def dump(self) -> Dump:
        if self._next_line() != f"# {FORMAT}":
            raise self._error("is no dump of mlp-tui", f"# {FORMAT}")
        return Dump(  # in the order of the file: each value is checked at its own line
            engine=self._head_value("engine"),
            experiment=self._head_value("experiment"),
            network=(network := self._network()),
            loss=self._head_value("loss"),
            dtype=(dtype := self._dtype()),
            epoch=self._whole(self._head_value("epoch"), "epoch"),
            loss_value=self._float(self._head_value("loss-value")),
            batch=self._head_value("batch") if self._peek().startswith("# batch ") else None,
            start=self._head_value("start"),
            tensors=self._tensors(dtype, _widths(network)),
        )

    def _tensors(self, dtype: str, layers: tuple[int, ...]) -> dict[str, FloatArray]:
        """Read all blocks; the tensors of a quantity stand together, in order, and none is missing."""
        tensors: dict[str, FloatArray] = {}
        awaited: list[str] = []
        done: set[Quantity] = set()
        while self._skip_blank():
            name = self._name()
            if not awaited:
                if name.quantity in done:
                    raise self._error(f"{name} stands here again", "a tensor that has not been read")
                done.add(name.quantity)
                awaited = [str(each) for each in tensor_names(name.quantity, len(layers) - 1)]
            expected = awaited.pop(0)
            if str(name) != expected:
                raise self._error(f"{name} is out of order", expected)
            tensors[str(name)] = self._block(name, dtype, layers)
        if awaited or not tensors:
            raise self._error("the file ends too early", awaited[0] if awaited else "a tensor")
        return tensors

    def _name(self) -> TensorName:
        line = self._next_line()
        try:
            return parse_tensor_name(line.removeprefix("#").strip() if line.startswith("#") else "")
        except ValueError:
            raise self._error(f"{line[:60]!r} stands here", "a tensor's name, such as # dL/dW1") from None

    def _block(self, name: TensorName, dtype: str, layers: tuple[int, ...]) -> FloatArray:
        line = self._next_line()
        if not re.fullmatch(r"#\s+shape(\s+[1-9]\d{0,8}){1,2}\s*", line):
            raise self._error(f"{line[:60]!r} stands here", "# shape and one or two numbers")
        shape = tuple(int(size) for size in line.split()[2:])
        wanted = _expected_shape(name, layers, self._samples)
        if len(shape) != len(wanted) or any(w not in (got, 0) for got, w in zip(shape, wanted, strict=True)):
            raise self._error(
                f"{name} has shape {' × '.join(map(str, shape))}",
                " × ".join(str(size) if size else "samples" for size in wanted),
            )
        if not name.part:
            self._samples = shape[0]
        width = shape[1] if len(shape) == 2 else 1
        rows = [self._row(width) for _ in range(shape[0])]
        with np.errstate(over="ignore"):
            values: FloatArray = np.array(rows, np.float64).astype(dtype).reshape(shape)
        return values

    def _row(self, width: int) -> list[float]:
        line = self._next_line()
        if line.startswith("#"):
            raise self._error("the block ends too early", f"a row of {width}")
        numbers = [self._float(word) for word in line.split()]
        if len(numbers) != width:
            raise self._error(f"a row of {len(numbers)}", f"{width} numbers")
        return numbers

    def _head_value(self, key: str) -> str:
        words = self._next_line().split(None, 2)
        if words[:2] != ["#", key] or len(words) < 3:
            raise self._error(f"{' '.join(words)[:60]!r} stands here", f"# {key} and its value")
        return words[2].strip()

    def _network(self) -> str:
        network = self._head_value("network")
        if not re.fullmatch(r"[1-9]\d{0,8}(-[1-9]\d{0,8})+( .*)?", network):
            raise self._error(f"network {network[:60]!r}", "widths such as 2-10-10-1, then activations")
        return network

    def _dtype(self) -> Precision:
        value = self._head_value("dtype")
        if value not in _DECIMALS:
            raise self._error(f"dtype {value[:60]!r}", " or ".join(_DECIMALS))
        return cast("Precision", value)

    def _whole(self, value: str, key: str) -> int:
        if not re.fullmatch(r"\d{1,18}", value):
            raise self._error(f"{key} {value[:60]!r}", "a whole number")
        return int(value)

    def _float(self, word: str) -> float:
        try:
            return float(word)
        except ValueError:
            raise self._error(f"{word[:60]!r} stands here", "a number") from None

    def _skip_blank(self) -> bool:
        while self._at < len(self._lines) and not self._lines[self._at].strip():
            self._at += 1
        return self._at < len(self._lines)

    def _peek(self) -> str:
        return self._lines[self._at].strip() if self._at < len(self._lines) else ""

    def _next_line(self) -> str:
        line = self._peek()
        self._at += 1
        return line

    def _error(self, what: str, expected: str | None = None) -> DumpError:
        return DumpError(what, f"{self._where}, line {max(self._at, 1)}", expected)


def _widths(network: str) -> tuple[int, ...]:
    return tuple(int(width) for width in network.split(maxsplit=1)[0].split("-"))


def _expected_shape(name: TensorName, layers: tuple[int, ...], samples: int) -> tuple[int, ...]:
    """Return the shape that a tensor has; 0 samples stand for any number of them."""
    if name.part == "W":
        return (layers[name.layer], layers[name.layer - 1])
    if name.part == "b":
        return (layers[name.layer],)
    return (samples, layers[name.layer])
