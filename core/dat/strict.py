"""The strict reader of the project's own dumps (see `core.dat.format`): names, order, shapes and counts are right."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, cast

from core.dat.format import DECIMALS, FORMAT, TOML_MARK, DataFile, Dump
from core.errors import DumpError, MlpError
from core.experiment_file import parse
from core.functions.later import np
from core.tensors import Quantity, TensorName, parse_tensor_name, tensor_names

if TYPE_CHECKING:
    from pathlib import Path

    from core.arrays import FloatArray
    from core.experiment import Experiment, Precision


def read(path: Path) -> Dump:
    """Read a dump strictly: names, order, shapes and counts; any white space, any number that `float` takes.

    Raises:
        DumpError: it can't be read, or is no dump of this format; names the file, the line and what was expected.
    """
    return _Reader(_text(path), str(path)).dump()


def read_several(path: Path) -> list[Dump]:
    """Read a file of one dump or more, one after another, as strictly.

    Raises:
        DumpError: see `read`.
    """
    lines = _text(path).split("\n")
    begins = [at for at, line in enumerate(lines) if line.strip() == f"# {FORMAT}"] or [0]
    ends = [*begins[1:], len(lines)]
    parts = zip([0, *begins[1:]], ends, strict=True)
    return [_Reader("\n".join(lines[begin:end]), str(path), begin).dump() for begin, end in parts]


def _text(path: Path) -> str:
    try:
        if path.exists() and not path.is_file():
            raise DumpError("is no regular file", str(path), f"# {FORMAT}")
        return path.read_text("utf-8")
    except UnicodeDecodeError:
        raise DumpError("is not UTF-8 text", str(path), f"# {FORMAT}") from None
    except OSError as error:
        raise DumpError(f"can't be read ({error.strerror or error})", str(path)) from None


class _Reader:
    """Reads one dump, line by line."""

    def __init__(self, text: str, where: str, lines_before: int = 0) -> None:
        self._lines = text.split("\n")
        self._where = where
        self._lines_before = lines_before
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
            data=self._data_file() if self._peek().startswith("# data ") else None,
            settings=self._settings(network) if self._peek().startswith(TOML_MARK) else None,
            tensors=self._tensors(dtype, _widths(network)),
        )

    def _data_file(self) -> DataFile:
        value = self._head_value("data")
        found = re.fullmatch(r"([0-9a-f]{64}) (.+)", value)
        if not found:
            raise self._error(f"data {value[:60]!r}", "a sha256 and a file's name")
        return DataFile(found[2], found[1])

    def _settings(self, network: str) -> Experiment:
        """Read the experiment, which is of the network that the head names."""
        lines = []
        while self._peek().startswith(TOML_MARK):
            lines.append(self._next_line().removeprefix(TOML_MARK))
        try:
            settings = parse("\n".join(lines), "experiment")
        except MlpError as error:
            raise self._error(f"the experiment can't be read ({error})") from None
        if settings.network() != network:
            raise self._error(f"the experiment is of a network {settings.network()}", network)
        return settings

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
        if value not in DECIMALS:
            raise self._error(f"dtype {value[:60]!r}", " or ".join(DECIMALS))
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
        return DumpError(what, f"{self._where}, line {self._lines_before + max(self._at, 1)}", expected)


def _widths(network: str) -> tuple[int, ...]:
    return tuple(int(width) for width in network.split(maxsplit=1)[0].split("-"))


def _expected_shape(name: TensorName, layers: tuple[int, ...], samples: int) -> tuple[int, ...]:
    """Return the shape that a tensor has; 0 samples stand for any number of them."""
    if name.part == "W":
        return (layers[name.layer], layers[name.layer - 1])
    if name.part == "b":
        return (layers[name.layer],)
    return (samples, layers[name.layer])
